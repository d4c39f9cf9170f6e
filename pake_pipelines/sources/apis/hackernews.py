"""Hacker News through Algolia's search: the stories of some days, or of the last ones.

One query gives 1,000 stories at most, on whatever pages (algolia/hn-search #230). The answer is sorted by time, newest
first, so what is left of a window is split off where a page ends: the next query asks for stories up to the second of
the oldest one. That needs no page numbers, and stories that come or gain points meanwhile move nothing.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from pake_pipelines.config.source_kinds import HackerNewsSource
from pake_pipelines.sources.apis.hackernews_answer import Page, parse_hackernews, read_page
from pake_pipelines.sources.apis.paged import page_answer
from pake_pipelines.sources.http.client import HttpClient
from pake_pipelines.sources.protocol import (
    Answer,
    Cursor,
    Memory,
    Reader,
    SourceError,
    Unreadable,
    Window,
)

# Every visit to the present reads this far back, because a story reaches `min_points` hours after it was posted. Hacker
# News divides points by about the power 1.8 of a story's age in hours: after two days hardly one is still seen and
# voted for.
LOOK_BACK: Final = timedelta(hours=48)

FINISHED: Final = {"finished": True}


class HackerNews(Reader):
    """Reads the stories that a source's query and minimum of points select."""

    version = "hackernews-1"
    dated = True
    parse = staticmethod(parse_hackernews)

    def __init__(self, source: HackerNewsSource, http: HttpClient) -> None:
        """Ask for what `source` says, through `http`."""
        self._source = source
        self._http = http

    async def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield one page of stories after the other, newest first, each with the cursor of the page that follows.

        Raises SourceError: busy when a page is empty that should not be, malformed when the answer is unusable, and
        what the client raises.
        """
        span: Span | None = begin(window, memory.cursor, datetime.now(UTC))
        while span:
            url = address(self._source, span)
            response = await self._http.get(url)
            page = read_page(response.body)
            rest = span.below(page)
            if span.splits_no_further(page):
                yield _too_many(url, page)
            yield page_answer(url, response, rest.cursor if rest else span.outcome, empty=not page.count)
            span = rest


@dataclass(frozen=True, slots=True)
class Span:
    """Unix seconds from `first` to `before`, not included; `until` is where a visit to the present began, else None."""

    first: int
    before: int
    until: int | None = None

    @property
    def cursor(self) -> dict[str, Any]:
        """This span as a JSON object."""
        return {"first": self.first, "before": self.before, "until": self.until}

    @property
    def outcome(self) -> dict[str, Any]:
        """What later visits need once the span is read."""
        return FINISHED if self.until is None else {"since": self.until}

    def below(self, page: Page) -> "Span | None":
        """Return what is left behind `page`, None when nothing is. Raises SourceError (busy, malformed).

        The second of the oldest story is asked for again, it may have more stories; their keys are the same.
        """
        if page.total <= page.count:
            return None
        if not page.count:
            raise SourceError("busy", f"Algolia counts {page.total} stories and shows none")
        falling = sorted(page.created, reverse=True)
        if not falling or falling != list(page.created) or falling[0] >= self.before:
            raise SourceError("malformed", "Algolia's answer is not what was asked for, newest first")
        before = page.created[-1] + (0 if self.splits_no_further(page) else 1)
        return replace(self, before=before) if before > self.first else None

    def splits_no_further(self, page: Page) -> bool:
        """Tell whether `page` has more stories than it shows, all that it shows being of the last second asked for."""
        return page.total > page.count > 0 and set(page.created) == {self.before - 1}


def begin(window: Window | None, cursor: Cursor, now: datetime) -> Span:
    """Return the span to read: what an interrupted reading left, else the window, else what is new or may be."""
    if "before" in cursor:
        return Span(int(cursor["first"]), int(cursor["before"]), cursor["until"])
    if window:
        return Span(int(window.start.timestamp()), int(window.end.timestamp()))
    seconds = int(now.timestamp())
    since = min(seconds, int(cursor.get("since", seconds)))
    return Span(since - int(LOOK_BACK.total_seconds()), seconds + 1, seconds)


def address(source: HackerNewsSource, span: Span) -> str:
    """Return the address of the newest stories of `span`."""
    conditions = [f"created_at_i>={span.first}", f"created_at_i<{span.before}"]
    if source.min_points:
        conditions.append(f"points>={source.min_points}")
    fields = {
        "query": source.query,
        "tags": "story",
        "numericFilters": ",".join(conditions),
        "hitsPerPage": source.page_size,
    }
    return f"{source.url}?{urlencode(fields)}"


def _too_many(url: str, page: Page) -> Unreadable:
    second = f"{datetime.fromtimestamp(page.created[-1], UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Unreadable(
        url, "too_many", f"a page of {page.count} stories, all of {second}: any more of that second is lost"
    )
