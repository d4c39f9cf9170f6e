"""arXiv through its query API: the papers of a day by submission, or what is new and what has a new version.

The API takes a range of submission dates, but none of the dates of new versions (it ignores `lastUpdatedDate` in a
query, ropensci/aRxiv #69). So a visit to the present goes down the papers in the order of their last change, newest
first, and stops at those that an earlier visit must have seen. One request in three seconds, one at a time, is asked of
all of arXiv's APIs together (terms of use); the client keeps to it (`http.rates`).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from pake_pipelines.config.source_kinds import ArxivSource
from pake_pipelines.sources.apis.arxiv_answer import Page, parse_arxiv, read_page
from pake_pipelines.sources.apis.paged import page_answer
from pake_pipelines.sources.http.client import HttpClient, Response
from pake_pipelines.sources.protocol import (
    Answer,
    Cursor,
    Memory,
    Reader,
    SourceError,
    Unchanged,
    Unreadable,
    Window,
)

# How far back a first visit goes, and how far below the newest known change any later one. Papers are dated by their
# submission but appear with their announcement: over a weekend three days later (submitted on Thursday evening,
# announced on Sunday night), and a paper that moderators held appears among newer ones.
LOOK_BACK: Final = timedelta(days=3)

# User's Manual 3.1.1.2: "limited to 30000 in slices of at most 2000"
RESULTS_PER_QUERY: Final = 30_000

# The API now and then answers a page without papers although there are more (lukasschwab/arxiv.py #43, #129); that
# client asks three times, too.
ATTEMPTS: Final = 3

FINISHED: Final = {"finished": True}


class Arxiv(Reader):
    """Reads the papers that a source's categories and query select."""

    version = "arxiv-1"
    dated = True
    parse = staticmethod(parse_arxiv)

    def __init__(self, source: ArxivSource, http: HttpClient) -> None:
        """Ask for what `source` says, through `http`."""
        self._source = source
        self._http = http

    def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield one page of papers after the other, each with the cursor of the page that follows.

        Raises SourceError: busy when a page stays empty that should not be, empty when no paper at all is selected,
        malformed when the answer is unusable or arXiv refuses the query, and what the client raises.
        """
        return self._days(window, memory.cursor) if window else self._latest(memory.cursor)

    async def _days(self, window: Window, cursor: Cursor) -> AsyncIterator[Answer]:
        """Read day by day: no day has more papers than one query can give, and a page is of one day."""
        place: Place | None = Place.resumed(cursor) or Place(window.first)
        while place:
            url = address(self._source, place.start, place.day)
            response, page = await self._page(url, place.start)
            if lost := out_of_reach(place.start, page):
                yield _too_many(url, lost)
            place = place.after(page, window.last)
            yield page_answer(url, response, place.cursor if place else FINISHED, empty=not page.count)

    async def _latest(self, cursor: Cursor) -> AsyncIterator[Answer]:
        """Go down the papers, or on from where an interrupted visit stopped; what came since is the next visit's."""
        descent = Descent.resumed(cursor)
        while True:
            start = descent.start if descent else 0
            url = address(self._source, start)
            response, page = await self._page(url, start)
            descent = descent or begin(cursor, page, response.received_at)
            if not descent:
                yield Unchanged(fresh_until=response.fresh_until)
                return
            below = descent.after(page)
            if not descent.arrives_on(page) and (lost := out_of_reach(start, page)):
                yield _too_many(url, lost)
            yield page_answer(url, response, below.cursor if below else descent.outcome, empty=not page.count)
            if not below:
                return
            descent = below

    async def _page(self, url: str, start: int) -> tuple[Response, Page]:
        for _ in range(ATTEMPTS):
            response = await self._http.get(url)
            if not response.body.strip():
                continue
            page = read_page(response.body)
            if page.count or page.total <= start:
                return response, page
        raise SourceError("busy", f"GET {url}: {ATTEMPTS} times a page without papers, although there are more")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a window: `start` papers of `day` were read."""

    day: date
    start: int = 0

    @classmethod
    def resumed(cls, cursor: Cursor) -> "Place | None":
        """Return the place that `cursor` keeps; None when no reading was interrupted."""
        return cls(date.fromisoformat(cursor["day"]), int(cursor["start"])) if "day" in cursor else None

    @property
    def cursor(self) -> dict[str, Any]:
        """This place as a JSON object."""
        return {"day": self.day.isoformat(), "start": self.start}

    def after(self, page: Page, last: date) -> "Place | None":
        """Return the place behind `page`: on the same day, else at the beginning of the next, None behind `last`."""
        read = self.start + page.count
        if read < min(page.total, RESULTS_PER_QUERY):
            return replace(self, start=read)
        return Place(self.day + timedelta(days=1)) if self.day < last else None


@dataclass(frozen=True, slots=True)
class Descent:
    """A way down from the paper changed last, at `newest`, to those changed before `until`; `start` were read.

    `total` is how many papers there were when it began.
    """

    until: datetime
    newest: datetime
    total: int
    start: int = 0

    @classmethod
    def resumed(cls, cursor: Cursor) -> "Descent | None":
        """Return the descent that `cursor` keeps; None when none was interrupted."""
        if "until" not in cursor:
            return None
        until, newest = (datetime.fromisoformat(cursor[name]) for name in ("until", "newest"))
        return cls(until, newest, int(cursor["total"]), int(cursor["start"]))

    @property
    def cursor(self) -> dict[str, Any]:
        """This descent as a JSON object."""
        return {
            "until": self.until.isoformat(),
            "newest": self.newest.isoformat(),
            "total": self.total,
            "start": self.start,
        }

    @property
    def outcome(self) -> dict[str, Any]:
        """What later visits need of it once it is at its end."""
        return {"since": self.newest.isoformat(), "total": self.total}

    def arrives_on(self, page: Page) -> bool:
        """Tell whether `page` reaches below `until`."""
        return any(moment < self.until for moment in page.updated)

    def after(self, page: Page) -> "Descent | None":
        """Return the descent behind `page`; None at its end."""
        read = self.start + page.count
        ended = not page.count or read >= min(page.total, RESULTS_PER_QUERY)
        return None if ended or self.arrives_on(page) else replace(self, start=read)


def begin(cursor: Cursor, page: Page, now: datetime) -> Descent | None:
    """Return the descent that starts on the first `page`; None when neither the newest change nor the total is new.

    Raises SourceError (empty, malformed). Papers never leave arXiv, so that a page whose newest change lies far before
    one that was seen earlier shows that the API does not sort (it did not in November 2025, lukasschwab/arxiv.py #184).
    """
    if not page.total:
        raise SourceError("empty", "arXiv knows no paper at all that is selected; check categories and query")
    if not page.updated:
        raise SourceError("malformed", "no paper on arXiv's first page says when it was changed")
    newest = min(max(page.updated), now)
    if "since" not in cursor:
        return Descent(now - LOOK_BACK, newest, page.total)
    since = datetime.fromisoformat(cursor["since"])
    if (newest, page.total) == (since, cursor["total"]):
        return None
    if newest < since - LOOK_BACK:
        raise SourceError("malformed", "arXiv's answer is not sorted by the last change, newest first")
    return Descent(since - LOOK_BACK, max(newest, since), page.total)


def address(source: ArxivSource, start: int, day: date | None = None) -> str:
    """Return the address of the page that begins at paper `start`: of a day, oldest first, else of all, newest first.

    A range's end counts as its first moment and is not included (ContentMine/getpapers #180), so that a day ends with
    the next one's 0000; its own 2359 would leave out its last minute.
    """
    selected = (" OR ".join(f"cat:{category}" for category in source.categories), source.query)
    terms = [f"({term})" for term in selected if term]
    if day:
        terms.append(f"submittedDate:[{day:%Y%m%d}0000 TO {day + timedelta(days=1):%Y%m%d}0000]")
    fields = {
        "search_query": " AND ".join(terms),
        "start": start,
        "max_results": min(source.page_size, RESULTS_PER_QUERY - start),
        "sortBy": "submittedDate" if day else "lastUpdatedDate",
        "sortOrder": "ascending" if day else "descending",
    }
    return f"{source.url}?{urlencode(fields)}"


def out_of_reach(start: int, page: Page) -> int:
    """Return how many papers of the query cannot be asked for behind `page`, which begins at `start`."""
    return max(0, page.total - RESULTS_PER_QUERY) if start + page.count >= RESULTS_PER_QUERY else 0


def _too_many(url: str, lost: int) -> Unreadable:
    return Unreadable(
        url, "too_many", f"{lost} more papers than one query gives; look back on single days or narrow it"
    )
