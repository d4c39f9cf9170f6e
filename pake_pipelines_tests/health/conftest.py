"""What the tests of this room share: surroundings to probe in, and servers on loopback that behave in every way."""

import asyncio
import socket
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime

import pytest

from pake_pipelines.config.monitoring import Probing
from pake_pipelines.health.rounds import probe_one
from pake_pipelines.health.surroundings import Surroundings
from pake_pipelines.settings import Settings
from pake_pipelines_tests.emptied import emptied

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def database_url(module_database_url):
    """The address of the file's database, emptied."""
    return emptied(module_database_url)


@pytest.fixture
def around(tmp_path):
    """Return a function that makes surroundings: `around(environ={}, timeout_seconds=.., dagster=.., ...)`."""

    def make(*, settings=None, environ=None, now=NOW, dagster=None, processes=None, **probing):
        probing = Probing(**{"timeout_seconds": 5, **probing})
        settings = settings or Settings(home=tmp_path)
        return Surroundings(settings, probing, environ or {}, now, dagster, processes or {})

    return make


@pytest.fixture
def probed(around):
    """Return a coroutine function that probes one service: `await probed(service, **surroundings)` -> its sample."""

    async def probe(service, **surroundings):
        return await probe_one("it", service, around(**surroundings))

    return probe


@asynccontextmanager
async def serving(answer):
    """Run a server on loopback that has `answer(reader, writer)` for each connection; yields its port."""
    open_connections = set()

    async def handle(reader, writer):
        open_connections.add(asyncio.current_task())
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in open_connections:
            task.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)


def says(*pieces, then_waits=False):
    """Return an answer that reads a request's head, sends `pieces`, and hangs up or waits."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then_waits:
            await asyncio.Event().wait()

    return answer


async def never_answers(reader, writer):
    await asyncio.Event().wait()


async def hangs_up(reader, writer):
    await reader.read(1)


def free_port():
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]
