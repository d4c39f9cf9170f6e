"""Reaching a service over the network: finding its host, and whose fault it is when that fails."""

import errno
import os
import re
import socket
import ssl
from typing import Final

from pake_pipelines.health import blocking
from pake_pipelines.health.probes.answer import Answer, unhealthy, unknown

# what this machine lacks says nothing about the service: descriptors, memory, ports, a network, leave to use it
_OURS: Final = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOBUFS,
        errno.EADDRNOTAVAIL,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EACCES,
        errno.EPERM,
        errno.EAFNOSUPPORT,
    }
)


async def find(host: str) -> None:
    """Look up `host`, so that the library that asks next finds the answer at hand. Raises socket.gaierror.

    Libraries look names up in the loop's few threads, which one resolver that does not answer would keep busy.
    """
    await blocking.ask(("name", host), lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))


def failed(error: OSError) -> Answer:
    """Return what an error of the network says about the service; it never repeats the address."""
    if isinstance(error, socket.gaierror):
        told = error.strerror or "no such name"
        if error.errno == socket.EAI_AGAIN:
            return unknown(f"its host cannot be looked up, the resolver does not answer: {told}")
        return unhealthy(f"its host has no address: {told}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return unhealthy(f"its certificate is not accepted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return unhealthy(f"no encrypted connection: {getattr(error, 'reason', None) or 'the handshake failed'}")
    if isinstance(error, TimeoutError) and error.errno is None:
        return unhealthy("no answer in time")
    numbers = _numbers(error)
    theirs = numbers - _OURS
    words = ", ".join(sorted(os.strerror(number).lower() for number in theirs or numbers)) or type(error).__name__
    if numbers and not theirs:
        return unknown(f"cannot be asked from here: {words}")
    return unhealthy(f"no connection: {words}")


def _numbers(error: OSError) -> frozenset[int]:
    """Return the error numbers in `error`; asyncio has only a text for several addresses that failed each."""
    if error.errno is not None:
        return frozenset({error.errno})
    return frozenset(int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error)))
