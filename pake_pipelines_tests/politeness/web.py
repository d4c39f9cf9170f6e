"""The simulated servers of the week: they read a clock that is set for them and note every request."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web

from pake_pipelines_tests.politeness.exchange import Exchange

# long enough that a second request to the same host would meet the first
_ANSWER_SECONDS = 0.005


@dataclass
class Answer:
    """What a feed answers with."""

    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""


class SimulatedWeb:
    """`feeds` by name; `now` is the time at which requests arrive and that answers are dated by, `log` the notes."""

    def __init__(self, feeds, now: datetime):
        self.feeds = feeds
        self.now = now
        self.log: list[Exchange] = []
        self._ports: dict[str, int] = {}
        self._open = Counter()

    @asynccontextmanager
    async def serve(self):
        """Listen on every feed's host, each on a port of its own."""
        runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await runner.setup()
        try:
            for host in sorted({feed.host for feed in self.feeds.values()}):
                listening = web.TCPSite(runner, host, 0)
                await listening.start()
                self._ports[host] = runner.addresses[-1][1]
            yield self
        finally:
            await runner.cleanup()

    def url(self, name):
        """Return the configured address of a feed."""
        feed = self.feeds[name]
        return f"http://{feed.host}:{self._ports[feed.host]}{feed.path}"

    async def _answer(self, request):
        host = request.transport.get_extra_info("sockname")[0]
        self._open[host] += 1
        try:
            alone = self._open[host] == 1
            await asyncio.sleep(_ANSWER_SECONDS)
            name, feed = self._feed_at(host, request.path)
            asked = _headers(request.headers)
            given = feed.answer(self.now, request.path, asked)
            headers = {"Date": format_datetime(self.now, usegmt=True), **given.headers}
            url = f"http://{request.headers['Host']}{request.raw_path}"
            self.log.append(
                Exchange(self.now, host, name, url, request.method, asked, given.status, _headers(headers), alone)
            )
            return web.Response(status=given.status, headers=headers, body=given.body)
        finally:
            self._open[host] -= 1

    def _feed_at(self, host, path):
        here = {name: feed for name, feed in self.feeds.items() if feed.host == host}
        return next((one for one in here.items() if path.startswith(one[1].path)), next(iter(here.items())))


def _headers(headers):
    """Return headers by lower-case name; those given twice are joined, as HTTP reads them."""
    joined = {}
    for given, value in headers.items():
        name = given.lower()
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
