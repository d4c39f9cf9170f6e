"""What was reported to Dagster last, kept in the sensor's cursor: what has changed since is reported at once.

The cursor is saved by Dagster with the tick, so that it holds what was really reported, and it does not need the
knowledge database, whose absence must be reported, too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import dagster as dg


@dataclass(frozen=True, slots=True)
class Reported:
    """When something was reported, and how each check stood then: passed, or how grave its failure was."""

    at: datetime | None = None
    checks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> "Reported":
        """Read a cursor; one that cannot be read (of another version) is none."""
        try:
            kept = json.loads(cursor or "{}")
            return cls(datetime.fromisoformat(kept["at"]), dict(kept["checks"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    @classmethod
    def now(cls, checks: Sequence[dg.AssetCheckResult], now: datetime) -> "Reported":
        """Return what has been reported once `checks` are."""
        return cls(now, {check.check_name or "": _standing(check) for check in checks})

    @property
    def cursor(self) -> str:
        """What to keep of this."""
        return json.dumps({"at": self.at.isoformat() if self.at else None, "checks": dict(self.checks)})

    def is_due(self, checks: Sequence[dg.AssetCheckResult], now: datetime, minutes: float) -> bool:
        """Tell whether to report: the last time is long ago, or a check stands otherwise than it did then.

        A moment to come was noted by a clock that has been set back since.
        """
        # a tick comes a little sooner or later than half a minute after the last
        if self.at is None or not timedelta() <= now - self.at < timedelta(minutes=minutes, seconds=-10):
            return True
        return Reported.now(checks, now).checks != self.checks


def _standing(check: dg.AssetCheckResult) -> str:
    return "passed" if check.passed else check.severity.value
