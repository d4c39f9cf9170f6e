"""Which item goes on under a new identifier: sites change their guids when they move to https, a new host or software.

Feedbin compares guids without scheme and host, NewsBlur titles, dates and texts; a wrong match would overwrite one item
with another, so every ground needs a second one, and what could be meant twice is not matched at all.
"""

import hashlib
import html
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from pake_pipelines.model.entry import Entry

_TAG: Final = re.compile(r"<[^<>]*>")
_NUMBER: Final = re.compile(r"\d+")
_LONGEST_TEXT: Final = 100_000
_LONGEST_TITLE: Final = 300
# items that share a trait with more than so many others are not told apart by it; bounds the work as well
_MOST_ALIKE: Final = 8
_ALIKE: Final = 0.9
# NewsBlur's bound for two dates of one story
_NEAR: Final = timedelta(days=2)
# lemon24/reader's least text to compare: shorter ones are often the same for many items ("Comments")
_LEAST_WORDS: Final = 48


@dataclass(frozen=True, slots=True)
class KnownItem:
    """What tells an item again: `content` is a digest of its words, of which there are `words`."""

    key: str
    url: str | None
    title: str
    content: str
    words: int
    published_at: datetime | None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Return the item that `entry` is the latest word on."""
        text = html.unescape(_TAG.sub(" ", entry.body[:_LONGEST_TEXT])).casefold().split()
        digest = hashlib.sha256(" ".join(text).encode("utf-8", "replace")).hexdigest()
        return cls(entry.key, entry.url, _plain(entry.title), digest, len(text), entry.published_at)


def continued(unknown: Sequence[Entry], absent: Sequence[KnownItem]) -> dict[str, str]:
    """Return which of the `absent` items some of the `unknown` entries continue: their new keys -> the old ones.

    `unknown` are entries of one document whose keys are new, `absent` the source's items that it no longer has. Grounds
    are tried from the strongest on: the same identifier but for scheme and host, the same link, the same words. No item
    is matched twice.
    """
    fresh = [KnownItem.of(entry) for entry in unknown]
    renames: dict[str, str] = {}
    for trait, agree in _GROUNDS:
        taken = set(renames.values())
        new = [item for item in fresh if item.key not in renames]
        renames |= _matched(new, [item for item in absent if item.key not in taken], trait, agree)
    return renames


_Trait = Callable[[KnownItem], Hashable]
_Agree = Callable[[KnownItem, KnownItem], bool]


def _matched(new: Iterable[KnownItem], old: Iterable[KnownItem], trait: _Trait, agree: _Agree) -> dict[str, str]:
    """Return the pairs that share `trait`, `agree`, and are each other's only candidates."""
    news, olds = _by(trait, new), _by(trait, old)
    pairs = [
        (one.key, other.key)
        for value in news.keys() & olds.keys()
        if max(len(news[value]), len(olds[value])) <= _MOST_ALIKE
        for one in news[value]
        for other in olds[value]
        if agree(one, other)
    ]
    candidates = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    return {one: other for one, other in pairs if candidates[0][one] == candidates[1][other] == 1}


def _by(trait: _Trait, items: Iterable[KnownItem]) -> dict[Hashable, list[KnownItem]]:
    groups: dict[Hashable, list[KnownItem]] = defaultdict(list)
    for item in items:
        if (value := trait(item)) is not None:
            groups[value].append(item)
    return groups


def _bare_identifier(item: KnownItem) -> str | None:
    """Return an identifier that is an address without its scheme and host."""
    return _path(_parts(item.key))


def _bare_link(item: KnownItem) -> tuple[str, str] | None:
    parts = _parts(item.url)
    path = _path(parts)
    return (_host(parts), path.rstrip("/")) if path and parts else None


def _long_text(item: KnownItem) -> str | None:
    return item.content if item.words >= _LEAST_WORDS else None


def _same_site_or_said(one: KnownItem, other: KnownItem) -> bool:
    same_site = _host(_parts(one.key)) == _host(_parts(other.key))
    return same_site or _same_words(one, other) or (bool(one.title) and one.title == other.title)


def _same_story(one: KnownItem, other: KnownItem) -> bool:
    """Tell whether two items behind one link are one: some feeds link all their items to the same page."""
    same_date = one.published_at is not None and one.published_at == other.published_at
    return same_date or _same_words(one, other) or _alike(one.title, other.title)


def _same_words(one: KnownItem, other: KnownItem) -> bool:
    return one.words >= _LEAST_WORDS and one.content == other.content


def _same_title_and_time(one: KnownItem, other: KnownItem) -> bool:
    if one.published_at is None or other.published_at is None:
        near = one.published_at is other.published_at
    else:
        near = abs(one.published_at - other.published_at) <= _NEAR
    return near and _alike(one.title, other.title)


_GROUNDS: Final[tuple[tuple[_Trait, _Agree], ...]] = (
    (_bare_identifier, _same_site_or_said),
    (_bare_link, _same_story),
    (_long_text, _same_title_and_time),
)


def _alike(title: str, other: str) -> bool:
    """Tell whether two titles differ in letters at most: "Weekly thread 41" and "42" are two items."""
    if not title or not other or _NUMBER.findall(title) != _NUMBER.findall(other):
        return False
    return title == other or SequenceMatcher(None, title, other, autojunk=False).ratio() >= _ALIKE


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())[:_LONGEST_TITLE]


def _parts(address: str | None) -> SplitResult | None:
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.hostname else None


def _host(parts: SplitResult | None) -> str:
    return (parts.hostname or "").removeprefix("www.") if parts else ""


def _path(parts: SplitResult | None) -> str | None:
    """Return path, query and fragment; None when there is nothing in them."""
    if parts is None:
        return None
    path = parts._replace(scheme="", netloc="").geturl()
    return path if path.strip("/") else None
