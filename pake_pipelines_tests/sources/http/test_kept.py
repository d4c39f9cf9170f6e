"""Idle connections are bounded, because the files of a process are."""

import resource

import pytest
from aiohttp import web

from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.http.kept import KEPT_SECONDS, KeptConnections, most_kept
from pake_pipelines_tests.sources.conftest import manners


def test_no_more_connections_are_kept_than_allowed_until_the_first_are_closed():
    now = 100.0
    kept = KeptConnections(2, lambda: now)
    assert [kept.keep_another() for _ in range(3)] == [True, True, False]
    now += KEPT_SECONDS
    assert [kept.keep_another() for _ in range(3)] == [True, True, False]


@pytest.fixture
def few_files():
    """Let this process open 600 files only."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (600, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_half_of_the_files_are_left_for_everything_else(few_files):
    assert most_kept() == 300


async def test_a_connection_serves_the_next_request_to_the_same_server_while_it_may_be_kept(site):
    ends, wishes = [], []

    async def noted(request):
        ends.append(request.transport.get_extra_info("peername"))
        wishes.append(request.headers.get("Connection"))
        return web.Response(body=b"x")

    site.pages["/"] = noted
    async with open_client(manners()) as client:
        await client.get(site.url("/"))
        await client.get(site.url("/"))
        client._exchange._kept = KeptConnections(0, lambda: 0.0)
        await client.get(site.url("/"))
        await client.get(site.url("/"))
    assert (len(set(ends)), wishes) == (2, [None, None, "close", "close"])
