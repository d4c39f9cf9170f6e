"""Connections that lead where they may, checked on the addresses that they are made to.

The border is watched twice. The resolver keeps only the addresses of a name that may be connected to, and the
connection uses just these. The socket factory then sees every address that a connection is about to be made to,
literal ones included.
"""

import socket
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from pake_pipelines.config.manners import Http
from pake_pipelines.sources.http.addresses import is_public
from pake_pipelines.sources.http.kept import KEPT_SECONDS

# Content-Security-Policy and Link headers of real sites exceed aiohttp's 8,190 bytes
_LONGEST_LINE: Final = 32_768


class RefusedAddressError(OSError):
    """An address may not be connected to."""


@dataclass(slots=True)
class Passage:
    """One request's way out: whether it may lead into a private network, and whether it made a connection."""

    exempt: bool
    connected: bool = False


way_out: ContextVar[Passage | None] = ContextVar("way_out", default=None)
"""That of the request which the current task is sending; set before each."""


def _is_exempt() -> bool:
    passage = way_out.get()
    return passage is not None and passage.exempt


def guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """Return a socket for `address`, as getaddrinfo gives it. Raises RefusedAddressError where it may not lead."""
    family, kind, protocol, _, target = address
    if not _is_exempt() and not is_public(target[0]):
        raise RefusedAddressError(f"{target[0]} is not public (see http.allow_private_hosts)")
    if passage := way_out.get():
        passage.connected = True
    return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """Looks names up and keeps only the addresses that may be connected to."""

    def __init__(self, resolver: AbstractResolver) -> None:
        """Ask `resolver`."""
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`. Raises RefusedAddressError when none may be connected to."""
        found = await self._resolver.resolve(host, port, family)
        allowed = found if _is_exempt() else [one for one in found if is_public(one["host"])]
        if not allowed:
            raise RefusedAddressError(f"{host} leads to a network that is not public (see http.allow_private_hosts)")
        return allowed

    async def close(self) -> None:
        """Close the resolver that was asked."""
        await self._resolver.close()


def cause(error: BaseException) -> str:
    """Return what `error` says of itself, or its name."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


async def _asked_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Let aiohttp repeat a request on a kept connection that had closed meanwhile, which is no request yet.

    What breaks on a connection of its own did reach the server, and repeating it is for the gate to allow.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        passage = way_out.get()
        if passage is not None and passage.connected:
            raise aiohttp.ClientConnectionError(cause(error)) from error
        raise


def open_session(http: Http, resolver: AbstractResolver | None) -> aiohttp.ClientSession:
    """Return a session with the manners of `http`; names are looked up with `resolver`, by default the system's.

    The number of connections in use is not bounded here, because waiting for one would count against the deadlines.
    """
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(resolver or ThreadedResolver()),
        socket_factory=guarded_socket,
        limit=0,
        keepalive_timeout=KEPT_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=http.connect_seconds, sock_read=http.read_seconds),
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=_LONGEST_LINE,
        max_field_size=_LONGEST_LINE,
        middlewares=(_asked_once,),
    )
