"""The figures of the security report, and what they mean; what nobody has looked at is never clean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from pake_pipelines.config.alerting import Rule
from pake_pipelines.health.catalogue import FAMILIES
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.episode import Episode
from pake_pipelines.model.incident import Incident, IncidentSeverity
from pake_pipelines.reports.amounts import counted, long
from pake_pipelines.reports.document import Recommendation, Tag, Tone
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines.store.security_statistics import Refusals, RefusedSource

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

    So many `visits` were made to sources in them; `sources` are those to which most was refused. `by_day` and `spam`
    are of the 14 days up to then. `unjudged` says that nobody judges the alert rules, None where they are judged.
    `target` is where backups go, None for the data directory.
    """

    made_at: datetime
    visits: int
    refusals: Refusals
    by_day: Mapping[date, Refusals]
    sources: Sequence[RefusedSource]
    spam: Mapping[date, int]
    alerts: Sequence[Episode]
    incidents: Sequence[Incident]
    unjudged: str | None
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
    def open_incidents(self) -> list[Incident]:
        """Incidents that are not over."""
        return [one for one in self.incidents if not one.is_closed]

    @property
    def firing(self) -> list[Episode]:
        """Alerts that are not over."""
        return [one for one in self.alerts if one.is_open]

    @property
    def on_loopback(self) -> bool:
        """Whether Dagster's pages are only reached from this machine."""
        return self.host in _LOOPBACK

    def events(self) -> int:
        """Return everything that happened in the window: refusals, alerts that fired, incidents that were opened."""
        refused = self.refusals.failed_logins + self.refusals.refused_addresses
        return refused + len(self._fired()) + len(self._opened())

    def critical_events(self) -> int:
        """Return the alerts and incidents of these that are critical."""
        return sum(one.severity is Severity.CRITICAL for one in self._fired()) + sum(
            one.severity is IncidentSeverity.CRITICAL for one in self._opened()
        )

    def _fired(self) -> list[Episode]:
        return [one for one in self.alerts if one.fired_at is not None and one.fired_at >= self.since]

    def _opened(self) -> list[Incident]:
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
        said = f"{one.newest.summary}; when it could last look, {long(age)} ago: {one.told.summary}"
        return Tag(one.newest.state, Tone.BAD if faults else Tone.UNKNOWN), said
    if age > STALE:
        tone = Tone.BAD if faults else Tone.UNKNOWN
        return Tag("too old", tone), f"{long(age)} old: {one.told.summary}"
    return (Tag(f"{faults} found", Tone.BAD) if faults else Tag("clean", Tone.GOOD)), one.told.summary


def security_updates(one: Looked) -> int | None:
    """Return how many updates for security are pending, None where no package manager told them apart."""
    numbers = [manager.get("security") for manager in one.rows("managers")]
    known = [number for number in numbers if isinstance(number, int)]
    return sum(known) if numbers and len(known) == len(numbers) else None


def looks(security: Security) -> list[tuple[str, Looked, int | None]]:
    """Return what is looked through for faults, by what it is called, with how many were found."""
    return [
        ("dependencies", security.scan, security.scan.number("total_vulnerabilities")),
        ("the configuration", security.audit, security.audit.number("errors")),
    ]


def tone(security: Security) -> Tone:
    """Return how all of it stands."""
    tones = [standing(one, faults, security.made_at)[0].tone for _, one, faults in looks(security)]
    if security.open_incidents or security.firing or Tone.BAD in tones or not security.on_loopback:
        return Tone.BAD
    if security.refusals.failed_logins:
        return Tone.WARN
    return Tone.UNKNOWN if Tone.UNKNOWN in tones or security.unjudged else Tone.GOOD


def lead(security: Security) -> str:
    """Return the one sentence of the report: what is open, what was found, what nobody knows."""
    numbers = (
        (len(security.open_incidents), "incident is open", "incidents are open"),
        (len(security.firing), "alert fires", "alerts fire"),
        (security.scan.number("total_vulnerabilities") or 0, "known vulnerability", "known vulnerabilities"),
        (security.audit.number("errors") or 0, "fault in the configuration", "faults in the configuration"),
        (security.refusals.failed_logins, "refused login", "refused logins"),
        (security.refusals.refused_addresses, "refused address", "refused addresses"),
    )
    said = [counted(number, one, several) for number, one, several in numbers if number]
    if not security.on_loopback:
        said.append("Dagster's pages can be reached from other machines")
    unknown = [
        f"whether {name} {'is' if name == 'the configuration' else 'are'} clean"
        for name, one, faults in looks(security)
        if standing(one, faults, security.made_at)[0].tone is Tone.UNKNOWN
    ]
    if security.unjudged:
        unknown.append("whether an alert should fire")
    known = ", ".join(said) or (
        "Nothing was refused and no incident is open" if unknown else "Nothing was found in 7 days"
    )
    return f"{known}; not known: {', '.join(unknown)}." if unknown else f"{known}."
