"""Reading sources from the terminal: with the manners and bounds of a run, but storing nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.host_gate import HostGate
from pake_pipelines.settings import Settings
from pake_pipelines.sources.http.client import HttpClient, open_client
from pake_pipelines.sources.http.gate import Gate
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.readers import Means
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.errors import StoreError

_WAYS_OUT: Final = {
    "unreachable": "check the address and the network; a new name may need a while until it is known everywhere",
    "timeout": "the server is slow or overloaded: try again later, or raise http.total_seconds",
    "refused": "private hosts, ports and redirects are bounded by http in configs/sources.yaml",
    "too_large": "raise http.max_bytes in configs/sources.yaml if you trust this source",
    "empty": "the server sends nothing: look at the address in a browser",
    "malformed": "it is not what this kind of source reads; `pake sources add URL` looks for the feeds of a page",
    "missing": "check the path: relative ones start at the project's directory",
    "unreadable": "check the permissions of the path",
    "credentials": "set the environment variables that the source names, then try again",
    "disallowed": "robots.txt forbids it: look for a feed, or ask the publisher",
    "busy": "the server wants to be left alone for a while: wait, and let schedules do the asking",
    "too_slow": "it takes too long to parse; parsing.deadline_seconds bounds it",
    "too_heavy": "it takes too much memory to parse; parsing.memory_mb bounds it",
    "gone": "the server says that it is gone for good: disable the source, or find its new address",
}
_WAYS_OUT_BY_STATUS: Final = {
    401: "it asks for a login, which feeds cannot give: look for a public or private feed address",
    403: "the server refuses programs, or http.user_agent: look for another address of it",
    404: "there is nothing at this address: look for the feed on the site's page, or `pake sources add` that page",
}


def way_out(error: SourceError) -> str | None:
    """Return what a person can do about `error`, None where only time or its own words help."""
    return _WAYS_OUT_BY_STATUS.get(error.status or 0) or _WAYS_OUT.get(error.kind)


@asynccontextmanager
async def opened_client(settings: Settings, config: SourcesConfig) -> AsyncIterator[HttpClient]:
    """Open a client that shares its hosts' turns with running ingestions, as far as the database can be reached."""
    async with AsyncExitStack() as stack:
        gate = await _shared_gate(stack, settings, config)
        max_wait = timedelta(hours=config.polling.max_wait_hours)
        yield await stack.enter_async_context(open_client(config.http, gate, max_wait=max_wait))


async def _shared_gate(stack: AsyncExitStack, settings: Settings, config: SourcesConfig) -> Gate | None:
    try:
        database = await stack.enter_async_context(open_database(addresses(settings).knowledge))
    except StoreError:
        # without a database there are no runs whose turn it could be
        return None
    gate = HostGate(database, config.http)
    stack.push_async_callback(gate.close)
    return gate


def means(settings: Settings, config: SourcesConfig, client: HttpClient | None) -> Means:
    """Return what readers work with here."""
    return Means(config, settings.home, client, os.environ)
