"""Trying a source: a look at what its reader would bring, which stores nothing and leaves the source as it is."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.sources.protocol import Fetched, Memory, Reader, SourceError, Unreadable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pake_pipelines.sources.protocol import Answer

# a folder full of documents that nobody can read is known for one after so many
_MOST_ANSWERS: Final = 25

Parse = Callable[[Callable[[Fetched], Parsed], Fetched], Awaitable[Parsed]]
"""Carries out a reader's parse function on a body; where and within which bounds is the caller's choice."""


@dataclass(slots=True)
class Sample:
    """The first entries of a source and what they took: bodies fetched, their bytes, and what they said of themselves.

    `fresh_until` is when the server expects news, `moved_to` where it permanently redirects to, `problems` what could
    not be read beside the entries.
    """

    entries: list[Entry] = field(default_factory=list)
    title: str | None = None
    bodies: int = 0
    size: int = 0
    url: str | None = None
    fresh_until: datetime | None = None
    moved_to: str | None = None
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def sample(reader: Reader, count: int, parse: Parse) -> Sample:
    """Fetch as few bodies of `reader` as hold `count` entries, and return these. Raises SourceError.

    A body that cannot be parsed is a problem beside others, and the error itself when nothing else was read.
    """
    found = Sample()
    failed: SourceError | None = None
    looked_at = 0
    # an async generator must be closed by who stops half-way: it holds a connection
    async with aclosing(cast("AsyncGenerator[Answer, None]", reader.fetch(None, Memory()))) as answers:
        async for answer in answers:
            if isinstance(answer, Unreadable):
                found.problems.append(f"{answer.url}: {answer.detail}")
            elif isinstance(answer, Fetched):
                try:
                    _take(found, answer, await parse(reader.parse, answer))
                except SourceError as error:
                    failed = error
                    found.problems.append(str(error))
            looked_at += 1
            if len(found.entries) >= count or looked_at >= _MOST_ANSWERS:
                break
    if failed and not found.entries:
        raise failed
    del found.entries[count:]
    return found


def _take(found: Sample, body: Fetched, parsed: Parsed) -> None:
    found.entries += parsed.entries
    found.title = found.title or parsed.title
    found.bodies += 1
    found.size += len(body.body)
    found.url = found.url or body.url
    found.fresh_until = found.fresh_until or body.fresh_until
    found.moved_to = found.moved_to or body.moved_to
    found.warnings += parsed.warnings
    found.problems += [f"{one.key}: {one.detail}" for one in parsed.unparsed]
