"""What an index page or a sitemap (sitemaps.org) lists: the addresses of articles, and of further sitemaps."""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from typing import Any, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from pake_pipelines.sources.html_tree import decode, tree_of
from pake_pipelines.sources.protocol import SourceError

# sitemaps.org: at most 50,000 addresses and 52,428,800 bytes in one sitemap, addresses below 2,048 characters
_MOST_LINKS: Final = 50_000
_LARGEST: Final = 52_428_800
_LONGEST_ADDRESS: Final = 2_047

_GZIP: Final = b"\x1f\x8b"
_SITEMAP: Final = re.compile(rb"<(?:\w{1,20}:)?(?:urlset|sitemapindex)[\s>]")
_SITEMAP_HEAD: Final = 4096
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NO_ARTICLE: Final = re.compile(
    r"\.(?:7z|atom|avi|avif|bmp|bz2|css|csv|docx?|epub|exe|gif|gz|ico|jpe?g|js|json|m4a|mov|mp[34]|mpe?g|og[agv]|pdf"
    r"|png|pptx?|rar|rss|svg|tar|tgz|tiff?|wav|webm|webp|wm[av]|woff2?|xlsx?|xml|xz|zip)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A listed address, and when a sitemap says that it was last changed."""

    url: str
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What one page lists, in order of appearance and each address once."""

    articles: tuple[Link, ...] = ()
    sitemaps: tuple[Link, ...] = ()


def listing(body: bytes, content_type: str | None, address: str, links: str | None) -> Listing:
    """Return what the index page or sitemap at `address` lists.

    With `links`, articles are the addresses in which the expression is found; without, those of the same host, and
    from a page only those below its own path. Raises SourceError when a compressed sitemap cannot be unpacked.
    """
    plain = _unpacked(body, address) if body.startswith(_GZIP) else body
    if _SITEMAP.search(plain[:_SITEMAP_HEAD]):
        return _of_sitemap(plain, address, links)
    below = None if links else _directory(address)
    found = (Link(url) for url in _hrefs(plain, content_type, address))
    return Listing(articles=_articles(found, address, links, below))


def _unpacked(body: bytes, address: str) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, _LARGEST + 1)
    except zlib.error as error:
        raise SourceError("malformed", f"{address}: a compressed sitemap that cannot be unpacked: {error}") from error
    if len(plain) > _LARGEST:
        raise SourceError("too_large", f"{address}: the sitemap is larger than {_LARGEST} bytes")
    if not unpacking.eof:
        raise SourceError("malformed", f"{address}: the compressed sitemap ends too early")
    return plain


def _of_sitemap(body: bytes, address: str, links: str | None) -> Listing:
    articles: list[Link] = []
    sitemaps: list[Link] = []
    for kind, link in islice(_located(body, address), _MOST_LINKS):
        (articles if kind == "url" else sitemaps).append(link)
    host = _host(address)
    return Listing(
        _articles(_without_build_time(articles), address, links, None),
        tuple({link.url: link for link in sitemaps if _host(link.url) == host and link.url != address}.values()),
    )


def _located(body: bytes, address: str) -> Iterator[tuple[str, Link]]:
    """Yield ("url" or "sitemap", link) for every usable entry; entities stay unresolved, broken markup is skipped."""
    from lxml import etree

    safe = {
        "resolve_entities": False,
        "load_dtd": False,
        "no_network": True,
        "remove_comments": True,
        "remove_pis": True,
    }
    events = etree.iterparse(BytesIO(body), tag=("{*}url", "{*}sitemap"), recover=True, **safe)
    try:
        for _, element in events:
            url = web_link(address, element.findtext("{*}loc") or "")
            if url:
                yield etree.QName(element).localname, Link(url, moment_of(element.findtext("{*}lastmod") or ""))
            _release(element)
    except etree.LxmlError:
        return  # what came before the damage is good


def _release(element: Any) -> None:
    """Take a finished element out of the tree, so that a long sitemap needs no more memory than a short one."""
    element.clear()
    while (before := element.getprevious()) is not None:
        element.getparent().remove(before)


def _without_build_time(links: list[Link]) -> list[Link]:
    """Drop the dates when all are the same: then they tell when the sitemap was made, not when a page changed."""
    if len(links) > 1 and len({link.modified_at for link in links}) == 1:
        return [Link(link.url) for link in links]
    return links


def _hrefs(body: bytes, content_type: str | None, address: str) -> Iterator[str]:
    tree = tree_of(decode(body, content_type))
    if tree is None:
        return
    base = base_of(tree, address)
    for anchor in islice(tree.iter("a", "area"), _MOST_LINKS):
        if url := web_link(base, anchor.get("href") or ""):
            yield url


def _articles(found: Iterable[Link], address: str, links: str | None, below: str | None) -> tuple[Link, ...]:
    itself, host = urldefrag(address).url, _host(address)
    wanted = re.compile(links) if links else None
    kept: dict[str, Link] = {}
    for link in found:
        if link.url == itself or _NO_ARTICLE.search(urlsplit(link.url).path):
            continue
        matches = wanted.search(link.url) if wanted else _host(link.url) == host and _is_below(link.url, below)
        if matches:
            kept.setdefault(link.url, link)
    return tuple(kept.values())


def _is_below(url: str, directory: str | None) -> bool:
    path = urlsplit(url).path
    return directory is None or (path.startswith(directory) and path != directory)


def _directory(address: str) -> str:
    """Return the path that the articles of an index page lie below: `/blog/` for /blog, /blog/ and /blog/index.html."""
    path = urlsplit(address).path
    folder, _, last = path.rpartition("/")
    return f"{folder}/" if "." in last or not last else f"{path}/"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def base_of(tree: Any, address: str) -> str:
    """Return what the links of the page at `address` are relative to: its <base>, else the address itself."""
    stated = next((base.get("href") for base in tree.iter("base") if base.get("href")), "")
    return web_link(address, stated) or address


def web_link(base: str, reference: str) -> str | None:
    """Return the web address that `reference` on the page `base` leads to, without its fragment; None for no other."""
    reference = reference.strip()
    if not reference or len(reference) > _LONGEST_ADDRESS or _UNPRINTABLE.search(reference):
        return None
    try:
        url = urldefrag(urljoin(base, reference.replace(" ", "%20"))).url
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    usable = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return url if usable and len(url) <= _LONGEST_ADDRESS else None


def moment_of(text: str) -> datetime | None:
    """Return a W3C date or time (whole days at midnight UTC); None for anything else, coarser dates included."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
