"""An outage from beginning to end: a real service is killed; who noticed, who was told, who healed it, and when.

Everything is real and of a scratch project: PostgreSQL, Dagster with its daemon, the service, a receiver of webhooks.
Takes about three minutes; ends with 1 when any part of the story is missing.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.scratch import scratch_home
from demos.receiver import Receiver
from pake_pipelines.cli.dagster_api import DagsterApi
from pake_pipelines.cli.stack import Stack, free_port
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.services import control
from pake_pipelines.services.mechanics import Mechanics
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store import service_processes
from pake_pipelines.store.database import Database, addresses, open_database

_SERVICE: Final = "shop"
_PATIENCE: Final = 240.0
_SOURCES: Final = "sources: {}\nschedules: {}\n"
# told at once and good at once: in real life both wait a little, in case it was nothing
_MONITORING: Final = """
services:
  shop:
    kind: http
    title: A small shop
    url: http://127.0.0.1:{port}/health
    critical: true
    start: ["{python}", "-m", "demos.shop", "{port}"]
    working_directory: "{home}"
alerting:
  grouping: {{wait_seconds: 0, interval_seconds: 1}}
  channels:
    hook: {{kind: webhook, url: "{hook}", allow_private: true}}
  routes:
    - {{channels: [log, hook]}}
  rules:
    service-down: {{after: 1, for_seconds: 0, keep_firing_seconds: 0}}
