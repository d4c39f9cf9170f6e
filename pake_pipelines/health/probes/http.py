"""A web service: its status, and if wanted a text in its body, of which no more than a bounded part is ever read."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.services import HttpService
from pake_pipelines.health.probes import reaching
from pake_pipelines.health.probes.answer import Answer, milliseconds_since, unhealthy, unknown
from pake_pipelines.health.surroundings import Surroundings
from pake_pipelines.model.health import HealthStatus

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

_FIRST_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class Body:
    """What was read of a body: its first bytes, and whether there is more of it."""

    start: bytes
    goes_on: bool
    compressed: bool = False
    charset: str | None = None


async def probe(service: HttpService, surroundings: Surroundings) -> Answer:
    """Send one GET. A redirect is an answer and is not followed: it could lead anywhere."""
    import aiohttp

    url = _address(service, surroundings.environ)
    if url is None or url.host is None:
        return unknown(f"{service.url_env} does not hold a web address")
    try:
        await reaching.find(url.host)
        return await _ask(url, service, surroundings)
    except aiohttp.ClientConnectorCertificateError as error:
        return reaching.failed(error.certificate_error)  # type: ignore[arg-type]  # an ssl.SSLError
    except aiohttp.ClientConnectorError as error:
        return reaching.failed(error.os_error)
    except aiohttp.ServerDisconnectedError:
        return unhealthy("it closed the connection without an answer")
    except aiohttp.ClientPayloadError:
        return unhealthy("it broke off its answer")
    except aiohttp.ClientResponseError:
        return unhealthy("its answer is not HTTP")
    except aiohttp.InvalidURL:
        return unknown("its address is not one that can be asked")
    except OSError as error:
        return reaching.failed(error)


def _address(service: HttpService, environ: Mapping[str, str]) -> "URL | None":
    from yarl import URL

    try:
        url = URL(service.url if service.url is not None else environ[service.url_env or ""])
    except ValueError:
        return None
    return url if url.scheme in {"http", "https"} else None


async def _ask(url: "URL", service: HttpService, surroundings: Surroundings) -> Answer:
    import aiohttp

    headers = {"Accept-Encoding": "identity", "User-Agent": "pake-pipelines/health"}
    if service.bearer_env is not None:
        headers["Authorization"] = f"Bearer {surroundings.environ[service.bearer_env]}"
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        # a small compressed body can expand to anything
        auto_decompress=False,
        # the round has the deadline
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
    )
    started = time.perf_counter()
    async with session, session.get(url, headers=headers, allow_redirects=False) as response:
        body = None
        if not _wrong_status(service, response.status):
            body = await _read(response, surroundings.probing.max_body_bytes)
        answer = judge(service, response.status, body)
        return replace(answer, response_ms=milliseconds_since(started), http_status=response.status)


async def _read(response: "aiohttp.ClientResponse", most: int) -> Body:
    read = bytearray()
    goes_on = True
    while len(read) <= most:
        piece = await response.content.readany()
        if not piece:
            goes_on = False
            break
        read += piece
    compressed = response.headers.get("Content-Encoding", "identity").strip().lower() != "identity"
    return Body(bytes(read[:most]), goes_on, compressed, response.charset)


def _wrong_status(service: HttpService, status: int) -> bool:
    return status >= _FIRST_ERROR if service.expect_status is None else status != service.expect_status


def judge(service: HttpService, status: int, body: Body | None) -> Answer:
    """Return how a service stands that answered `status` and, where the status is right, `body`."""
    if _wrong_status(service, status) or body is None:
        wanted = f", expected {service.expect_status}" if service.expect_status is not None else ""
        return unhealthy(f"status {status}{wanted}")
    if service.expect_text is not None and not _holds(body, service.expect_text):
        if body.compressed:
            return unknown(f"status {status}, but the body came compressed and its text was not looked at")
        if body.goes_on:
            return unknown(f"status {status}, the expected text is not in the first {len(body.start)} bytes of more")
        return unhealthy(f"status {status} without the expected text")
    more = f", its body goes on after {len(body.start)} bytes and was not read further" if body.goes_on else ""
    return Answer(HealthStatus.HEALTHY, f"status {status}{more}")


def _holds(body: Body, text: str) -> bool:
    try:
        return text.encode(body.charset or "utf-8") in body.start
    except (LookupError, UnicodeEncodeError):
        return text.encode() in body.start
