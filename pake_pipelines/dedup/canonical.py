"""Canonical address: one spelling for all the addresses under which one page is linked."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

# query parameters that say where a reader came from, never what is read
_TRACKING: Final = re.compile(
    r"utm_\w+|mc_[ce]id|fbclid|gclid|dclid|msclkid|igshid|yclid|_hs(?:enc|mi)|mkt_tok|ref_src|cmpid|spm",
    re.IGNORECASE,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WWW: Final = re.compile(r"^(?:www\.)+(?=.)")
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")


def canonical_url(url: str | None) -> str | None:
    """Return the canonical form of a web address, or None when there is none to speak of.

    Scheme, `www.`, default port, fragment, trailing slash, parameter order and tracking parameters do not count.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in _DEFAULT_PORTS or not host:
        return None
    host = _WWW.sub("", host.lower().rstrip("."))
    if not host:
        return None
    if ":" in host:
        host = f"[{host}]"
    if port and port != _DEFAULT_PORTS[parts.scheme.lower()]:
        host = f"{host}:{port}"
    path = quote(_PERCENT.sub(_escape, parts.path), safe="/:@!$&'()*+,;=-._~%").rstrip("/") or "/"
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(name)]
    return urlunsplit(("https", host, path, urlencode(sorted(kept)), ""))


def _escape(match: re.Match[str]) -> str:
    """Return an escape in its one normal form (RFC 3986, 6.2.2): `%61` is `a`, but `%2F` is not `/`."""
    if match[1] is None:
        return "%25"
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()


def _is_tracking(name: str) -> bool:
    return _TRACKING.fullmatch(name) is not None
