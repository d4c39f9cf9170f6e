"""What every kind of source offers: a visit that yields raw bodies, and a parse that turns one body into entries."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from pake_pipelines.model.entry import Parsed
from pake_pipelines.sources.scrub import scrub


class SourceError(Exception):
    """A source could not be read; `kind` is a short code, the message says what was tried and what came of it."""

    def __init__(self, kind: str, message: str) -> None:
        """`kind`: unreachable, timeout, http_status, refused, too_large, empty, malformed, missing, unreadable."""
        super().__init__(scrub(message))
        self.kind = kind


@dataclass(frozen=True, slots=True)
class KnownBody:
    """A body that was read before: when its origin was last changed, its size in bytes and its SHA-256."""

    modified_at: datetime | None
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a reader remembers of earlier visits; `known` holds the bodies of a folder by relative path."""

    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    known: Mapping[str, KnownBody] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One body as it came, with what is needed to read it again later."""

    url: str
    body: bytes
    fetched_at: datetime
    media_type: str | None = None
    modified_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One body of several that could not be read; the others are unaffected."""

    url: str
    reason: str
    detail: str


class Reader(Protocol):
    """Reads one kind of source."""

    version: str
    """Changes when the same bytes would be parsed differently."""

    dated: bool
    """Whether the source can be asked for a past day; otherwise the archive answers for it."""

    def visit(self, memory: Memory, past_day: date | None) -> AsyncIterator[Fetched | Unreadable]:
        """Yield the bodies that are new since `memory`, or those of `past_day`. Raises SourceError."""
        ...

    def parse(self, fetched: Fetched) -> Parsed:
        """Turn one body into entries. Raises SourceError when it is not what this reader reads."""
        ...
