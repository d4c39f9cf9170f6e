"""Mirrors: the other hosts and paths under which well-known services and publishers show one page.

Each form is one that the service itself documents or redirects from. A rule belongs here only if nobody could publish
something else under the address that it drops.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Address:
    """A web address in parts; the host in lower case without `www.`, the path with its leading slash."""

    host: str
    path: str
    query: tuple[tuple[str, str], ...]


def original(address: Address) -> tuple[str | None, Address]:
    """Return the address that `address` is another form of: (a whole address that it wraps, None) or (None, parts)."""
    wrapped = _wrapped(address)
    if wrapped is not None:
        return wrapped, address
    return None, _service(_plain_edition(_without_amp(address)))


# caches and archives that carry the original address in their own
_WRAPPERS: Final = (
    (re.compile(r"google\.[a-z.]+"), re.compile(r"/amp/(s/)?(?P<rest>.+)")),
    (re.compile(r"[^/]+\.cdn\.ampproject\.org"), re.compile(r"/(?:[a-z]/)?(?:[cvi]/)?(s/)?(?P<rest>[^/]+\.[^/].*)")),
    (re.compile(r"web\.archive\.org"), re.compile(r"/web/\d+(?:[a-z]{2}_)?/(?:https?://?)?(?P<rest>.+)")),
)


def _wrapped(address: Address) -> str | None:
    for host, path in _WRAPPERS:
        match = path.fullmatch(address.path) if host.fullmatch(address.host) else None
        if match:
            query = "&".join(f"{name}={value}" for name, value in address.query)
            return f"https://{unquote(match['rest'])}" + (f"?{query}" if query else "")
    return None


_AMP_PARAMETERS: Final = frozenset({("amp", ""), ("amp", "1"), ("amp", "true"), ("outputtype", "amp"), ("m", "amp")})
# a leading or a trailing /amp, and page.amp, page.amp.html, page_amp.html
_AMP_PATH: Final = re.compile(r"^/amp(?=/.)|/amp(?:\.html?)?/?$|[._]amp(?=\.html?$|$)", re.IGNORECASE)


def _without_amp(address: Address) -> Address:
    """Return the page whose AMP form `address` is (amp.dev, "Make your pages discoverable")."""
    host = address.host.removeprefix("amp.") if address.host.count(".") > 1 else address.host
    path = _AMP_PATH.sub("", address.path) or "/"
    query = tuple(one for one in address.query if (one[0].lower(), one[1].lower()) not in _AMP_PARAMETERS)
    return Address(host, path, query)


_MOBILE_HOST: Final = re.compile(
    r"^(?:m|mobile)\.(?=[^.]+\.)|(?<=^[a-z]{2}\.)m\.(?=[^.]+\.)|(?<=^[a-z]{3}\.)m\.(?=[^.]+\.)"
)
_INDEX: Final = re.compile(r"(?<=/)(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)


def _plain_edition(address: Address) -> Address:
    """Return the ordinary page of a mobile host and of a directory's index file."""
    return replace(address, host=_MOBILE_HOST.sub("", address.host), path=_INDEX.sub("", address.path) or "/")


def _service(address: Address) -> Address:
    for hosts, rule in _SERVICES:
        if hosts.fullmatch(address.host):
            return rule(address)
    return address


_ARXIV: Final = re.compile(
    r"/(?:abs|pdf|html|ps|format)/(?P<id>(?:[a-z.-]+/)?\d[\d.]+\d)(?:v\d+)?(?:\.pdf)?/?", re.IGNORECASE
)


def _arxiv(address: Address) -> Address:
    match = _ARXIV.fullmatch(address.path)
    return Address("arxiv.org", f"/abs/{match['id']}" if match else address.path, () if match else address.query)


def _youtube(address: Address) -> Address:
    match = re.fullmatch(r"/(?:shorts|embed|live|v)/([\w-]+)/?", address.path)
    if address.host == "youtu.be":
        match = re.fullmatch(r"/([\w-]+)/?", address.path)
    video = match[1] if match else dict(address.query).get("v")
    if video is None or not (match or address.path == "/watch"):
        return replace(address, host="youtube.com" if address.host != "youtu.be" else address.host)
    return Address("youtube.com", "/watch", (("v", video),))


_REDDIT: Final = re.compile(r"(?P<thread>/(?:r/[^/]+/)?comments/[^/]+)(?:/[^/]*)?/?")


def _reddit(address: Address) -> Address:
    match = _REDDIT.fullmatch(address.path)
    return Address("reddit.com", match["thread"] if match else address.path, () if match else address.query)


def _hosted(host: str) -> Callable[[Address], Address]:
    return lambda address: replace(address, host=host)


_SERVICES: Final[tuple[tuple[re.Pattern[str], Callable[[Address], Address]], ...]] = (
    (re.compile(r"(?:export\.|[a-z]{2}\.)?arxiv\.org"), _arxiv),
    (re.compile(r"youtu\.be|(?:music\.)?youtube(?:-nocookie)?\.com"), _youtube),
    (re.compile(r"(?:(?:old|new|np|i|amp)\.)?reddit\.com"), _reddit),
    (re.compile(r"twitter\.com"), _hosted("x.com")),
    (re.compile(r"dx\.doi\.org"), _hosted("doi.org")),
)
