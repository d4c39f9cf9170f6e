"""When the page is to be written anew: it is old, or what it says is not so any more."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.reports.monitoring.figures import standing
from pake_pipelines.store import health_samples
from pake_pipelines.store.database import Connection
from pake_pipelines.store.health_samples import LONGEST_GAP
from pake_pipelines.store.standing_marks import standing_marks

# a tick comes a little sooner or later than half a minute after the last
_SLACK: Final = timedelta(seconds=10)
REPORTED_EVERY: Final = timedelta(minutes=30)
"""How often Dagster is told of a page on which everything stands as before."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a sensor remembers of the page: when it was written and of what, when Dagster was told and of which word."""

    written_at: datetime | None = None
    marks: str = ""
    reported_at: datetime | None = None
    word: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> "Told":
        """Read a cursor; one that cannot be read (of another version) is none."""
        try:
            kept = json.loads(cursor or "{}")
            written, reported = (datetime.fromisoformat(kept[name]) for name in ("written_at", "reported_at"))
            return cls(written, str(kept["marks"]), reported, str(kept["word"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    @property
    def cursor(self) -> str:
        """What to keep of this."""
        return json.dumps(asdict(self), default=lambda at: at.isoformat())

    def is_due(self, marks: str, now: datetime, every: timedelta) -> bool:
        """Tell whether to write; a moment to come was noted by a clock that has been set back since."""
        return self.marks != marks or not _within(self.written_at, now, every)

    def is_report_due(self, word: str, now: datetime) -> bool:
        """Tell whether Dagster is to be told: how everything stands has changed, or the last time is long ago."""
        return self.word != word or not _within(self.reported_at, now, REPORTED_EVERY)


def _within(before: datetime | None, now: datetime, span: timedelta) -> bool:
    return before is not None and timedelta() <= now - before < span - _SLACK


async def marks_of(connection: Connection, config: MonitoringConfig, now: datetime) -> str:
    """Return a digest of what the page must not be late with: how services stand, and what `standing_marks` has."""
    latest = await health_samples.latest(connection, now)
    statuses = [
        f"{name} {standing(name, service, latest.get(name), now, LONGEST_GAP).status.value}"
        for name, service in config.enabled_services().items()
    ]
    said = [await standing_marks(connection), *statuses]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
