"""What Reddit answers -> entries: a listing of its API, or a subreddit's public feed."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from pake_pipelines.model.entry import Entry, Parsed, Unparsed
from pake_pipelines.sources.feeds.jsonfeed import looks_like_json
from pake_pipelines.sources.feeds.parsing import parse_feed
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.scrub import scrub, scrub_tags

NO_SCORES: Final = "read from the public feed, which knows no scores: min_score is not applied"
MIN_SCORE: Final = "min_score"
"""The name in an address's fragment under which a listing carries the score that its posts must have."""

_SITE: Final = "https://www.reddit.com"
_FULLNAME: Final = re.compile(r"t3_[a-z0-9]{1,20}")
_TAKEN_AWAY: Final = frozenset({"[removed]", "[deleted]"})
# Reddit counts in periods of ten minutes; a longer wait than an hour would be a broken header
_LONGEST_WAIT: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Post:
    """What decides about a post: its fullname (t3_...), when it was made in seconds since 1970, and its score."""

    name: str
    created: float
    score: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing, newest first; `after` leads to the next, None on the last."""

    posts: tuple[Post, ...]
    after: str | None


def read_page(body: bytes) -> Page:
    """Return the posts of a listing that are still there. Raises SourceError (malformed) when it is no listing."""
    data = _data(body)
    posts = (_post(child) for child in data["children"])
    after = data.get("after")
    name = after if isinstance(after, str) and _FULLNAME.fullmatch(after) else None
    return Page(tuple(post for post in posts if post), name)


def parse_reddit(fetched: Fetched) -> Parsed:
    """Return the posts of a listing or feed as entries; either way a post's key is its fullname.

    Posts of a listing need the score that the fragment of its address names; those that were removed or deleted are
    left out. Raises SourceError (empty, malformed).
    """
    if looks_like_json(fetched.body):
        return _parse_listing(fetched)
    parsed = parse_feed(fetched.body, fetched.media_type, fetched.url)
    entries = {entry.key: entry for entry in map(_of_feed, parsed.entries)}
    return replace(parsed, entries=tuple(entries.values()), warnings=(*parsed.warnings, NO_SCORES))


def hold_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when Reddit may be asked again by its X-Ratelimit headers; None when a request is left or nothing said."""
    remaining, reset = (number(headers.get(f"X-Ratelimit-{name}")) for name in ("Remaining", "Reset"))
    if remaining is None or reset is None or remaining >= 1:
        return None
    return now + timedelta(seconds=min(max(reset, 0.0), _LONGEST_WAIT))


def _parse_listing(fetched: Fetched) -> Parsed:
    stated = parse_qs(urlsplit(fetched.url).fragment).get(MIN_SCORE)
    least = number(stated[0]) if stated else None
    entries: dict[str, Entry] = {}
    unparsed = []
    for position, child in enumerate(_data(fetched.body)["children"]):
        post = _post(child)
        if post is None:
            if not _is_gone(child):
                unparsed.append(Unparsed(f"{fetched.url} post {position}", "not_a_post", repr(child)[:500]))
        elif least is None or post.score >= least:
            entries[post.name] = _entry(child["data"], post)
    return Parsed(tuple(entries.values()), tuple(unparsed))


def _data(body: bytes) -> dict[str, Any]:
    try:
        listing = json.loads(body)
        data = listing["data"]
        if isinstance(data["children"], list):
            return dict(data)
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise SourceError("malformed", f"not a listing of Reddit's: {type(error).__name__}") from error
    raise SourceError("malformed", "not a listing of Reddit's: its children are no list")


def _post(child: object) -> Post | None:
    """Return what decides about a post; None for what is none, and for a post that was removed or deleted."""
    data = child.get("data") if isinstance(child, dict) else None
    if not isinstance(data, dict) or _is_gone(child):
        return None
    name, created, score = data.get("name"), number(data.get("created_utc")), number(data.get("score"))
    if not isinstance(name, str) or not _FULLNAME.fullmatch(name) or created is None or _moment(created) is None:
        return None
    return Post(name, created, score or 0.0)


def _is_gone(child: object) -> bool:
    data = child.get("data") if isinstance(child, dict) else None
    if not isinstance(data, dict):
        return False
    return bool(data.get("removed_by_category")) or _text(data.get("selftext")) in _TAKEN_AWAY


def _entry(data: Mapping[str, Any], post: Post) -> Entry:
    permalink = _text(data.get("permalink"))
    author = _text(data.get("author"))
    return Entry(
        key=post.name,
        title=_text(data.get("title")),
        body=_body(data),
        media_type="text/markdown",
        url=f"{_SITE}{permalink}" if permalink.startswith("/r/") else f"{_SITE}/comments/{post.name[3:]}/",
        author=author if author and author not in _TAKEN_AWAY else None,
        published_at=_moment(post.created),
        tags=scrub_tags([_text(data.get("link_flair_text"))]),
    )


def _body(data: Mapping[str, Any]) -> str:
    """Return what the author wrote, and the address that the post is about: for a link post that is all there is."""
    written, link = _text(data.get("selftext")).strip(), _text(data.get("url"))
    linked = f"Link: <{link}>" if link and not data.get("is_self") else ""
    return "\n\n".join(filter(None, [written, linked]))


def _of_feed(entry: Entry) -> Entry:
    """Return a feed's entry as a listing would have it: known by its fullname, its author without /u/."""
    name = _FULLNAME.match(entry.key)
    author = entry.author.removeprefix("/u/") if entry.author else None
    return replace(entry, key=name[0] if name else entry.key, author=author)


def _text(value: object) -> str:
    return scrub(value) if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """Return a finite number, also one in a text; None for anything else."""
    if not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
