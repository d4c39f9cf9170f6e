"""Entry: one item as its source published it, before anything is cleaned or judged."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property


@dataclass(frozen=True)
class Entry:
    """One item of a source.

    `key` is stable within the source (guid, else link, else a hash of the title; a relative path for files).
    `body` is markup or text as `media_type` says. `problems` lists the repairs that parsing needed, for people.
    """

    key: str
    title: str
    body: str
    media_type: str
    url: str | None = None
    author: str | None = None
    published_at: datetime | None = None
    tags: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @cached_property
    def entry_hash(self) -> str:
        """SHA-256 over everything the source said: a different hash is a new version of the item."""
        published = self.published_at.isoformat() if self.published_at else None
        said = [self.title, self.body, self.media_type, self.url, self.author, published, sorted(self.tags)]
        return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Something in a fetched body that could not become an entry; it goes to the dead letters, never away."""

    key: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one fetched body held.

    `repeated` counts what it gave once more, the same in everything; `fresh_for` is how long it says that it stays the
    same.
    """

    entries: tuple[Entry, ...]
    unparsed: tuple[Unparsed, ...] = ()
    title: str | None = None
    warnings: tuple[str, ...] = ()
    repeated: int = 0
    fresh_for: timedelta | None = None
