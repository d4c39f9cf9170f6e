"""One request and its answer: what is sent, what the answer means, and what every failure of aiohttp means."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from pake_pipelines.config.manners import Http
from pake_pipelines.model.link import Method
from pake_pipelines.sources.clock import Clock
from pake_pipelines.sources.http.addresses import Border, host_of
from pake_pipelines.sources.http.answers import (
    PERMANENT,
    REDIRECTS,
    InsecureError,
    PassingError,
    Redirect,
    Response,
    UnknownNameError,
    fault,
    is_expected,
)
from pake_pipelines.sources.http.connections import Passage, RefusedAddressError, cause, way_out
from pake_pipelines.sources.http.decompress import Body, BrokenError, TooLargeError
from pake_pipelines.sources.http.freshness import fresh_until
from pake_pipelines.sources.http.kept import KeptConnections, most_kept
from pake_pipelines.sources.http.shown import shown
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.scrub import scrub
from pake_pipelines.telemetry.events import security_event

_LISTS: Final = frozenset({"cache-control", "content-encoding", "link"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to `url`. `own` are headers for the server that was asked first only.

    A `form` or a `json` text makes it a POST. A `look` is a request by that method. Of what answers a look or JSON only
    the head is read: any success will do.
    """

    url: URL
    headers: Mapping[str, str]
    own: Mapping[str, str]
    form: Mapping[str, str] | None = None
    look: Method | None = None
    json: bytes | None = None

    @property
    def method(self) -> str:
        """That of the look; otherwise GET, or POST with something to post."""
        return self.look or ("GET" if self.form is None and self.json is None else "POST")

    @property
    def head_only(self) -> bool:
        """Whether only the head of the answer matters."""
        return self.look is not None or self.json is not None

    @property
    def shown(self) -> str:
        """Method and address, fit for messages."""
        return f"{self.method} {shown(str(self.url))}"

    def redirected(self, target: str) -> "Request":
        """Return the request that a redirect to `target` asks for. Raises ValueError when that is no address."""
        url = self.url.join(URL(target)).with_fragment(None)
        stays = (url.scheme, url.raw_host, url.port) == (self.url.scheme, self.url.raw_host, self.url.port)
        return replace(self, url=url, own=self.own if stays else {})


class Exchange:
    """Sends single requests over a session of `connections.open_session`."""

    def __init__(self, session: aiohttp.ClientSession, http: Http, clock: Clock, max_wait: timedelta) -> None:
        """Keep to the limits of `http`; believe Retry-After up to `max_wait`."""
        self._session = session
        self._http = http
        self._border = Border.of(http)
        self._clock = clock
        self._max_wait = max_wait
        self._kept = KeptConnections(most_kept(), clock.monotonic)

    def admit(self, request: Request) -> None:
        """Raise SourceError (refused) when the address of `request` may not be asked."""
        if refusal := self._border.refusal(request.url):
            raise SourceError("refused", f"{request.shown}: {refusal}")

    async def send(self, request: Request) -> Response | Redirect:
        """Send an admitted request. Raises SourceError; a PassingError where another attempt may go well."""
        way_out.set(Passage(self._http.proxy is not None or self._border.exempts(host_of(request.url))))
        try:
            async with self._session.request(
                request.method,
                request.url,
                headers=self._headers(request),
                data=request.form if request.json is None else request.json,
                allow_redirects=False,
                proxy=self._http.proxy,
            ) as answer:
                return await self._judged(request, answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._fault(request, error) from error

    def _headers(self, request: Request) -> dict[str, str]:
        close = {} if self._kept.keep_another() else {"Connection": "close"}
        return {**request.headers, **request.own, **close}

    async def _judged(self, request: Request, answer: aiohttp.ClientResponse) -> Response | Redirect:
        headers = _joined(answer.headers)
        received_at = self._clock.now()
        if answer.status in REDIRECTS and (target := headers.get("Location")):
            return Redirect(target, answer.status in PERMANENT)
        etag, modified = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
        expected = is_expected(answer.status, conditional=bool(etag or modified), look=request.head_only)
        if not expected:
            raise fault(request.shown, answer.status, headers, received_at, self._max_wait)
        unchanged = answer.status != 200
        unread = unchanged or request.head_only
        return Response(
            status=answer.status,
            url=str(request.url),
            body=b"" if unread else await self._body(request, answer, headers.get("Content-Encoding", "")),
            media_type=headers.get("Content-Type"),
            etag=headers.get("ETag", etag if unchanged else None),
            last_modified=headers.get("Last-Modified", modified if unchanged else None),
            headers=headers,
            received_at=received_at,
            fresh_until=fresh_until(headers, received_at),
        )

    async def _body(self, request: Request, answer: aiohttp.ClientResponse, encoding: str) -> bytes:
        try:
            body = Body(encoding, self._http.max_bytes, answer.content_length or 0)
            while piece := await answer.content.readany():
                body.feed(piece)
            return body.whole()
        except TooLargeError as error:
            message = f"{request.shown}: the body is larger than {self._http.max_bytes} bytes"
            raise SourceError("too_large", message) from error
        except BrokenError as error:
            raise SourceError("malformed", f"{request.shown}: {error}") from error

    def _fault(self, request: Request, error: Exception) -> SourceError:
        """Return what an exception of aiohttp means to us, most special first."""
        asked = request.shown
        match error:
            case aiohttp.ConnectionTimeoutError():
                return SourceError("timeout", f"{asked}: no connection within {self._http.connect_seconds:g} s")
            case TimeoutError():
                return SourceError("timeout", f"{asked}: silent for {self._http.read_seconds:g} s")
            case aiohttp.ClientConnectorError() if isinstance(error.os_error, RefusedAddressError):
                security_event("refused_address", address=asked, cause=str(error.os_error))
                return SourceError("refused", f"{asked}: {error.os_error}")
            case aiohttp.ClientSSLError():
                return InsecureError("unreachable", f"{asked}: {cause(error)}")
            case aiohttp.ClientConnectorDNSError() if _knows_none(error.os_error):
                return UnknownNameError("unreachable", f"{asked}: cannot connect: {cause(error.os_error)}")
            case aiohttp.ClientConnectorError():
                return PassingError("unreachable", f"{asked}: cannot connect: {cause(error.os_error)}")
            case aiohttp.ClientHttpProxyError():
                return SourceError("unreachable", f"{asked}: the proxy answers {error.status}")
            case aiohttp.ClientResponseError():
                found = type(error.__cause__ or error).__name__
                return SourceError("malformed", f"{asked}: the answer is not HTTP, or its head too large ({found})")
            case aiohttp.ClientPayloadError():
                return PassingError("unreachable", f"{asked}: the body breaks off")
            case aiohttp.InvalidURL():
                return SourceError("refused", f"{asked}: it cannot be asked like this")
        return PassingError("unreachable", f"{asked}: {cause(error)}")


def _knows_none(error: OSError) -> bool:
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME


def _joined(headers: CIMultiDictProxy[str]) -> CIMultiDictProxy[str]:
    """Return `headers` with each name once, without values that could not be sent back or stored.

    Repeated lines of a list are joined (RFC 9110 5.3). Of anything else the first counts.
    """
    joined: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if value != scrub(value):
            continue
        if name not in joined:
            joined[name] = value
        elif name.lower() in _LISTS:
            joined[name] += f", {value}"
    return CIMultiDictProxy(joined)
