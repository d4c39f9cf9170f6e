"""JSON that is posted goes once, to the address that was named and nowhere else."""

import asyncio

import pytest
from aiohttp import web

from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.conftest import manners


async def refused(client, url):
    with pytest.raises(SourceError) as raised:
        await client.post_json(url, b"{}")
    return raised.value


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_success_will_do(status, client, site):
    posted = []

    async def take(request):
        posted.append((request.method, request.headers["Content-Type"], request.headers["X-Own"], await request.read()))
        return web.Response(status=status)

    site.pages["/hook"] = take
    answer = await client.post_json(site.url("/hook"), b'{"a": 1}', headers={"X-Own": "x"})
    assert (answer.status, answer.body) == (status, b"")
    assert posted == [("POST", "application/json", "x", b'{"a": 1}')]


async def test_it_is_neither_repeated_nor_sent_on(site):
    async def broken(request):
        request.transport.abort()
        return web.Response()

    site.pages |= {
        "/moved": Page(status=308, headers={"Location": "/else"}),
        "/fails": Page(status=500),
        "/broken": broken,
    }
    async with open_client(manners(attempts=3)) as client:
        kinds = [(await refused(client, site.url(path))).kind for path in ("/moved", "/fails", "/broken")]
    assert kinds == ["refused", "http_status", "unreachable"]
    assert [path for path, _ in site.requests] == ["/moved", "/fails", "/broken"]


async def test_a_private_address_is_refused_unless_its_host_is_allowed(guarded, client, site):
    site.pages["/hook"] = Page()
    assert (await refused(guarded, site.url("/hook"))).kind == "refused"
    assert site.requests == []
    assert (await client.post_json(site.url("/hook"), b"{}")).status == 200


async def test_an_answer_without_end_is_not_waited_for(client, site):
    async def endless(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 100_000)
            await asyncio.sleep(0.01)

    site.pages["/hook"] = endless
    async with asyncio.timeout(2):
        assert (await client.post_json(site.url("/hook"), b"{}")).body == b""


async def test_a_busy_server_says_when_to_come_back(client, site):
    site.pages["/hook"] = Page(status=429, headers={"Retry-After": "120"})
    error = await refused(client, site.url("/hook"))
    assert (error.kind, error.status, error.retry_at is not None) == ("busy", 429, True)


async def test_no_answer_ends_in_time(site):
    async def never(request):
        await asyncio.sleep(5)

    site.pages["/hook"] = never
    async with open_client(manners(total_seconds=0.2)) as client:
        assert (await refused(client, site.url("/hook"))).kind == "timeout"
