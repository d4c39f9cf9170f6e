"""Chunks: the pieces of a text that one pass of an embedding model can read, and how passes are filled with them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the text at place `row` of its list; `tokens` counts its word pieces, special ones left out."""

    row: int
    text: str
    tokens: int


def spans(words: Sequence[int | None], window: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the chunks of a text whose i-th word piece belongs to word `words[i]`.

    Chunks have at most `window` pieces, follow one another without overlap and cut no word, unless one word alone is
    longer than a window. A text without pieces is one empty chunk.
    """
    if not words:
        yield 0, 0
    start = 0
    while start < len(words):
        end = min(start + window, len(words))
        if end < len(words):
            end = _start_of_word(words, end, start) or end
        yield start, end
        start = end


def _start_of_word(words: Sequence[int | None], place: int, after: int) -> int | None:
    """Return where the word that lies across `place` begins, None if that is not behind `after`."""
    while place > after and words[place] is not None and words[place] == words[place - 1]:
        place -= 1
    return place if place > after else None


def passes(chunks: Iterable[Chunk], tokens: int, specials: int) -> Iterator[list[Chunk]]:
    """Yield all `chunks`, longest first, in passes of at most `tokens` word pieces, padding counted.

    Each chunk is read with `specials` pieces more than its own. A chunk that is longer than a pass has one to itself.
    """
    some: list[Chunk] = []
    for chunk in sorted(chunks, key=lambda one: one.tokens, reverse=True):
        if some and (len(some) + 1) * (some[0].tokens + specials) > tokens:
            yield some
            some = []
        some.append(chunk)
    if some:
        yield some
