"""What every kind of source offers: a fetch that yields raw bodies, and a parse that turns one body into entries.

A reader knows no database. What it must remember between visits is its cursor: a small JSON object of its own, which
it hands out with each body and which is stored in the transaction that stores that body's entries.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, ClassVar, Final

from pake_pipelines.model.entry import Parsed
from pake_pipelines.sources.scrub import scrub

Cursor = Mapping[str, Any]

GONE: Final = 410
_TRANSIENT_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_TRANSIENT_KINDS: Final = frozenset({"unreachable", "timeout", "internal", "archive", "busy"})


class SourceError(Exception):
    """A source could not be read; `kind` is a short code, the message says what was tried and what came of it."""

    def __init__(self, kind: str, message: str, *, status: int | None = None, retry_at: datetime | None = None) -> None:
        """`kind` is one of the codes listed here; `status` the HTTP status, `retry_at` when the server wants us back.

        unreachable, timeout, http_status, refused, too_large, empty, malformed, missing, unreadable, credentials,
        disallowed (by robots.txt), busy (too many requests), gone, too_slow or too_heavy (to parse), archive,
        unstorable, internal.
        """
        super().__init__(scrub(message))
        self.kind = kind
        self.status = status
        self.retry_at = retry_at

    def __reduce__(self) -> tuple[Callable[..., "SourceError"], tuple[object, ...]]:
        """Cross the border of a process with everything that it says."""
        said = partial(type(self), self.kind, str(self), status=self.status, retry_at=self.retry_at)
        return said, ()

    @property
    def transient(self) -> bool:
        """Whether asking again later may go well without anybody changing anything."""
        return self.status in _TRANSIENT_STATUS if self.status is not None else self.kind in _TRANSIENT_KINDS


@dataclass(frozen=True, slots=True)
class Window:
    """Days in UTC, both included, that a source is asked to look back on."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The first moment inside."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first moment after."""
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)

    def holds(self, moment: datetime) -> bool:
        """Tell whether `moment` (aware) lies inside."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class KnownBody:
    """A body that was read before: when its origin was last changed, its size in bytes and its SHA-256."""

    modified_at: datetime | None
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of earlier visits: the cursor handed out last, empty at first, and known bodies by address.

    With a window the cursor is that of an interrupted look back on the same window. `known` is filled for readers
    that ask for it (`remembers_bodies`).
    """

    cursor: Cursor = field(default_factory=dict)
    known: Mapping[str, KnownBody] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One body as it came, with what is needed to parse it again later.

    `cursor` is to be remembered once the entries of this body are stored, None leaves it as it is. `fresh_until` is
    when the server expects news (Cache-Control, Expires), `moved_to` where it permanently redirects to, `conditional`
    whether the next visit can ask for what is new only, `sha256` the body's, where the reader knows it.
    """

    url: str
    body: bytes
    fetched_at: datetime
    media_type: str | None = None
    modified_at: datetime | None = None
    cursor: Cursor | None = None
    fresh_until: datetime | None = None
    moved_to: str | None = None
    conditional: bool = True
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The source answered and has nothing new; the fields mean what they mean in `Fetched`."""

    cursor: Cursor | None = None
    fresh_until: datetime | None = None
    moved_to: str | None = None
    conditional: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One body of several that could not be read; the others are unaffected."""

    url: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A known body that its source no longer has."""

    url: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """A known body that its source now has under another address, unchanged."""

    url: str
    was: str


Answer = Fetched | Unchanged | Unreadable | Gone | Renamed


class Reader(ABC):
    """Reads one kind of source."""

    version: ClassVar[str]
    """Changes when the same bytes would be parsed differently."""

    dated: ClassVar[bool] = False
    """Whether the source can be asked for a window of days; otherwise the archive answers for the past."""

    remembers_bodies: ClassVar[bool] = False
    """Whether `fetch` wants the bodies it read before in its memory."""

    bodies_are_items: ClassVar[bool] = False
    """Whether each body is an item: one that cannot be parsed is then a dead letter, and the visit goes on."""

    parse: ClassVar["staticmethod[[Fetched], Parsed]"]
    """Turns one body into entries; a module's function, because it is sent to a worker process.

    Raises SourceError when the body is not what this reader reads.
    """

    @abstractmethod
    def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield what is new since `memory`, or what the days of `window` hold. Raises SourceError.

        Nothing here changes the source; a caller may stop after any answer and go on from its cursor next time.
        """

    async def stored(self, fetched: Fetched) -> None:  # noqa: B027  # most sources leave nothing to do
        """Do what may be done at the source once the entries of `fetched` are stored for good."""
