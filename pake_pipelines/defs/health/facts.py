"""What Dagster's instance knows of itself, read through its storage interfaces and never by SQL on its tables.

Read every 30 seconds for as long as the stack is up, so an idle reading must be cheap: heartbeats, ticks and the number
of the last event, four statements. Runs, checks, the queue and partitions cannot change without an event, so they are
read again when there was one. Pools are read every five minutes: a slot that leaks leaves no event.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import dagster as dg

from pake_pipelines.defs.health.facts_of_assets import checks, failed_partitions, freshness
from pake_pipelines.defs.health.facts_of_runs import last_day, latest_runs, pools, queue, totals
from pake_pipelines.defs.health.facts_of_ticks import instigators, schedules, ticks
from pake_pipelines.defs.health.place import Place
from pake_pipelines.model.dagster_facts import HEARTBEAT_TOLERANCE, DaemonFact, DagsterFacts

_HEAVY_EVERY: Final = timedelta(minutes=5)

Value = TypeVar("Value")


class FactsReader:
    """Reads facts time after time, and remembers what cannot have changed since the last."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._kept: DagsterFacts | None = None
        self._last_event: int | None = None
        self._heavy_at: datetime | None = None
        self._lock = threading.Lock()

    def read(self, place: Place, now: datetime) -> DagsterFacts:
        """Return the facts at `now`. What cannot be read is None and has an entry in `errors`; nothing is raised."""
        with self._lock:
            return self._read(place, now)

    def _read(self, place: Place, now: datetime) -> DagsterFacts:
        errors: dict[str, str] = {}

        def attempt(part: str, reading: Callable[[], Value]) -> Value | None:
            try:
                return reading()
            # whatever breaks in one part (storage, a changed interface) must be told and must not hide the others
            except Exception as error:  # noqa: BLE001
                errors[part] = f"{type(error).__name__}: {error}"[:500]
                return None

        light: dict[str, Any] = {"daemons": attempt("daemons", lambda: daemons(place.instance, now))}
        if (seen := attempt("ticks", lambda: instigators(place))) is not None:
            light["ticks"] = attempt("ticks", lambda: ticks(seen, now))
            light["schedules"] = attempt("schedules", lambda: schedules(seen, place))
        last_event = attempt("events", place.instance.event_log_storage.get_maximum_record_id)
        heavy_due = self._heavy_at is None or not timedelta() <= now - self._heavy_at < _HEAVY_EVERY
        kept = self._kept
        if kept is None or "events" in errors or last_event != self._last_event:
            kept = DagsterFacts(now, **_eventful(place, now, attempt))
        elif heavy_due:
            # a run leaves the last day without an event
            kept = replace(kept, runs_of_last_day=attempt("runs_of_last_day", lambda: last_day(place.instance, now)))
        if heavy_due or kept is not self._kept:
            kept = replace(kept, pools=attempt("pools", lambda: pools(place.instance, now)))
        if errors.keys() <= {"daemons", "ticks", "schedules"}:
            self._kept, self._last_event = kept, last_event
            self._heavy_at = now if heavy_due else self._heavy_at
        else:
            self._kept = self._heavy_at = None
        return replace(kept, at=now, code_location_loaded=True, errors=errors, **light)


def _eventful(place: Place, now: datetime, attempt: Callable[[str, Callable[[], Any]], Any]) -> Mapping[str, Any]:
    """Return the parts that only change with an event."""
    instance, graph = place.instance, place.repository.asset_graph
    readings: dict[str, Callable[[], Any]] = {
        "queue": lambda: queue(instance),
        "runs": lambda: latest_runs(instance, place.repository.job_names),
        "runs_of_last_day": lambda: last_day(instance, now),
        "run_totals": lambda: totals(instance),
        "checks": lambda: checks(instance, graph),
        "partitions": lambda: failed_partitions(instance, graph),
        "freshness": lambda: freshness(instance, graph),
    }
    return {part: attempt(part, reading) for part, reading in readings.items()}


def daemons(instance: dg.DagsterInstance, now: datetime) -> tuple[DaemonFact, ...]:
    """Return the daemons that this instance needs: one statement."""
    return tuple(
        DaemonFact(
            kind=kind,
            required=status.required,
            healthy=_beats(status.last_heartbeat, now) if status.required else None,
            last_heartbeat=_moment(status.last_heartbeat),
            errors=tuple(one.message.strip() for one in (status.last_heartbeat.errors or ()))
            if status.last_heartbeat
            else (),
        )
        for kind, status in instance.get_daemon_statuses().items()
    )


def _beats(heartbeat: Any, now: datetime) -> bool:
    last = _moment(heartbeat)
    return last is not None and now - last <= HEARTBEAT_TOLERANCE


def _moment(heartbeat: Any) -> datetime | None:
    return datetime.fromtimestamp(heartbeat.timestamp, UTC) if heartbeat else None
