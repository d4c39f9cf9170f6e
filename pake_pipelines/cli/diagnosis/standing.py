"""The running system's part: database, health, alerts, maintenance, Dagster."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pake_pipelines.cli.dagster_api import DagsterApi
from pake_pipelines.cli.dagster_facts import DOWN, read_facts
from pake_pipelines.cli.stack import running
from pake_pipelines.settings import Settings
from pake_pipelines.store import (
    alert_views,
    backups,
    error_summary,
    health_samples,
    incidents,
    maintenance_runs,
    runs,
)
from pake_pipelines.store.database import Connection, addresses, open_database
from pake_pipelines.store.server_facts import server_facts

SECONDS: Final = 20.0
_WINDOW: Final = timedelta(days=7)
_MOST: Final = 200
_RUNS: Final = """
query Latest {
  runsOrError(limit: 40) { ... on Runs { results { runId jobName status creationTime startTime endTime
    tags { key value } } } }
  failed: runsOrError(limit: 10, filter: {statuses: [FAILURE]}) { ... on Runs { results { runId
    eventConnection(limit: 1000) { events { __typename
      ... on ExecutionStepFailureEvent { stepKey timestamp error { message stack errorChain {
        isExplicitLink error { message stack } } } }
      ... on RunFailureEvent { timestamp error { message stack } } } } } } }
}
"""
_TICKS: Final = """
query Ticks {
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy lastHeartbeatTime
    lastHeartbeatErrors { message } } } concurrencyLimits { concurrencyKey limit claimedSlots { runId } } }
  workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError { __typename
    ... on PythonError { message } } } } }
  repositoriesOrError { ... on RepositoryConnection { nodes { name
    schedules { name cronSchedule scheduleState { status ticks(limit: 3) { timestamp status error { message } } } }
    sensors { name sensorState { status ticks(limit: 3) { timestamp status error { message } } } } } } }
}
"""

Question = Callable[[Connection], Awaitable[Any]]


class DownError(Exception):
    """What was to be asked is not up."""


def database(settings: Settings) -> Mapping[str, Any]:
    """Return what the knowledge database tells of itself. Raises StoreError, TimeoutError."""
    return asyncio.run(server_facts(addresses(settings).knowledge, SECONDS))


def dagster_database(settings: Settings) -> Mapping[str, Any]:
    """Return what Dagster's database tells of itself. Raises StoreError, TimeoutError."""
    return asyncio.run(server_facts(addresses(settings).dagster, SECONDS))


def answers(settings: Settings, question: Question) -> Any:
    """Return what the knowledge database answers. Raises StoreError, TimeoutError."""

    async def ask() -> Any:
        async with (
            asyncio.timeout(SECONDS),
            open_database(addresses(settings).knowledge) as opened,
            opened.connection() as connection,
        ):
            return await question(connection)

    return asyncio.run(ask())


async def health(connection: Connection) -> Mapping[str, Any]:
    """Return how each service stood when it was probed last."""
    return {name: asdict(one) for name, one in (await health_samples.latest(connection)).items()}


async def alerts(connection: Connection) -> list[Any]:
    """Return the open alerts."""
    return [asdict(one) for one in await alert_views.list_alerts(connection, limit=_MOST)]


async def open_incidents(connection: Connection) -> list[Any]:
    """Return the open incidents."""
    return [asdict(one) for one in await incidents.list_incidents(connection, limit=_MOST)]


async def errors(connection: Connection) -> list[Any]:
    """Return what failed in the last seven days, counted."""
    now = datetime.now(UTC)
    return [asdict(one) for one in await error_summary.error_summary(connection, now - _WINDOW, now)]


async def visits(connection: Connection) -> list[Any]:
    """Return the newest visit of every source."""
    return await runs.latest_visits(connection)


async def maintenance(connection: Connection) -> list[Any]:
    """Return the last runs of maintenance tasks."""
    return [asdict(one) for one in await maintenance_runs.history(connection, None, _MOST)]


async def kept_backups(connection: Connection) -> list[Any]:
    """Return the backups, those that were removed too."""
    return [asdict(one) for one in (await backups.listed(connection, removed=True))[:_MOST]]


def dagster(settings: Settings) -> Mapping[str, Any]:
    """Return daemons, code location, pools, schedules and sensors with their last ticks. Raises DagsterError."""
    return {"standing": _api(settings).ask(_TICKS), "facts": asdict(read_facts(settings, datetime.now(UTC)))}


def dagster_runs(settings: Settings) -> Mapping[str, Any]:
    """Return the latest runs, and the errors of those that failed last. Raises DagsterError."""
    said = _api(settings).ask(_RUNS)
    failed = {
        one["runId"]: [event for event in one["eventConnection"]["events"] if event.get("error")]
        for one in said["failed"].get("results", [])
    }
    return {"latest": said["runsOrError"].get("results", []), "errors": failed}


def _api(settings: Settings) -> DagsterApi:
    if (held := running(settings)) is None:
        raise DownError(DOWN)
    return DagsterApi(held[1], timeout=SECONDS)
