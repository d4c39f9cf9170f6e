"""Web pages without a feed: an index page or a sitemap is looked at, and the articles it lists are read once each.

What was read before is known by its address (`remembers_bodies`), so a visit that stops early is simply gone on with.
The validators of the index are remembered only when nothing it lists is left to read: an index that answers 304 would
otherwise hide the rest.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pake_pipelines.config.source_kinds import WebpageSource
from pake_pipelines.sources.http.client import HttpClient, Response
from pake_pipelines.sources.protocol import (
    Answer,
    Fetched,
    KnownBody,
    Memory,
    Reader,
    SourceError,
    Unchanged,
    Unreadable,
    Window,
)
from pake_pipelines.sources.web.article import parse_page
from pake_pipelines.sources.web.index import Link, Listing, listing
from pake_pipelines.sources.web.robots import KeptFiles, Robots, Rules

ATTEMPTS: Final = 3
"""Visits that try an address whose failure may pass; one that will not pass is not asked for again while listed."""

_FAILURES_IN_A_ROW: Final = 3  # then it is the site that fails, not an article
_MOST_SITEMAPS: Final = 100
_MOST_FAILED: Final = 1000
# A longer Crawl-delay is not waited for between two requests, but kept to on average: a visit reads at most the
# articles that ten minutes allow, and visits are at least an hour apart.
_LONGEST_PAUSE: Final = 10.0
_CRAWLED_FOR: Final = 600.0
_HTML: Final = frozenset({"text/html", "application/xhtml+xml", ""})


class Webpage(Reader):
    """Reads the articles that one index page or sitemap lists."""

    version = "webpage-1"
    remembers_bodies = True
    bodies_are_items = True
    parse = staticmethod(parse_page)

    def __init__(self, source: WebpageSource, http: HttpClient, robots: KeptFiles | None = None) -> None:
        """Look at the index of `source` through `http`; `robots` are files of sites that others have read."""
        self._source = source
        self._http = http
        self._kept_robots = robots

    async def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield the articles that are listed and not known, or newer than known; then what to remember of the index.

        Raises SourceError: disallowed by robots.txt, empty when the index lists no article, and what the client raises
        for the index. When articles cannot be read now (429, 503, or several failures in a row) the visit ends, with
        an error only if it has nothing to show.
        """
        visit = _Visit(self._source, self._http, memory, self._kept_robots)
        for unreadable in await visit.look():
            yield unreadable
        reached = False
        for link in await visit.due():
            try:
                answer = await visit.read(link)
            except SourceError:
                if reached:
                    return
                raise
            yield answer
            reached = reached or isinstance(answer, Fetched)
        yield visit.outcome()


def news(links: Iterable[Link], known: Mapping[str, KnownBody], failed: Mapping[str, int]) -> list[Link]:
    """Return the links to read: not known or changed since, and not given up; `failed` counts visits by address."""
    return [
        link
        for link in links
        if failed.get(link.url, 0) < ATTEMPTS and _is_newer(link.modified_at, known.get(link.url))
    ]


def _is_newer(modified_at: datetime | None, body: KnownBody | None) -> bool:
    if body is None:
        return True
    return modified_at is not None and body.modified_at is not None and modified_at > body.modified_at


def articles_per_visit(delay: float) -> int | None:
    """Return how many articles a visit may read at a Crawl-delay of `delay` seconds; None for any number."""
    return max(1, int(_CRAWLED_FOR / delay)) if delay > 0 else None


def ends_visit(error: SourceError) -> bool:
    """Tell whether the server asked to be left alone for a while."""
    return error.retry_at is not None or error.status in {429, 503} or error.kind == "busy"