"""

out = Console(width=120)


@dataclass(frozen=True)
class Told:
    """A line of the timeline."""

    what: str
    at: datetime | None
    how: str


def main() -> int:
    """Run the demonstration and return its exit code."""
    for name in [name for name in os.environ if name.startswith(("PAKE_", "DAGSTER_", "EMAIL_", "SLACK_"))]:
        del os.environ[name]
    with scratch_home(_SOURCES) as settings, Receiver() as receiver:
        port = free_port("127.0.0.1")
        (settings.configs / "monitoring.yaml").write_text(
            _MONITORING.format(port=port, python=sys.executable, home=PACKAGE_HOME, hook=receiver.address)
        )
        with _up(settings) as api:
            lines = asyncio.run(_story(settings, api, receiver))
    _print(lines)
    missing = [line.what for line in lines if line.at is None]
    out.print(f"[red]missing: {', '.join(missing)}[/]" if missing else "[green]the whole story is there[/]")
    return 1 if missing else 0


@contextmanager
def _up(settings: Settings) -> Iterator[DagsterApi]:
    stack = Stack(settings, free_port(settings.host))
    try:
        stack.start(lambda step: out.print(f"  {step}"))
        out.print(f"  Dagster is up: {stack.api.address}")
        yield stack.api
    finally:
        out.print("  stopping everything")
        stack.stop()


async def _story(settings: Settings, api: DagsterApi, receiver: Receiver) -> list[Told]:
    config = load_monitoring(settings.configs)
    async with open_database(addresses(settings).knowledge) as database:
        mechanics = Mechanics(database, config, settings)
        try:
            await control.start(mechanics, _SERVICE, actor="demo")
            out.print("  the service is up; waiting until the sensor has seen it")
            if not await _until(lambda: _status_since(database, datetime.min.replace(tzinfo=UTC), "healthy")):
                return [Told("seen", None, "the sensor never saw the service")]
            killed_at = await _kill(database)
            return await _timeline(database, api, receiver, killed_at)
        finally:
            await control.stop(mechanics, _SERVICE, actor="demo")


async def _kill(database: Database) -> datetime:
    async with database.connection() as connection:
        process = (await service_processes.processes(connection))[_SERVICE]
    killed_at = datetime.now(UTC)
    os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([one for one in psutil.process_iter() if one.pid == process.pid], timeout=5)
    out.print(f"  process {process.pid} killed with SIGKILL; waiting for what follows")
    return killed_at


async def _timeline(database: Database, api: DagsterApi, receiver: Receiver, since: datetime) -> list[Told]:
    detected = await _until(lambda: _status_since(database, since, "unhealthy"))
    alert = await _until(lambda: _alert(database, "fired_at"))
    fire = await _until(lambda: _received(receiver, "fire"))
    restart = await _until(lambda: _restart(database))
    run = await _until(lambda: _run(api, restart["run_id"])) if restart else None
    healthy = await _until(lambda: _status_since(database, restart["ended_at"], "healthy")) if restart else None
    over = await _until(lambda: _alert(database, "resolved_at"))
    resolve = await _until(lambda: _received(receiver, "resolve"))
    return [
        Told("killed", since, "SIGKILL"),
        Told("detected", _at(detected, "at"), f"probe: {detected['detail']}" if detected else ""),
        Told("alerted", _at(alert, "fired_at"), f"{alert['rule']} {alert['alert_id']}" if alert else ""),
        Told("told", fire[0] if fire else None, f"webhook: {fire[1]['title']}" if fire else ""),
        Told(
            "healed", _at(restart, "ended_at"), f"attempt {restart['attempt']}: {restart['detail']}" if restart else ""
        ),
        Told("by a run", _at(restart, "ended_at") if run else None, run or ""),
        Told("seen healthy", _at(healthy, "at"), "probe of the sensor"),
        Told("resolved", _at(over, "resolved_at"), str(over["resolved_because"]) if over else ""),
        Told("told", resolve[0] if resolve else None, f"webhook: {resolve[1]['title']}" if resolve else ""),
        _once(receiver),
    ]


def _at(row: Any, column: str) -> datetime | None:
    return row[column] if row else None


async def _until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _PATIENCE
    while True:
        if (found := await ask()) or time.monotonic() > deadline:
            return found
        await asyncio.sleep(1)


async def _status_since(database: Database, since: datetime, status: str) -> Any:
    statement = "SELECT at, detail FROM health_samples WHERE service = $1 AND at > $2 AND status = $3 ORDER BY at"
    async with database.connection() as connection:
        return await connection.fetchrow(statement, _SERVICE, since, status)


async def _alert(database: Database, moment: str) -> Any:
    statement = f"SELECT * FROM alerts WHERE labels ->> 'service' = $1 AND {moment} IS NOT NULL"  # noqa: S608
    async with database.connection() as connection:
        return await connection.fetchrow(statement, _SERVICE)


async def _restart(database: Database) -> Any:
    statement = "SELECT * FROM service_restarts WHERE service = $1 AND state = 'verified' AND NOT by_hand"
    async with database.connection() as connection:
        return await connection.fetchrow(statement, _SERVICE)


async def _run(api: DagsterApi, run_id: str) -> str | None:
    state = await asyncio.to_thread(api.run, run_id)
    made = [one.asset for one in state.made]
    if state.status != "SUCCESS" or made != ["service_restarts"]:
        return None
    return f"run {run_id} of the job heal, which made {', '.join(made)}"


async def _received(receiver: Receiver, kind: str) -> Any:
    return next(iter(_messages(receiver, kind)), None)


def _messages(receiver: Receiver, kind: str) -> list[tuple[datetime, dict[str, Any]]]:
    return [(at, body) for at, body in list(receiver.got) if (body["kind"], body["service"]) == (kind, _SERVICE)]


def _once(receiver: Receiver) -> Told:
    counts = [len(_messages(receiver, kind)) for kind in ("fire", "resolve")]
    said = f"{counts[0]} fire and {counts[1]} resolve arrived"
    return Told("each once", datetime.now(UTC) if counts == [1, 1] else None, said)


def _print(lines: list[Told]) -> None:
    began = lines[0].at or datetime.now(UTC)
    table = Table("what", "when (UTC)", "after", "how")
    for line in lines:
        when = f"{line.at:%H:%M:%S}" if line.at else "[red]never[/]"
        after = f"{(line.at - began).total_seconds():+.1f} s" if line.at else ""
        table.add_row(line.what, when, after, line.how)
    out.print(table)


if __name__ == "__main__":
    sys.exit(main())
