"""What a checklist is judged by: plain data, read at one moment. What is None was not read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.health.kpis import KpiResult
from pake_pipelines.model.episode import Episode
from pake_pipelines.model.health import Uptime
from pake_pipelines.model.incident import Incident
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.store.checklist_ticks import Tick

RHYTHMS: Final[Mapping[str, timedelta]] = {
    "often": timedelta(hours=26),
    "daily": timedelta(hours=26),
    "weekly": timedelta(days=8),
    "monthly": timedelta(days=32),
    "yearly": timedelta(days=367),
}
"""How long ago something may have been done that is done so often: its interval, and a little for the work itself."""


@dataclass(frozen=True, slots=True)
class LogErrors:
    """Lines of level error of the last day; `more` says whether they are more than usual, None if that is not known.

    `whole` tells whether lines of the whole day were read.
    """

    lines: int
    more: bool | None
    says: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything. `uptimes` and `log` are of the last day, `incidents` those opened within the month or still open.

    `evaluated_at` is when the alert rules were judged last, `reports` when each report was made last, `security_rules`
    the alert rules on security, `security_alerts` those of them that fire, `rhythms` the rhythm of every task of
    maintenance that is switched on.
    """

    situation: Situation
    kpis: Sequence[KpiResult] | None = None
    uptimes: Mapping[str, Uptime] | None = None
    log: LogErrors | None = None
    evaluated_at: datetime | None = None
    incidents: Sequence[Incident] | None = None
    reports: Mapping[str, datetime] = field(default_factory=dict)
    security_rules: frozenset[str] = frozenset()
    security_alerts: Sequence[Episode] | None = None
    rhythms: Mapping[str, str] = field(default_factory=dict)
    ticks: Mapping[str, Tick] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment of all of it."""
        return self.situation.now
