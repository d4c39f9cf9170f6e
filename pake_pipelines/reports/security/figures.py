"""The figures of the security report, and what they mean; what nobody has looked at is never clean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from pake_pipelines.config.alerting import Rule
from pake_pipelines.health.catalogue import FAMILIES
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.incident import IncidentSeverity
from pake_pipelines.reports.document import Recommendation, Tag, Tone
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines.store.security_statistics import RefusalDay, RefusedSource, SecurityAlert, SecurityIncident

WINDOW: Final = timedelta(days=7)
RUNBOOK: Final = "security-incident"
AUDIT: Final = "configuration_audit"
SCAN: Final = "dependency_scan"
UPDATES: Final = "system_updates"
# these tasks have a turn a week; what is older than a week and a day has missed one
STALE: Final = timedelta(days=8)

_METRICS: Final = frozenset({*FAMILIES["security"], "project_vulnerabilities"})
_LOOKED: Final = frozenset({"done", "failed"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Looked:
    """What a task that looks for faults last came to: its newest run, and the newest that could look at all."""

    task: str
    newest: TaskRun | None
    told: TaskRun | None

    def details(self) -> Mapping[str, Any]:
        """Return what it found when it last could look."""
        return self.told.details if self.told else {}

    def rows(self, key: str) -> list[Mapping[str, Any]]:
        """Return a list of its details, as far as it is one of mappings."""
        found = self.details().get(key)
        return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []

    def number(self, key: str) -> int | None:
        """Return a count of its details, None where it has none."""
        found = self.details().get(key)
        return found if isinstance(found, int) and not isinstance(found, bool) else None


@dataclass(frozen=True, slots=True)
class Security:
    """Everything the security report says, on the 7 days up to `made_at`.

    `refusals` and `spam` are of the 14 days up to then. `target` is where backups go, None for the data directory.
    """

    made_at: datetime
    refusals: Sequence[RefusalDay]
    sources: Sequence[RefusedSource]
    spam: Mapping[date, int]
    alerts: Sequence[SecurityAlert]
    incidents: Sequence[SecurityIncident]
    audit: Looked
    scan: Looked
    updates: Looked
    backups: Sequence[BackupRow]
    target: str | None
    host: str
    port: int
    recommendations: Sequence[Recommendation]

    @property
    def since(self) -> datetime:
        """Where the window begins."""
        return self.made_at - WINDOW

    @property
    def open_incidents(self) -> list[SecurityIncident]:
        """Incidents that are not over."""
        return [one for one in self.incidents if one.resolved_at is None]

    @property
    def on_loopback(self) -> bool:
        """Whether Dagster's pages are only reached from this machine."""
        return self.host in _LOOPBACK

    def failed_logins(self) -> int:
        """Return the visits that were refused for their credentials."""
        return sum(one.failed_logins for one in self.sources)

    def refused_addresses(self) -> int:
        """Return the addresses that were not asked."""
        return sum(one.refused_addresses for one in self.sources)

    def events(self) -> int:
        """Return everything that happened in the window: refusals, alerts that fired, incidents that were opened."""
        return self.failed_logins() + self.refused_addresses() + len(self._fired()) + len(self._opened())

    def critical_events(self) -> int:
        """Return the alerts and incidents of these that are critical."""
        return sum(one.severity is Severity.CRITICAL for one in self._fired()) + sum(
            one.severity is IncidentSeverity.CRITICAL for one in self._opened()
        )

    def _fired(self) -> list[SecurityAlert]:
        return [one for one in self.alerts if one.fired_at >= self.since]

    def _opened(self) -> list[SecurityIncident]:
        return [one for one in self.incidents if one.opened_at >= self.since]


def security_rules(rules: Mapping[str, Rule]) -> frozenset[str]:
    """Return the alert rules that are about security: by what they measure, or by their runbook."""
    return frozenset(name for name, rule in rules.items() if rule.metric in _METRICS or rule.runbook == RUNBOOK)


