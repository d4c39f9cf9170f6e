"""The only way out: guarded HTTP GET for content.

Addresses in private, loopback, link-local or otherwise non-public networks are refused when they are connected to,
on every hop and whatever name led there, unless the configuration allows their host. Proxy variables are ignored.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from pake_pipelines.config.sources import Http
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.scrub import scrub

if TYPE_CHECKING:
    import aiohttp

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CHUNK = 65536
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Response:
    """A final answer: 200 with its body, or 304 without one."""

    status: int
    url: str
    body: bytes
    media_type: str | None
    etag: str | None
    last_modified: str | None
    received_at: datetime


class _TransientError(SourceError):
    """A fault that the next attempt may not meet."""


def is_public(address: str) -> bool:
    """Tell whether `address` (an IP) may be connected to without an allowance."""
    ip = ipaddress.ip_address(address)
    reached = _carried(ip) or ip if isinstance(ip, ipaddress.IPv6Address) else ip
    return reached.is_global and not reached.is_multicast


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a gateway would make of `ip`: mapped, NAT64 (RFC 6052) or 6to4."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour


class HttpClient:
    """A session with manners; open one with `open_client`."""

    def __init__(self, session: "aiohttp.ClientSession", manners: Http) -> None:
        """Wrap an open session; use `open_client`."""
        self._session = session
        self._manners = manners

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        """GET `url`, conditionally where validators are given. Raises SourceError naming the address and the cause."""
        headers = {"User-Agent": self._manners.user_agent, "Accept-Encoding": "gzip, deflate"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        for attempt in range(1, self._manners.attempts + 1):
            try:
                async with asyncio.timeout(self._manners.total_seconds):
                    return await self._follow(url, headers)
            except _TransientError:
                if attempt == self._manners.attempts:
                    raise
                await asyncio.sleep(attempt)
            except TimeoutError as error:
                raise SourceError(
                    "timeout", f"GET {url}: no answer within {self._manners.total_seconds:g} s"
                ) from error
        raise AssertionError("attempts is at least 1")

    async def _follow(self, url: str, headers: dict[str, str]) -> Response:
        here = url
        for _ in range(self._manners.max_redirects + 1):
            self._check_address(here)
            answer = await self._once(here, headers)
            if isinstance(answer, Response):
                return answer
            here = urljoin(here, answer)
        raise SourceError("refused", f"GET {url}: more than {self._manners.max_redirects} redirects")

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SourceError("refused", f"GET {url}: only http and https addresses are followed")
        if parts.username or parts.password:
            raise SourceError("refused", f"a redirect to {parts.hostname} carries credentials and is not followed")
        try:
            literal = ipaddress.ip_address(parts.hostname)
        except ValueError:
            return
        if not is_public(str(literal)) and parts.hostname not in self._manners.allow_private_hosts:
            raise SourceError("refused", f"GET {url}: the address is not public (see http.allow_private_hosts)")

    async def _once(self, url: str, headers: dict[str, str]) -> Response | str:
        """Return the final response, or the target of a redirect."""
        import aiohttp

        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status in _REDIRECTS and (target := answer.headers.get("Location")):
                    return target
                return await self._read(url, answer)
        except _RefusedAddressError as error:
            raise SourceError("refused", f"GET {url}: {error}") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _RefusedAddressError):
                raise SourceError("refused", f"GET {url}: {error.os_error}") from error
            raise _TransientError("unreachable", f"GET {url}: cannot connect: {_cause(error.os_error)}") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise SourceError("unreachable", f"GET {url}: {_cause(error)}") from error

    async def _read(self, url: str, answer: "aiohttp.ClientResponse") -> Response:
        if answer.status in _TRANSIENT:
            raise _TransientError("http_status", f"GET {url}: the server answers {answer.status} {answer.reason}")
        if answer.status not in {200, 304}:
            raise SourceError("http_status", f"GET {url}: the server answers {answer.status} {answer.reason}")
        body = bytearray()
        if answer.status == 200:
            async for chunk in answer.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > self._manners.max_bytes:
                    raise SourceError(
                        "too_large", f"GET {url}: the body is larger than {self._manners.max_bytes} bytes"
                    )
        return Response(
            answer.status,
            url,
            bytes(body),
            _header(answer, "Content-Type"),
            _header(answer, "ETag"),
            _header(answer, "Last-Modified"),
            datetime.now(UTC),
        )


def _header(answer: "aiohttp.ClientResponse", name: str) -> str | None:
    """Return a header; None where it is missing or no text, because it could not be sent back as it came."""
    value = answer.headers.get(name)
    return value if value == scrub(value) else None


def _cause(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _RefusedAddressError(OSError):
    """A name led to an address that may not be connected to."""


@asynccontextmanager
async def open_client(manners: Http) -> AsyncIterator[HttpClient]:
    """Open a client for a few requests; connections are not kept longer than the block."""
    import aiohttp
    from aiohttp.abc import AbstractResolver
    from aiohttp.resolver import ThreadedResolver

    class GuardedResolver(AbstractResolver):
        """Resolves names and keeps only the addresses that may be connected to; the connector uses just these."""

        def __init__(self) -> None:
            self._resolver = ThreadedResolver()

        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[Any]:
            found = await self._resolver.resolve(host, port, family)
            allowed = [one for one in found if host in manners.allow_private_hosts or is_public(one["host"])]
            if not allowed:
                raise _RefusedAddressError(f"{host} leads to a network that is not public")
            return list(allowed)

        async def close(self) -> None:
            await self._resolver.close()

    timeout = aiohttp.ClientTimeout(total=None, connect=manners.connect_seconds)
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(), limit=16, force_close=True)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield HttpClient(session, manners)
