"""Many small web servers in one process: each feed on a loopback address of its own, answered after a fixed latency.

    python -m benchmarks.feed_hosts FEEDS ITEMS LATENCY_MS

Prints its port when it serves, and ends with its standard input. Answers are made beforehand, so that one core serves
several thousand requests a second and is not what a benchmark measures.
"""

import asyncio
import hashlib
import json
import resource
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any, Final

from benchmarks.corpus import Writer
from pake_pipelines.settings import PACKAGE_HOME

_HOSTS_PER_NET: Final = 250
_BACKLOG: Final = 128
_COUNTS: Final = "/counts"
_FIRST_ITEM: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FeedHosts:
    """The running servers: feed `n` is the only one at its address."""

    feeds: int
    port: int

    @property
    def hosts(self) -> list[str]:
        """Every feed's host."""
        return [host_of(number) for number in range(self.feeds)]

    @property
    def urls(self) -> list[str]:
        """Every feed's address."""
        return [f"http://{host}:{self.port}/{number}.xml" for number, host in enumerate(self.hosts)]

    def counts(self) -> Counter[str]:
        """Return the answers given so far, by status."""
        with urllib.request.urlopen(f"http://{host_of(0)}:{self.port}{_COUNTS}", timeout=10) as answer:
            return Counter(json.load(answer))


def host_of(number: int) -> str:
    """Return the loopback address of feed `number`, from 127.0.1.1 on."""
    net, host = divmod(number, _HOSTS_PER_NET)
    return f"127.0.{net + 1}.{host + 1}"


@contextmanager
def feed_hosts(feeds: int, items: int, latency_ms: float) -> Iterator[FeedHosts]:
    """Lend `feeds` servers with a feed of `items` items each, which run in a process of their own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.feed_hosts", str(feeds), str(items), str(latency_ms)],
        cwd=PACKAGE_HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        said = process.stdout.readline() if process.stdout else ""
        if not said:
            raise RuntimeError(f"the feed hosts ended with {process.wait()}")
        yield FeedHosts(feeds, int(said))


class _Page:
    """A feed's two answers, and the tag that decides between them."""

    def __init__(self, number: int, items: int, writer: Writer) -> None:
        body = feed(number, items, writer)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        validator = f"ETag: {etag}\r\n"
        self.condition = f"\r\nif-none-match: {etag}\r\n".encode()
        self.unchanged = f"HTTP/1.1 304 Not Modified\r\n{validator}\r\n".encode()
        self.whole = _answer("application/rss+xml", body, validator)


class _Connection(asyncio.Protocol):
    """One connection; requests have no body, so a request ends with its head."""

    def __init__(self, pages: Sequence[_Page], latency: float, counts: Counter[str]) -> None:
        self._pages = pages
        self._latency = latency
        self._counts = counts
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            self._loop.call_later(self._latency, self._transport.write, self._reply(head + b"\r\n"))

    def _reply(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        if path == _COUNTS.encode():
            return _answer("application/json", json.dumps(self._counts).encode())
        page = self._pages[int(path[1 : -len(".xml")])]
        known = page.condition in head.lower()
        self._counts["304" if known else "200"] += 1
        return page.unchanged if known else page.whole


def _answer(media_type: str, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def feed(number: int, items: int, writer: Writer) -> bytes:
    """Return an RSS feed of `items` items with about 1 kB of text each."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Feed {number}</title>'
        f"<link>http://{host_of(number)}/</link><description>Feed {number}</description>"
        f"{''.join(_item(number, place, *writer.document()) for place in range(items))}</channel></rss>"
    ).encode()


def _item(number: int, place: int, title: str, text: str) -> str:
    address = f"http://{host_of(number)}/items/{place}"
    body = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n"))
    return (
        f"<item><title>{escape(title)}</title><link>{address}</link><guid>{address}</guid>"
        f"<pubDate>{format_datetime(_FIRST_ITEM + timedelta(hours=place))}</pubDate>"
        f"<description>{escape(body)}</description></item>"
    )


async def serve(feeds: int, items: int, latency: float) -> None:
    """Serve until standard input ends; `latency` in seconds."""
    writer, counts = Writer(), Counter[str]()
    pages = [_Page(number, items, writer) for number in range(feeds)]
    loop, port = asyncio.get_running_loop(), 0
    for number in range(feeds):
        listening = socket.create_server((host_of(number), port), backlog=_BACKLOG)
        port = listening.getsockname()[1]
        await loop.create_server(lambda: _Connection(pages, latency, counts), sock=listening)
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Serve what the arguments say."""
    feeds, items, latency_ms = sys.argv[1:]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a socket for each host, and their connections
    asyncio.run(serve(int(feeds), int(items), float(latency_ms) / 1000))


if __name__ == "__main__":
    main()