class _Visit:
    """One visit: what the index lists, which addresses failed, and what will be remembered of it."""

    def __init__(self, source: WebpageSource, http: HttpClient, memory: Memory, robots: KeptFiles | None) -> None:
        self._source = source
        self._http = http
        self._known = memory.known
        self._robots = Robots(http, source.url, memory.cursor.get("robots"), robots)
        # an index that was read for other links says nothing about these
        same = memory.cursor.get("links") == source.links
        self._remembered: Mapping[str, Any] = memory.cursor.get("pages", {}) if same else {}
        self._failed: dict[str, int] = dict(memory.cursor.get("failed", {})) if same else {}
        self._pages: dict[str, Any] = {}
        self._links: dict[str, Link] = {}
        self._index_url = source.url
        self._unchanged = False
        self._left_over = False
        self._failures_in_a_row = 0
        self._fresh_until: datetime | None = None

    async def look(self) -> list[Unreadable]:
        """Read the index and the sitemaps it names, as far as they changed; return the sitemaps that failed."""
        index = await self._page(Link(self._source.url))
        named = self._named_before() if index is None else index.sitemaps
        unread = [unread for link in _newest(named) if (unread := await self._sitemap(link))]
        if len(named) > _MOST_SITEMAPS:
            detail = f"it names {len(named)} sitemaps; the {_MOST_SITEMAPS} changed last were read"
            unread.append(Unreadable(self._source.url, "too_many", detail))
        if not (self._links or self._unchanged or unread):
            hint = f"check `links` ({self._source.links})" if self._source.links else "`links` can say which they are"
            raise SourceError("empty", f"{self._source.url}: no article links found; {hint}")
        return unread

    async def due(self) -> list[Link]:
        """Return the articles to read now, in the order of the index."""
        links = news(self._links.values(), self._known, self._failed)
        most = articles_per_visit((await self._robots.rules(self._source.url)).delay)
        self._left_over = most is not None and len(links) > most
        return links[:most]

    async def read(self, link: Link) -> Fetched | Unreadable:
        """Read one article. Raises SourceError when no more should be asked for now."""
        try:
            response = await self._ask(link.url)
            self._check_article(link, response)
        except SourceError as error:
            return self._note(link, error)
        self._failures_in_a_row = 0
        self._failed.pop(link.url, None)
        return Fetched(
            link.url,
            response.body,
            response.received_at,
            media_type=response.media_type,
            modified_at=link.modified_at,
        )

    def outcome(self) -> Unchanged:
        """Return what to remember once every article that was due is handed out."""
        left = self._left_over or any(count < ATTEMPTS for count in self._failed.values())
        listed = self._links.keys() | self._pages.keys()
        failed = {url: count for url, count in self._failed.items() if self._unchanged or url in listed}
        cursor = {
            "links": self._source.links,
            "pages": dict(self._remembered if left else self._pages),
            "failed": dict(list(failed.items())[-_MOST_FAILED:]),
            "robots": self._robots.remember(),
        }
        return Unchanged(cursor=cursor, fresh_until=self._fresh_until)

    def _named_before(self) -> tuple[Link, ...]:
        """Return the sitemaps that the unchanged index named when it was read."""
        return tuple(
            Link(url, datetime.fromisoformat(page["modified_at"]) if page["modified_at"] else None)
            for url, page in self._remembered.items()
            if url != self._source.url
        )

    async def _sitemap(self, link: Link) -> Unreadable | None:
        if self._failed.get(link.url, 0) >= ATTEMPTS:
            self._pages[link.url] = {"modified_at": None, "etag": None, "last_modified": None, "sha256": None}
            return None
        try:
            await self._page(link)
        except SourceError as error:
            return self._note(link, error)
        self._failed.pop(link.url, None)
        return None

    async def _page(self, link: Link) -> Listing | None:
        """Read an index page or sitemap and take up its articles; None when it is as it was."""
        before = self._remembered.get(link.url)
        changed = link.modified_at.isoformat() if link.modified_at else None
        if before and changed and before["modified_at"] == changed:
            self._pages[link.url], self._unchanged = before, True
            return None
        response = await self._ask(link.url, before)
        if link.url == self._source.url:
            self._index_url, self._fresh_until = response.url, response.fresh_until
        digest = hashlib.sha256(response.body).hexdigest()
        unchanged = before is not None and (response.status == 304 or digest == before["sha256"])
        self._pages[link.url] = {
            "modified_at": changed,
            "etag": response.etag,
            "last_modified": response.last_modified,
            "sha256": before["sha256"] if before and unchanged else digest,
        }
        if unchanged:
            self._unchanged = True
            return None
        found = await asyncio.to_thread(listing, response.body, response.media_type, response.url, self._source.links)
        for article in found.articles:
            self._links.setdefault(article.url, article)
        return found

    async def _ask(self, url: str, before: Mapping[str, Any] | None = None) -> Response:
        rules = await self._robots.check(url)
        validators = {name: before[name] for name in ("etag", "last_modified")} if before else {}
        try:
            response = await self._http.get(url, **validators)
        finally:
            await self._pause(url, rules)
        if response.url != url:
            await self._robots.check(response.url)
        return response

    async def _pause(self, url: str, rules: Rules) -> None:
        if rules.delay:
            await self._http.hold(url, datetime.now(UTC) + timedelta(seconds=min(rules.delay, _LONGEST_PAUSE)))

    def _check_article(self, link: Link, response: Response) -> None:
        if response.url in {self._index_url, self._source.url}:
            raise SourceError("missing", f"{link.url} leads back to the index")
        if (response.media_type or "").partition(";")[0].strip().lower() not in _HTML:
            raise SourceError("malformed", f"{link.url} is {response.media_type}, not a web page")
        if not response.body.strip():
            raise SourceError("empty", f"{link.url}: the page is empty")

    def _note(self, link: Link, error: SourceError) -> Unreadable:
        if ends_visit(error):
            raise error
        if error.transient:
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
                raise error
            self._failed[link.url] = self._failed.get(link.url, 0) + 1
        # what robots.txt refuses costs no request, and it may change its mind
        elif error.kind != "disallowed":
            self._failed[link.url] = ATTEMPTS
        return Unreadable(link.url, error.kind, str(error))


def _newest(sitemaps: tuple[Link, ...]) -> list[Link]:
    """Return as many sitemaps as a visit reads, those changed last; an undated one counts as the oldest."""
    if len(sitemaps) <= _MOST_SITEMAPS:
        return list(sitemaps)
    long_ago = datetime.min.replace(tzinfo=UTC)
    return sorted(sitemaps, key=lambda link: link.modified_at or long_ago, reverse=True)[:_MOST_SITEMAPS]
