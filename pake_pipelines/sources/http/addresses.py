"""Which addresses may be asked: a decision about an address as it is written, and one about where it leads.

Both are needed. The first refuses early and says why; the second is taken on what is really connected to, whatever
name or redirect led there (see `exchange`).
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.manners import Http

if TYPE_CHECKING:
    from yarl import URL

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# RFC 9637; newer than the tables of Python 3.11
_DOCUMENTATION: Final = ipaddress.IPv6Network("3fff::/20")
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
# WHATWG URL, "ends in a number": what a resolver may read as an IPv4 address, in whatever notation
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


def host_of(url: "URL") -> str:
    """Return the host of `url` as it is looked up: ASCII, lower case, without brackets and trailing dots."""
    return (url.raw_host or "").rstrip(".").lower()


@lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Tell whether `address` is an IP address, in its canonical notation, that lies in the open internet."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if carried := _carried(ip):
        return carried.is_global and not carried.is_multicast
    outside = ip.is_multicast or ip.is_reserved or ip.is_site_local or ip.scope_id is not None or ip in _DOCUMENTATION
    return ip.is_global and not outside


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a gateway would make of `ip`: mapped, NAT64 (RFC 6052) or 6to4 (RFC 3056).

    Teredo and the compatible form (::a.b.c.d) need no such care: they are not public whatever they carry.
    """
    if ip in _NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour


@dataclass(frozen=True, slots=True)
class Border:
    """Where requests may go: the ports, and the hosts inside private networks that may be asked on any port."""

    ports: frozenset[int]
    private_hosts: frozenset[str]

    @classmethod
    def of(cls, http: Http) -> "Border":
        """Return the border that the configuration draws."""
        hosts = (host.strip("[]").rstrip(".").lower() for host in http.allow_private_hosts)
        return cls(frozenset(http.ports), frozenset(hosts))

    def exempts(self, host: str) -> bool:
        """Tell whether `host` (see `host_of`) may lie in a private network."""
        return host in self.private_hosts

    def refusal(self, url: "URL") -> str | None:
        """Return why `url` may not be asked, judged by how it is written; None when it may."""
        host = host_of(url)
        if url.scheme not in {"http", "https"} or not host:
            return "only http and https addresses with a host are asked"
        if url.raw_user is not None or url.raw_password is not None:
            return "it carries credentials"
        if self.exempts(host):
            return None
        if url.port not in self.ports:
            return f"port {url.port} is not open (see http.ports)"
        return None if _may_be_public(host) else "the address is not public (see http.allow_private_hosts)"


def _may_be_public(host: str) -> bool:
    """Tell whether `host` is a public address, or a name that could lead to one."""
    if ":" in host or _NUMBER.fullmatch(host):
        return is_public(host)
    return bool(_NAME.fullmatch(host)) and host.rsplit(".", maxsplit=1)[-1] != "localhost"
