"""A trial looks at the first entries of any source, stores nothing, and asks for no more than it shows."""

import asyncio

import pytest

from pake_pipelines.model.entry import Entry, Parsed, Unparsed
from pake_pipelines.sources.protocol import Fetched, Reader, SourceError, Unchanged, Unreadable
from pake_pipelines.sources.trial import sample
from pake_pipelines_tests.conftest import NOW


def parse_words(fetched):
    """Make an entry of each word; a body that says `bad` is none."""
    if fetched.body == b"bad":
        raise SourceError("malformed", f"{fetched.url}: bad")
    entries = tuple(Entry(word, word, word, "text/plain") for word in fetched.body.decode().split())
    return Parsed(entries, (Unparsed("x", "odd", "one was odd"),), "Words", ("it is loud",))


class Words(Reader):
    """A source of the given answers."""

    version = "words-1"
    parse = staticmethod(parse_words)

    def __init__(self, *answers):
        self.answers = answers
        self.taken = 0
        self.closed = False

    async def fetch(self, window, memory):
        assert window is None
        assert not memory.cursor
        try:
            for answer in self.answers:
                self.taken += 1
                yield answer
        finally:
            self.closed = True


def body(text, url="u", **said):
    return Fetched(url, text.encode(), NOW, **said)


async def here(parse, fetched):
    return await asyncio.to_thread(parse, fetched)


async def test_no_more_bodies_are_fetched_than_are_shown():
    reader = Words(body("a b"), body("c d e"), body("f"))
    found = await sample(reader, 4, here)
    assert [entry.title for entry in found.entries] == ["a", "b", "c", "d"]
    assert (found.bodies, found.size, reader.taken, reader.closed) == (2, 8, 2, True)


async def test_what_the_server_says_of_time_and_place_is_kept():
    found = await sample(Words(body("a", fresh_until=NOW, moved_to="https://new/")), 1, here)
    assert (found.title, found.url, found.fresh_until, found.moved_to) == ("Words", "u", NOW, "https://new/")
    assert (found.warnings, found.problems) == (["it is loud"], ["x: one was odd"])


async def test_a_body_that_cannot_be_read_is_a_problem_beside_others():
    found = await sample(Words(body("bad", "b"), Unreadable("c", "too_large", "too large"), body("a")), 5, here)
    assert [entry.title for entry in found.entries] == ["a"]
    assert found.problems[:2] == ["b: bad", "c: too large"]


async def test_a_source_of_which_nothing_can_be_read_has_failed():
    with pytest.raises(SourceError, match="b: bad"):
        await sample(Words(body("bad", "b")), 5, here)


async def test_a_source_without_entries_has_not_failed():
    assert (await sample(Words(body("")), 5, here)).entries == []
    assert (await sample(Words(Unchanged()), 5, here)).bodies == 0


async def test_a_source_full_of_what_cannot_be_read_is_soon_given_up():
    reader = Words(*(Unreadable(str(number), "name", "odd name") for number in range(1000)))
    found = await sample(reader, 5, here)
    assert reader.taken == len(found.problems) < 100
    assert reader.closed
