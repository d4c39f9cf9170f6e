"""The only way out: guarded, polite requests for content.

Addresses in private, loopback, link-local or otherwise non-public networks are refused when they are connected to,
on every hop and whatever name led there, unless the configuration allows their host. Every hop waits for the turn of
its host. Proxy variables are ignored. What is sent is what was asked for: no cookies, no referrer.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.manners import Http
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.http.addresses import host_of
from pake_pipelines.sources.http.answers import PassingError, Redirect, Response
from pake_pipelines.sources.http.decompress import ACCEPTED
from pake_pipelines.sources.http.gate import Gate, LocalGate
from pake_pipelines.sources.http.shown import shown
from pake_pipelines.sources.protocol import SourceError

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver
    from yarl import URL

    from pake_pipelines.model.link import Method
    from pake_pipelines.sources.http.exchange import Exchange, Request

__all__ = ["HttpClient", "Response", "open_client"]

_NO_HEADERS: Final[Mapping[str, str]] = {}
_FIRST_PAUSE: Final = 1.0
_chance: Final = SystemRandom()


class HttpClient:
    """Asks web servers, with manners; open one with `open_client`."""

    def __init__(self, exchange: "Exchange", http: Http, gate: Gate, clock: Clock, concurrency: int) -> None:
        """Send through `exchange`, at most `concurrency` requests at a time; use `open_client`."""
        self._exchange = exchange
        self._http = http
        self._gate = gate
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._headers = {"User-Agent": http.user_agent, "Accept-Encoding": ACCEPTED}

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Response:
        """GET `url`, with the validators as they were received; `headers` do not follow a redirect to another server.

        Connections that fail or break are met with `http.attempts` attempts, each within `http.total_seconds`
        including its redirects; waiting for a turn is not counted.

        Raises SourceError with these kinds: `refused` (an address that is not asked, too many redirects), `unreachable`
        (no connection, or it broke), `timeout`, `too_large`, `malformed` (not HTTP, or not in the encoding it says),
        `gone` (410), `busy` (429, 503 with Retry-After, or a host that is not to be asked yet; with `retry_at`),
        `http_status` (any other answer; with `status`).
        """
        sent = dict(self._headers)
        if etag:
            sent["If-None-Match"] = etag
        if last_modified:
            sent["If-Modified-Since"] = last_modified
        return await self._insist(_request(url, sent, headers))

    async def post_form(self, url: str, fields: Mapping[str, str], *, auth: tuple[str, str]) -> Response:
        """POST `fields` with HTTP basic authentication, once and without following redirects; raises as `get` does."""
        basic = b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
        request = _request(url, self._headers, {"Authorization": f"Basic {basic}"}, fields)
        answer, _ = await self._hop(request, self._http.total_seconds)
        if isinstance(answer, Redirect):
            raise SourceError("refused", f"{request.shown}: a form does not follow redirects")
        return answer

    async def post_json(self, url: str, json: bytes, *, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
        """POST the text `json`, once and without following redirects; raises as `get` does.

        Any success (2xx) will do, and no body is read. Only what a server refuses with a status is known not to have
        been taken: of a connection that breaks nobody can tell.
        """
        own = {"Content-Type": "application/json", **headers}
        request = replace(_request(url, self._headers, own), json=json)
        answer, _ = await self._hop(request, self._http.total_seconds)
        if isinstance(answer, Redirect):
            raise SourceError("refused", f"{request.shown}: what is posted does not follow redirects")
        return answer

    async def look(self, url: str, method: "Method", seconds: float) -> tuple[Response | Redirect, float]:
        """Ask one server, once and within `seconds`, whether `url` is there; no body is read.

        Return a success of any status, or a redirect whose target is a whole address, and what is left of `seconds`.
        Raises as `get` does.
        """
        request = replace(_request(url, self._headers, _NO_HEADERS), look=method)
        answer, left = await self._hop(request, seconds)
        if isinstance(answer, Redirect):
            answer = replace(answer, target=str(_redirected(request, answer.target).url))
        return answer, left

    async def hold(self, url: str, until: datetime) -> None:
        """Ask the host of `url` nothing before `until` (aware)."""
        await self._gate.hold(host_of(_parsed(url)), until)

    async def _insist(self, request: "Request") -> Response:
        for attempt in range(1, self._http.attempts):
            try:
                return await self._follow(request)
            except PassingError:
                await self._clock.sleep(_pause(attempt))
        return await self._follow(request)

    async def _follow(self, request: "Request") -> Response:
        here, permanent, left = request, True, self._http.total_seconds
        for _ in range(self._http.max_redirects + 1):
            answer, left = await self._hop(here, left)
            if isinstance(answer, Response):
                return replace(answer, moved_to=answer.url) if permanent and here is not request else answer
            permanent = permanent and answer.permanent
            here = _redirected(here, answer.target)
        raise SourceError("refused", f"{request.shown}: more than {self._http.max_redirects} redirects")

    async def _hop(self, request: "Request", seconds: float) -> tuple[Response | Redirect, float]:
        """Return the answer of one server, and what it left of the `seconds` it had."""
        self._exchange.admit(request)
        host = host_of(request.url)
        async with self._gate.turn(host):
            try:
                async with self._slots:
                    return await self._within(request, seconds)
            except SourceError as error:
                if error.retry_at is not None:
                    await self._gate.hold(host, error.retry_at)
                raise

    async def _within(self, request: "Request", seconds: float) -> tuple[Response | Redirect, float]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(seconds):
                answer = await self._exchange.send(request)
        except TimeoutError as error:
            limit = self._http.total_seconds
            raise SourceError("timeout", f"{request.shown}: no whole answer within {limit:g} s") from error
        return answer, seconds - (loop.time() - started)


def _pause(attempt: int) -> float:
    """Return the seconds to wait after a failed attempt: 1, 2, 4, ... each halved at most, so that none keep step."""
    return _FIRST_PAUSE * 2.0 ** (attempt - 1) * _chance.uniform(0.5, 1.0)


def _request(
    url: str, headers: Mapping[str, str], own: Mapping[str, str], form: Mapping[str, str] | None = None
) -> "Request":
    from pake_pipelines.sources.http.exchange import Request

    return Request(_parsed(url), headers, own, form)


def _parsed(url: str) -> "URL":
    from yarl import URL

    try:
        return URL(url)
    except ValueError as error:
        raise SourceError("refused", f"GET {shown(url)}: not an address") from error


def _redirected(request: "Request", target: str) -> "Request":
    try:
        return request.redirected(target)
    except ValueError as error:
        raise SourceError("refused", f"{request.shown}: redirects to {shown(target)}, which is no address") from error


@asynccontextmanager
async def open_client(
    http: Http,
    gate: Gate | None = None,
    *,
    concurrency: int = 100,
    max_wait: timedelta = timedelta(hours=168),
    resolver: "AbstractResolver | None" = None,
    clock: Clock = SYSTEM,
) -> AsyncIterator[HttpClient]:
    """Open a client with the manners of `http`.

    `gate` says whose turn it is, by default within this process only. At most `concurrency` requests are under way
    at a time. Retry-After is believed up to `max_wait`. `resolver` looks names up, by default the system's, and is the
    caller's to close.
    """
    from pake_pipelines.sources.http.connections import open_session
    from pake_pipelines.sources.http.exchange import Exchange

    async with open_session(http, resolver) as session:
        exchange = Exchange(session, http, clock, max_wait)
        yield HttpClient(exchange, http, gate or LocalGate(http, clock), clock, concurrency)
