"""What servers do wrong, each ending in its kind of SourceError, within its deadline and without much memory."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from contextlib import asynccontextmanager

import brotli
import pytest

from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.sources.conftest import manners

HEAD = b"HTTP/1.1 200 OK\r\n"
DEADLINE = 0.6
HANG = object()
RESET = object()


@asynccontextmanager
async def serving(*steps):
    """Serve the same answer to everybody: bytes are sent, numbers slept; at the end the connection is closed."""
    connections = []

    async def answer(reader, writer):
        connections.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            for step in steps:
                if step is HANG:
                    await reader.read()
                elif step is RESET:
                    writer.transport.abort()
                elif isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    await asyncio.sleep(step)
        except (ConnectionError, asyncio.CancelledError):
            return  # the client has left, which is what it should do
        finally:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", connections


def sized(body, *headers):
    lines = b"".join(line + b"\r\n" for line in headers)
    return HEAD + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


def trickle(*, chunks=200):
    return [HEAD + b"\r\n", *(part for _ in range(chunks) for part in (b".", 0.02))]


def bomb(compress):
    return compress(b"\0" * 50_000_000)


GZIP = b"Content-Encoding: gzip"
CASES = {
    "resets at once": ([RESET], "unreachable"),
    "closes without a word": ([], "unreachable"),
    "resets within the head": ([b"HTTP/1.1 200", RESET], "unreachable"),
    "resets within the body": ([HEAD + b"Content-Length: 9\r\n\r\nabc", 0.05, RESET], "unreachable"),
    "says nothing": ([HANG], "timeout"),
    "stalls within the head": ([HEAD, HANG], "timeout"),
    "stalls within the body": ([HEAD + b"Content-Length: 9\r\n\r\nabc", HANG], "timeout"),
    "trickles": (trickle(), "timeout"),
    "trickles a head": ([HEAD, *(part for n in range(200) for part in (b"X-%d: y\r\n" % n, 0.02))], "timeout"),
    "promises more than it sends": ([HEAD + b"Content-Length: 9\r\n\r\nabc"], "unreachable"),
    "sends more than it promises": ([HEAD + b"Content-Length: 3\r\n\r\nabcdef"], "malformed"),
    "breaks off within a chunk": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"], "unreachable"),
    "sends a chunk of no size": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"], "malformed"),
    "gives two lengths": ([HEAD + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"], "malformed"),
    "gives a negative length": ([HEAD + b"Content-Length: -1\r\n\r\nabc"], "malformed"),
    "sends a giant header": ([HEAD + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n"], "malformed"),
    "sends headers without end": ([HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(100_000))], "malformed"),
    "sends a giant status line": ([b"HTTP/1.1 200 " + b"a" * 1_000_000 + b"\r\n\r\n"], "malformed"),
    "speaks another protocol": ([b"220 mail.example ESMTP\r\n"], "malformed"),
    "sends too much": ([HEAD + b"\r\n", *([b"x" * 100_000] * 50)], "too_large"),
    "announces too much": ([HEAD + b"Content-Length: 99999999\r\n\r\n", HANG], "too_large"),
    "sends a gzip bomb": ([sized(bomb(gzip.compress), GZIP)], "too_large"),
    "sends a deflate bomb": ([sized(bomb(zlib.compress), b"Content-Encoding: deflate")], "too_large"),
    "sends a brotli bomb": (
        [sized(bomb(lambda data: brotli.compress(data, quality=5)), b"Content-Encoding: br")],
        "too_large",
    ),
    "sends endless empty gzip members": ([sized(gzip.compress(b"") * 20_000, GZIP)], "malformed"),
    "calls text gzip": ([sized(b"<rss/>", GZIP)], "malformed"),
    "calls text brotli": ([sized(b"<rss/>", b"Content-Encoding: br")], "malformed"),
    "cuts a gzip stream": ([sized(gzip.compress(b"abc" * 1000)[:-12], GZIP)], "malformed"),
    "garbles a gzip stream": ([sized(gzip.compress(bytes(range(256)) * 9)[:-8] + b"12345678", GZIP)], "malformed"),
    "encodes twice": ([sized(gzip.compress(gzip.compress(b"x")), b"Content-Encoding: gzip, gzip")], "malformed"),
    "encodes as it likes": ([sized(b"x", b"Content-Encoding: zstd")], "malformed"),
    "redirects to itself": ([b"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"], "refused"),
    "redirects to no address": ([b"HTTP/1.1 301 Moved\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n"], "refused"),
    "redirects to bytes": ([b"HTTP/1.1 301 Moved\r\nLocation: http://\xff\xfe/\r\n\r\n"], "http_status"),
    "is gone": ([b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"], "gone"),
    "is busy": ([b"HTTP/1.1 429 Slow\r\nRetry-After: 9" + b"9" * 5000 + b"\r\n\r\n"], "busy"),
    "is overloaded": ([b"HTTP/1.1 503 Slow\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n\r\n"], "busy"),
    "answers no status of this world": ([b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n"], "http_status"),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_server_that_misbehaves_ends_in_its_kind_of_error(case):
    steps, kind = CASES[case]
    small = manners(total_seconds=DEADLINE, read_seconds=0.3, connect_seconds=0.3)
    async with serving(*steps) as (url, connections), open_client(small) as client:
        tracemalloc.start()
        started = time.monotonic()
        try:
            with pytest.raises(SourceError) as raised:
                await client.get(url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert raised.value.kind == kind
    assert time.monotonic() - started < DEADLINE + 0.5
    assert peak < small.max_bytes + 2_000_000
    assert len(connections) <= 1 or case == "redirects to itself"


async def test_a_body_that_ends_with_its_connection_is_whole(client):
    async with serving(HEAD + b"\r\n", b"abc", 0.02, b"def") as (url, _):
        assert (await client.get(url)).body == b"abcdef"


async def test_a_connection_that_breaks_is_tried_again_as_often_as_configured():
    async with serving(RESET) as (url, connections), open_client(manners(attempts=2)) as client:
        with pytest.raises(SourceError):
            await client.get(url)
    assert len(connections) == 2


async def test_a_server_that_closes_without_saying_so_is_asked_again_on_a_new_connection(client):
    async with serving(sized(b"abc")) as (url, connections):
        assert [(await client.get(url)).body for _ in range(3)] == [b"abc"] * 3
    assert len(connections) == 3


async def test_one_server_that_stalls_does_not_hold_up_the_others(site):
    site.pages["/"] = lambda request: fine()
    slow = manners(total_seconds=1, allow_private_hosts=("127.0.0.1", "localhost"))
    async with serving(HANG) as (url, _), open_client(slow) as client:
        stalled = asyncio.create_task(client.get(url))
        await asyncio.sleep(0.05)
        assert (await client.get(site.url("/", "localhost"))).body == b"fine"
        assert not stalled.done()
        with pytest.raises(SourceError):
            await stalled


async def fine():
    from aiohttp import web

    return web.Response(body=b"fine")
