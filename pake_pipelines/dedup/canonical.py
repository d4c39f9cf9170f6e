"""Canonical address: one spelling for all the addresses under which one page is linked."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pake_pipelines.dedup.mirrors import Address, original

# Query parameters that say where a reader came from, never what is read: families and single names of Mozilla's
# query-stripping list and of AdGuard's general list, without those that some sites give a meaning (ref, source, id).
_TRACKING: Final = re.compile(
    r"(?:utm|mtm|pk|piwik|hsa|guce|oly|vero|itm|fb_action|at_(?:campaign|medium|link|bbc))_?\w*|"
    r"(?:fbc|gc|dc|twc|ttc|yc|ysc)lid|(?:msclk|wbra|gbra|s_c)id|igshi?d?|mc_[cet]id|_hs(?:enc|mi)|__hs\w+|mkt_tok|"
    r"gclsrc|gad_source|li_fat_id|ref_src|ref_url|cmpid|ncid|spm|_ga|_gl|guccounter|__twitter_impression|emc|smid",
    re.IGNORECASE,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WWW: Final = re.compile(r"^(?:www\d?\.)+(?=.)")
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
# forms of forms of a page: an archive's copy of a cache's AMP page; whoever wraps deeper hides something
_DEEPEST: Final = 6


def canonical_url(url: str | None) -> str | None:
    """Return the canonical form of a web address, or None when there is none to speak of.

    Scheme, `www.`, default port, fragment, trailing slash, parameter order and tracking parameters do not count, nor
    does the form in which a page is served: AMP, for telephones, from a cache, an archive or a service's other host.
    """
    for _ in range(_DEEPEST):
        address = _address(url)
        if address is None:
            return None
        simpler = _simpler(address)
        if simpler == url:
            return url
        url = simpler
    return None


def _simpler(address: Address) -> str:
    wrapped, shown = original(address)
    if wrapped is not None:
        return wrapped
    query = sorted((name, value) for name, value in shown.query if not _TRACKING.fullmatch(name))
    return urlunsplit(("https", shown.host, _path(shown.path), urlencode(query), ""))


def _address(url: str | None) -> Address | None:
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    host = _WWW.sub("", host.lower().rstrip("."))
    if not host:
        return None
    if ":" in host:
        host = f"[{host}]"
    if port and port != _DEFAULT_PORTS[scheme]:
        host = f"{host}:{port}"
    return Address(host, _path(parts.path), tuple(parse_qsl(parts.query, keep_blank_values=True)))


def _path(path: str) -> str:
    return quote(_PERCENT.sub(_escape, path), safe="/:@!$&'()*+,;=-._~%").rstrip("/") or "/"


def _escape(match: re.Match[str]) -> str:
    """Return an escape in its one normal form (RFC 3986, 6.2.2): `%61` is `a`, but `%2F` is not `/`."""
    if match[1] is None:
        return "%25"
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()
