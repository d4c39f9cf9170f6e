"""The ingestion report: what a run brought, how the last 24 hours went, who is not asked and who comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pake_pipelines.store.statistics import Statistics
from pake_pipelines.store.visits import Hour, RunVisit


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a run did: its visits, and the sources that it passed over with the reason; no `run_id` before the first."""

    run_id: str
    visits: tuple[RunVisit, ...]
    skipped: Mapping[str, str]

    @property
    def processed(self) -> int:
        """How many items were stored, new or in a new version."""
        return sum(visit.new + visit.updated for visit in self.visits)

    @property
    def failed(self) -> tuple[RunVisit, ...]:
        """The visits that failed."""
        return tuple(visit for visit in self.visits if visit.outcome == "failed")


@dataclass(frozen=True, slots=True)
class Stopped:
    """A source that is not asked at present: it rests, waits or has ended."""

    source: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Due:
    """When a source is next asked by a schedule, and why then."""

    source: str
    at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class IngestionReport:
    """Everything the report says; `hours` are those of the window, oldest first."""

    made_at: datetime
    run: Ingested
    window: Statistics
    hours: tuple[Hour, ...]
    stopped: tuple[Stopped, ...]
    due: tuple[Due, ...]


def stopped_sources(standings: Sequence[Mapping[str, Any]], now: datetime) -> tuple[Stopped, ...]:
    """Return the enabled sources that are not asked at `now`; `standings` are rows of `store.runs.latest_visits`."""
    found = (_stopped(row, now) for row in standings if row["enabled"])
    return tuple(one for one in found if one)


def _stopped(row: Mapping[str, Any], now: datetime) -> Stopped | None:
    if row["ended_because"]:
        return Stopped(row["source"], "ended", row["ended_because"])
    if row["resting_until"] and row["resting_until"] > now:
        failures = f"{row['consecutive_failures']} failures in a row, the last: {row['last_error']}"
        return Stopped(row["source"], "resting", f"until {_shown(row['resting_until'])} after {failures}")
    if row["wait_until"] and row["wait_until"] > now:
        return Stopped(row["source"], "waiting", f"until {_shown(row['wait_until'])}, because the server asks for it")
    return None


def next_due(standings: Sequence[Mapping[str, Any]]) -> tuple[Due, ...]:
    """Return when the enabled sources that have a rhythm are next asked, soonest first.

    A source that rests or waits is asked no sooner than that ends.
    """
    asked = [row for row in standings if row["enabled"] and not row["ended_because"] and row["due_at"]]
    found = [Due(row["source"], *_due(row)) for row in asked]
    return tuple(sorted(found, key=lambda due: (due.at, due.source)))


def _due(row: Mapping[str, Any]) -> tuple[datetime, str]:
    reasons = [
        (row["due_at"], row["due_because"]),
        (row["wait_until"], "the server asks to wait until then"),
        (row["resting_until"], "it rests until then"),
    ]
    return max(((at, why) for at, why in reasons if at), key=lambda reason: reason[0])


def _shown(moment: datetime) -> str:
    return f"{moment:%d %b %H:%M} UTC"
