"""One run over servers that do everything wrong: each visit ends as documented and in time, and nobody else notices."""

import asyncio
import gzip
import itertools
import re
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import brotli
import pytest
import yaml

from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import Settings
from pake_pipelines.sources.clock import Clock
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import rows, visit
from pake_pipelines_tests.conftest import NOW, TODAY
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.feeds import item, rss

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 0.5, 0.6, 1.2
# a visit ends with its deadline; the rest is what two busy cores may add
DEADLINE = TOTAL_SECONDS + 2.0
RUNS_SECONDS = 60
MAX_BYTES = 200_000
BOMB = b"0" * 5_000_000
# of the same reserved network as every host here, but nobody has allowed it
FORBIDDEN = "127.0.31.1"
FEED = rss(item("é-1", text="Ein Café in Genève, " * 20), item("é-2"), item("é-3"))
LONGER = rss(item("é-4"), item("é-1", text="Ein Café in Genève, " * 20), item("é-2"), item("é-3"))


@dataclass
class Call:
    """One connection, after its request has arrived; `visit` counts the connections to the host."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    path: str
    visit: int

    async def send(self, *parts):
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def silence(self):
        """Say nothing until the other side has had enough."""
        await self.reader.read()

    def reset(self):
        self.writer.transport.abort()


def head(status="200 OK", **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{lines}\r\n".encode()


def whole(body, **headers):
    return head(Content_Length=len(body), **headers) + body


Script = Callable[[Call], Awaitable[None]]


def says(*parts) -> Script:
    """Send `parts` and hang up."""

    async def script(call):
        await call.send(*parts)

    return script


async def resets_at_once(call):
    call.reset()


async def resets_midway(call):
    await call.send(head(Content_Length=len(FEED)), FEED[:200])
    await asyncio.sleep(0.05)
    call.reset()


async def stalls_before_the_head(call):
    await call.silence()


async def stalls_in_the_body(call):
    await call.send(head(Content_Length=len(FEED)), FEED[:200])
    await call.silence()


def trickles(start) -> Script:
    """Send one more byte every now and then, without end."""

    async def script(call):
        await call.send(start)
        while not call.reader.at_eof():
            await call.send(b"x")
            await asyncio.sleep(READ_SECONDS / 4)

    return script


async def never_ends(call):
    await call.send(head(Transfer_Encoding="chunked"))
    while not call.reader.at_eof():
        await call.send(b"10000\r\n", b"y" * 65536, b"\r\n")


async def head_never_ends(call):
    await call.send(b"HTTP/1.1 200 OK\r\n")
    while not call.reader.at_eof():
        await call.send(b"X-Filler: " + b"z" * 4000 + b"\r\n")


async def changes_encoding(call):
    """Plain UTF-8 in gzip at first, then UTF-16 in brotli."""
    if call.visit == 1:
        await call.send(whole(gzip.compress(FEED), Content_Encoding="gzip", Content_Type="text/xml"))
    else:
        body = LONGER.decode().replace("utf-8", "utf-16", 1).encode("utf-16")
        await call.send(whole(brotli.compress(body), Content_Encoding="br", Content_Type="text/xml; charset=utf-16"))


def redirects(*targets, status="301 Moved Permanently") -> Script:
    """Send from one to the next of `targets`; where there is no next one, there is the feed."""

    async def script(call):
        step = int(call.path.rpartition("/")[2] or 0)
        to = targets[step] if step < len(targets) else None
        await call.send(head(status, Location=to, Content_Length=0) if to else whole(FEED))

    return script


@dataclass(frozen=True)
class Case:
    """A server's behaviour and the documented end of a visit to it.

    `kind` is the kind of failure, None for none; `status` the HTTP status that is kept with it. `again` is the outcome
    of the next visit, `state` what is remembered of the source afterwards.
    """

    script: Script
    kind: str | None = None
    status: int | None = None
    again: str = "failed"
    new: tuple[int, int] = (0, 0)
    state: dict = field(default_factory=dict)


HEALTHY = Case(says(whole(FEED)), again="unchanged", new=(3, 0), state={"consecutive_failures": 0})
CASES = {
    "healthy": HEALTHY,
    "resets at once": Case(resets_at_once, "unreachable"),
    "resets midway": Case(resets_midway, "unreachable"),
    "hangs up without a word": Case(says(), "unreachable"),
    "stalls before the head": Case(stalls_before_the_head, "timeout"),
    "stalls in the body": Case(stalls_in_the_body, "timeout"),
    "trickles its head": Case(trickles(b"HTTP/1.1 200 OK\r\nX: "), "timeout"),
    "trickles its body": Case(trickles(head(Content_Length=100_000)), "timeout"),
    "promises more than it sends": Case(says(head(Content_Length=len(FEED) + 1), FEED), "unreachable"),
    "ends before the last chunk": Case(says(head(Transfer_Encoding="chunked"), b"5\r\n<rss>\r\n"), "unreachable"),
    "sends no chunks where it says so": Case(says(head(Transfer_Encoding="chunked"), FEED), "malformed"),
    "never ends": Case(never_ends, "too_large"),
    "never ends its head": Case(head_never_ends, "malformed"),
    "announces too much": Case(says(whole(b"w" * (MAX_BYTES + 1))), "too_large"),
    "gzip bomb": Case(says(whole(gzip.compress(BOMB), Content_Encoding="gzip")), "too_large"),
    "deflate bomb": Case(says(whole(zlib.compress(BOMB), Content_Encoding="deflate")), "too_large"),
    "brotli bomb": Case(says(whole(brotli.compress(BOMB, quality=5), Content_Encoding="br")), "too_large"),
    "no gzip where it says so": Case(says(whole(FEED, Content_Encoding="gzip")), "malformed"),
    "gzip that breaks off": Case(says(whole(gzip.compress(FEED)[:-30], Content_Encoding="gzip")), "malformed"),
    "an encoding nobody asked for": Case(says(whole(FEED, Content_Encoding="x-own")), "malformed"),
    "changes its encoding": Case(changes_encoding, again="ok", new=(3, 1), state={"consecutive_failures": 0}),
    "speaks no HTTP": Case(says(b"220 mail.example ESMTP\r\n"), "malformed"),
    "says nothing in its body": Case(says(whole(b"")), "empty"),
    "sends a page": Case(says(whole(b"<html><body>Sign in</body></html>", Content_Type="text/html")), "malformed"),
    "404": Case(says(head("404 Not Found")), "http_status", 404),
    "500": Case(says(head("500 Internal Server Error")), "http_status", 500),
    "503": Case(says(head("503 Service Unavailable")), "http_status", 503),
    "429 with a time": Case(
        says(head("429 Too Many Requests", Retry_After=7200)),
        "busy",
        429,
        again="skipped",
        state={"consecutive_failures": 1, "wait_until": NOW + timedelta(hours=2)},
    ),
    "503 with a time": Case(
        says(head("503 Service Unavailable", Retry_After=3600)),
        "busy",
        503,
        again="skipped",
        state={"consecutive_failures": 1, "wait_until": NOW + timedelta(hours=1)},
    ),
    "410": Case(
        says(head("410 Gone")),
        "gone",
        410,
        again="skipped",
        state={"disabled_because": "the server says that it is gone for good (410)"},
    ),
    "a chain of redirects": Case(
        redirects("/1", "/2", "/3"), again="unchanged", new=(3, 0), state={"moved_visits": 2, "learned_url": None}
    ),
    "a chain that is too long": Case(redirects(*(f"/{n + 1}" for n in range(6))), "refused"),
    "a redirect to itself": Case(redirects("/0"), "refused"),
    "a loop of redirects": Case(redirects("/1", "/0", status="302 Found"), "refused"),
    "a redirect into the private network": Case(redirects(f"http://{FORBIDDEN}/"), "refused"),
    "a redirect to the cloud's metadata": Case(redirects("http://169.254.169.254/latest/"), "refused"),
    "a redirect to a file": Case(redirects("file:///etc/passwd"), "refused"),
    "healthy, too": HEALTHY,
}
FAILING = [name for name, case in CASES.items() if case.kind]


def slug(name):
    return re.sub(r"\W+", "-", name.lower())


def host_of(name):
    return f"127.0.30.{list(CASES).index(name) + 1}"


_CLOCK = Clock(now=lambda: NOW)


@asynccontextmanager
async def _serve(name, script):
    """Let `script` answer every connection to the host of `name`; yield its port."""
    visits, open_calls = itertools.count(1), set()

    async def answer(reader, writer):
        open_calls.add(asyncio.current_task())
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            await script(Call(reader, writer, request.split(b" ", 2)[1].decode(), next(visits)))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has hung up, as it should on most of these servers
        finally:
            writer.close()
            open_calls.discard(asyncio.current_task())

    server = await asyncio.start_server(answer, host_of(name), 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*open_calls), 10)


def _configuration(ports):
    sources = {
        slug(name): {"name": name, "kind": "feed", "url": f"http://{host_of(name)}:{port}/"}
        for name, port in ports.items()
    }
    return yaml.safe_dump(
        {
            "max_concurrent_sources": len(sources),
            "http": {
                "connect_seconds": CONNECT_SECONDS,
                "read_seconds": READ_SECONDS,
                "total_seconds": TOTAL_SECONDS,
                "max_bytes": MAX_BYTES,
                "attempts": 1,
                "rate": {"requests_per_minute": 6000, "burst": 100},
                "allow_private_hosts": [host_of(name) for name in ports],
            },
            "sources": sources,
        }
    )


@pytest.fixture(scope="module")
def chaos(tmp_path_factory, module_database_url):
    """Two runs over all servers: the visits of both, and afterwards the states and the stored titles by source."""
    home = tmp_path_factory.mktemp("chaos")
    (home / "configs").mkdir()
    (home / "configs" / "quality.yaml").touch()
    return asyncio.run(_two_runs(Settings(home=home, database_url=module_database_url)))


async def _two_runs(settings):
    async with AsyncExitStack() as stack:
        ports = {name: await stack.enter_async_context(_serve(name, case.script)) for name, case in CASES.items()}
        (settings.configs / "sources.yaml").write_text(_configuration(ports))
        kit = Kit(settings, WordEmbedder())
        # whoever waits for a clock that stands still would wait for ever
        async with open_database(kit.database) as database, asyncio.timeout(RUNS_SECONDS):
            first = await visit(kit, database, Run("first", TODAY, NOW), clock=_CLOCK)
            second = await visit(kit, database, Run("second", TODAY, NOW + timedelta(minutes=1)), clock=_CLOCK)
            states = {row["source"]: row for row in await rows(database, "TABLE source_state")}
            titles = await rows(database, "SELECT source, title FROM entries JOIN items USING (pake_id)")
            events = await rows(database, "SELECT source, kind FROM source_events")
    return first, second, states, titles, events


@pytest.mark.parametrize("name", CASES)
def test_every_visit_ends_in_the_documented_state(name, chaos):
    case, (first, second, states, *_) = CASES[name], chaos
    seen, again, state = first[slug(name)], second[slug(name)], states[slug(name)]
    assert (seen.error_kind, seen.status, seen.new, again.new) == (case.kind, case.status, *case.new)
    assert again.outcome == case.again
    expected = {"consecutive_failures": 2} if case.again == "failed" else {}
    expected |= case.state
    assert {key: state[key] for key in expected} == expected


@pytest.mark.parametrize("name", CASES)
def test_every_visit_ends_within_its_deadline(name, chaos):
    first, second, *_ = chaos
    assert max(first[slug(name)].seconds, second[slug(name)].seconds) < DEADLINE


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_told_and_stores_nothing(name, chaos):
    first, _, states, titles, _ = chaos
    assert (first[slug(name)].failed, states[slug(name)]["last_error"]) == (True, first[slug(name)].error)
    assert slug(name) not in {row["source"] for row in titles}


@pytest.mark.parametrize("name", ["healthy", "healthy, too"])
def test_chaos_elsewhere_does_not_touch_the_healthy(name, chaos):
    first, second, states, titles, _ = chaos
    assert sorted(row["title"] for row in titles if row["source"] == slug(name)) == [
        "Report é-1",
        "Report é-2",
        "Report é-3",
    ]
    assert (first[slug(name)].error, second[slug(name)].error, states[slug(name)]["last_error"]) == (None, None, None)
    assert second[slug(name)].seconds < second["stalls-in-the-body"].seconds


def test_a_changed_encoding_changes_no_text(chaos):
    *_, titles, _ = chaos
    stored = [row["title"] for row in titles if row["source"] == slug("changes its encoding")]
    assert sorted(stored) == [f"Report é-{number}" for number in (1, 2, 3, 4)]


def test_only_the_feed_that_is_gone_has_an_event(chaos):
    *_, events = chaos
    assert [(row["source"], row["kind"]) for row in events] == [("410", "gone")]