def looked(task: str, history: Iterable[TaskRun]) -> Looked:
    """Return what `task` last came to; `history` has its runs, the newest first."""
    runs = [one for one in history if not one.dry_run and one.state != "running"]
    return Looked(task, next(iter(runs), None), next((one for one in runs if one.state in _LOOKED), None))


def standing(one: Looked, faults: int | None, now: datetime) -> tuple[Tag, str]:
    """Return how a look for faults stands, and why; `faults` is how many it found when it could look.

    A look that could not be made, was never made or is older than a week and a day says nothing of now.
    """
    if one.newest is None:
        return Tag("never looked", Tone.UNKNOWN), "it has not run yet"
    if one.told is None:
        return Tag("unavailable", Tone.UNKNOWN), f"{one.newest.summary}; it could never look so far"
    age = now - one.told.started_at
    if faults is None:
        return Tag("unknown", Tone.UNKNOWN), one.told.summary
    if one.newest.run_no != one.told.run_no:
        said = f"{one.newest.summary}; it could look {_days(age)} ago last"
        return Tag(one.newest.state, Tone.BAD if faults else Tone.UNKNOWN), f"{said}: {one.told.summary}"
    if age > STALE:
        tone = Tone.BAD if faults else Tone.UNKNOWN
        return Tag("too old", tone), f"{_days(age)} old: {one.told.summary}"
    return (Tag(f"{faults} found", Tone.BAD) if faults else Tag("clean", Tone.GOOD)), one.told.summary


def _days(age: timedelta) -> str:
    days = age / timedelta(days=1)
    return f"{days:.0f} days" if days >= 2 else f"{age / timedelta(hours=1):.0f} hours"


def security_updates(one: Looked) -> int | None:
    """Return how many updates for security are pending, None where no package manager told them apart."""
    numbers = [manager.get("security") for manager in one.rows("managers")]
    known = [number for number in numbers if isinstance(number, int)]
    return sum(known) if numbers and len(known) == len(numbers) else None


def tone(security: Security) -> Tone:
    """Return how all of it stands."""
    now = security.made_at
    tones = [
        standing(security.audit, security.audit.number("errors"), now)[0].tone,
        standing(security.scan, security.scan.number("total_vulnerabilities"), now)[0].tone,
    ]
    firing = any(one.resolved_at is None for one in security.alerts)
    if security.open_incidents or firing or Tone.BAD in tones or not security.on_loopback:
        return Tone.BAD
    if security.failed_logins():
        return Tone.WARN
    return Tone.UNKNOWN if Tone.UNKNOWN in tones else Tone.GOOD


def lead(security: Security) -> str:
    """Return the one sentence of the report: what is open, what was found, what nobody knows."""
    found = [
        _counted(len(security.open_incidents), "incident is open", "incidents are open"),
        _counted(security.scan.number("total_vulnerabilities") or 0, "known vulnerability", "known vulnerabilities"),
        _counted(security.audit.number("errors") or 0, "fault in the configuration", "faults in the configuration"),
        _counted(security.failed_logins(), "refused login", "refused logins"),
        _counted(security.refused_addresses(), "refused address", "refused addresses"),
    ]
    said = ", ".join(one for one in found if one)
    looks = (
        ("dependencies", security.scan, security.scan.number("total_vulnerabilities")),
        ("the configuration", security.audit, security.audit.number("errors")),
    )
    silent = [name for name, one, faults in looks if standing(one, faults, security.made_at)[0].tone is Tone.UNKNOWN]
    unknown = f"whether {' and '.join(silent)} {'are' if silent != ['the configuration'] else 'is'} clean is not known"
    if said:
        return f"{said}; {unknown}." if silent else f"{said}."
    return f"Nothing was refused and no incident is open; {unknown}." if silent else "Nothing was found in 7 days."


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}" if number else ""
