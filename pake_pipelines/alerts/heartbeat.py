"""The ping out of a dead-man's switch: when it stays away, somebody outside of this machine raises the alarm."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pake_pipelines.alerts.channels.posting import fault_of, manners, parsed
from pake_pipelines.alerts.channels.protocol import ChannelError
from pake_pipelines.config.alerting import Heartbeat
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.store import monitor_ticks
from pake_pipelines.store.database import Database

NAME: Final = "heartbeat"
"""Its row in `monitor_ticks`; the memory holds the `error` of the last ping, None when it went well."""


@dataclass(frozen=True, slots=True)
class Ping:
    """What came of it: `off` (its variable is not set), `early`, `sent`, or `failed` with an `error`."""

    state: Literal["off", "early", "sent", "failed"]
    error: str | None = None


async def beat(
    database: Database, config: MonitoringConfig, environ: Mapping[str, str], clock: Callable[[], datetime]
) -> Ping:
    """Ask the address in the variable `url_env` with GET, at most every `every_seconds` by `clock` (aware).

    Any 2xx is well. A failed ping is told and raises nothing; the next one is as early as after a success.
    """
    heartbeat, now = config.alerting.heartbeat, clock()
    url = environ.get(heartbeat.url_env, "").strip()
    if not url:
        return Ping("off")
    async with database.connection() as connection:
        last = await monitor_ticks.read(connection, NAME)
    if last and timedelta() <= now - last.ticked_at < timedelta(seconds=heartbeat.every_seconds):
        return Ping("early")
    error = await _ask(url, heartbeat)
    async with database.transaction() as connection:
        await monitor_ticks.note(connection, NAME, now, 0.0, {"error": error})
    return Ping("failed" if error else "sent", error)


async def _ask(url: str, heartbeat: Heartbeat) -> str | None:
    """Return why the ping failed, None when it went well."""
    from pake_pipelines.sources.http.client import Response, open_client
    from pake_pipelines.sources.protocol import SourceError

    seconds = heartbeat.timeout_seconds
    try:
        address = parsed(url)
    except ChannelError as error:
        return str(error)
    try:
        async with open_client(manners(address, seconds, allow_private=heartbeat.allow_private)) as client:
            answer, _ = await client.look(url, "GET", seconds)
    except SourceError as error:
        return str(fault_of(error, address))
    return None if isinstance(answer, Response) else "the address redirects: give the one that it leads to"
