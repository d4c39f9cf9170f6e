"""A server that speaks Algolia's search of Hacker News over stories of our own making, and minds its limits.

A `HackerNewsServer` is a page of a `Site`.
"""

import operator
import re
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from aiohttp import web

_REACHABLE, _PER_HOUR = 1000, 10_000
_FILTER = re.compile(r"(\w+)(>=|<=|>|<|=)(\d+)")
_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}


@dataclass(frozen=True)
class Story:
    """A story, posted at `created_at_i` (Unix seconds)."""

    number: int
    created_at_i: int
    title: str = "A story"
    url: str | None = None
    text: str | None = None
    author: str = "someone"
    points: int = 1
    tags: tuple[str, ...] = ()


class HackerNewsServer:
    """Answers `/api/v1/search_by_date`; `violations` says who asked for more than there is.

    `next_answers` (`web.Response`) are given before any real one; `spoiled` hits come first on every page.
    """

    def __init__(self, stories=(), per_hour=_PER_HOUR):
        self.stories = list(stories)
        self.per_hour = per_hour
        self.next_answers = []
        self.spoiled = []
        self.queries = []
        self.violations = []
        self.sorts = True
        self._asked = deque()

    async def __call__(self, request):
        self.queries.append(dict(request.query))
        if fault := self._fault(request.query):
            self.violations.append(fault)
            return web.json_response({"message": fault, "status": 429}, status=429)
        if self.next_answers:
            return self.next_answers.pop(0)
        return web.json_response(self._answer(request.query))

    def _fault(self, asked):
        now = time.monotonic()
        self._asked.append(now)
        while self._asked[0] < now - 3600:
            self._asked.popleft()
        if len(self._asked) > self.per_hour:
            return f"more than {self.per_hour} requests within an hour"
        size = int(asked.get("hitsPerPage", 20))
        if (int(asked.get("page", 0)) + 1) * size > _REACHABLE:
            return f"beyond {_REACHABLE} hits"
        return None

    def _answer(self, asked):
        size, page = int(asked.get("hitsPerPage", 20)), int(asked.get("page", 0))
        found = [story for story in self.stories if _selected(story, asked)]
        found.sort(key=lambda story: story.created_at_i, reverse=self.sorts)
        hits = [*self.spoiled, *(_hit(story) for story in found[page * size : (page + 1) * size])]
        return {
            "hits": hits,
            "nbHits": len(found) + len(self.spoiled),
            "page": page,
            "nbPages": -(-min(len(found), _REACHABLE) // size),
            "hitsPerPage": size,
            "exhaustiveNbHits": True,
            "exhaustiveTypo": True,
            "query": asked.get("query", ""),
            "params": urlencode({"advancedSyntax": "true", **asked}),
            "processingTimeMS": 3,
        }


def _selected(story, asked):
    text = f"{story.title} {story.text or ''} {story.url or ''} {story.author}".lower()
    if not all(word in text for word in asked.get("query", "").lower().split()):
        return False
    if not set(asked.get("tags", "story").split(",")) <= {"story", *story.tags}:
        return False
    conditions = (_FILTER.fullmatch(one) for one in asked["numericFilters"].split(","))
    return all(_COMPARE[one[2]](getattr(story, one[1]), int(one[3])) for one in conditions)


def _hit(story):
    title = {"value": story.title, "matchLevel": "none", "matchedWords": []}
    return {
        "_highlightResult": {"title": title},
        "_tags": ["story", f"author_{story.author}", f"story_{story.number}", *story.tags],
        "author": story.author,
        "children": [],
        "created_at": datetime.fromtimestamp(story.created_at_i, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "created_at_i": story.created_at_i,
        "num_comments": story.points // 2,
        "objectID": str(story.number),
        "points": story.points,
        "story_id": story.number,
        "story_text": story.text,
        "title": story.title,
        "updated_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "url": story.url,
    }
