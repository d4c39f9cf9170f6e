"""Algolia's answer: a page of Hacker News stories as JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pake_pipelines.model.entry import Entry, Parsed, Unparsed
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.scrub import scrub, scrub_tags

_ITEM: Final = "https://news.ycombinator.com/item?id="

# what every story is tagged with, and what comes and goes: neither says anything about the story
_TAGS_LEFT_OUT: Final = frozenset({"story", "front_page"})


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says: stories that the query has, stories here, and when (Unix seconds) those here were posted."""

    total: int
    count: int
    created: tuple[int, ...]


def read_page(body: bytes) -> Page:
    """Return the facts of a page. Raises SourceError (malformed) when it is none."""
    answer = _answer(body)
    total = _number(answer.get("nbHits"))
    if total is None:
        raise SourceError("malformed", "Algolia's answer does not say how many stories there are")
    moments = (_number(hit.get("created_at_i")) for hit in answer["hits"] if isinstance(hit, dict))
    return Page(total, len(answer["hits"]), tuple(moment for moment in moments if moment is not None))


def parse_hackernews(fetched: Fetched) -> Parsed:
    """Turn a page into entries; a story without number or title becomes a dead letter.

    The body is the text that was posted. A story that is only a link has none, so its body says what there is: title,
    address and who posted it. Many such bodies are shorter than the ingest filter lets pass (ING-13), as they should
    be: the article behind the link is not read here. Points and comments are left out: they change with every vote, and
    would make a new version of the entry each time. Raises SourceError (malformed) as `read_page` does.
    """
    entries: dict[str, Entry] = {}
    unparsed = []
    for position, hit in enumerate(_answer(fetched.body)["hits"]):
        one = _entry(hit, f"hit {position} of {fetched.url}")
        if isinstance(one, Entry):
            entries.setdefault(one.key, one)
        else:
            unparsed.append(one)
    return Parsed(tuple(entries.values()), tuple(unparsed))


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceError("malformed", f"Algolia's answer is not JSON: {error}") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("hits"), list):
        said = answer.get("message") if isinstance(answer, dict) else None
        raise SourceError("malformed", f"Algolia's answer has no list of hits{f': {said}'[:500] if said else ''}")
    return answer


def _entry(hit: object, place: str) -> Entry | Unparsed:
    if not isinstance(hit, dict):
        return Unparsed(place, "not_an_object", repr(hit)[:500])
    number, title = str(hit.get("objectID")), _text(hit.get("title"))
    if not (number.isascii() and number.isdigit() and len(number) < 20):
        return Unparsed(place, "no_identifier", f"not the number of a story: {number[:500]!r}")
    if not title:
        return Unparsed(number, "incomplete", "a story without a title")
    posted, link = _text(hit.get("story_text")), _link(hit.get("url"))
    author, published = _text(hit.get("author")) or None, _moment(hit.get("created_at_i"))
    return Entry(
        key=number,
        title=title,
        body=posted or "\n".join(_facts(title, link, author)),
        media_type="text/html" if posted else "text/plain",
        url=link or f"{_ITEM}{number}",
        author=author,
        published_at=published,
        tags=scrub_tags(_tags(hit.get("_tags"))),
        problems=() if published else ("no date",),
    )


def _facts(title: str, link: str | None, author: str | None) -> Iterator[str]:
    yield title
    if link:
        yield link
    if author:
        yield f"Posted by {author}"


def _tags(tags: object) -> Iterator[str]:
    for tag in tags if isinstance(tags, list) else ():
        name = str(tag)
        if name not in _TAGS_LEFT_OUT and not name.startswith(("author_", "story_")):
            yield name


def _text(value: object) -> str:
    return scrub(value).strip() if isinstance(value, str) else ""


def _link(value: object) -> str | None:
    link = _text(value)
    return link if link.lower().startswith(("http://", "https://")) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _moment(value: object) -> datetime | None:
    seconds = _number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
