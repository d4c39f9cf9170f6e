"""Canonical address: one spelling for all the addresses under which one page is linked."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

# query parameters that say where a reader came from, never what is read
_TRACKING: Final = re.compile(
    r"utm_\w+|mc_[ce]id|fbclid|gclid|dclid|msclkid|igshid|yclid|_hs(?:enc|mi)|mkt_tok|ref_src|cmpid|spm",
    re.IGNORECASE,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


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
    host = host.lower().removeprefix("www.").rstrip(".")
    if port and port != _DEFAULT_PORTS[parts.scheme.lower()]:
        host = f"{host}:{port}"
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=-._~%").rstrip("/") or "/"
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(name)]
    return urlunsplit(("https", host, path, urlencode(sorted(kept)), ""))


def _is_tracking(name: str) -> bool:
    return _TRACKING.fullmatch(name) is not None
