"""Chunks follow one another, are as long as a pass may read, and cut no word; passes are full and lose nothing."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.pipeline.chunks import Chunk, passes, spans

PIECES_OF_WORDS = st.lists(st.integers(1, 12), max_size=80)
WINDOWS = st.integers(1, 20)


def pieces(lengths):
    """Return the word of each piece of a text whose words have `lengths` pieces."""
    return [word for word, length in enumerate(lengths) for _ in range(length)]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], [(0, 0)]),
        ([1, 1, 1], [(0, 3)]),
        ([1, 1, 1, 1], [(0, 4)]),
        ([1, 1, 1, 1, 1], [(0, 4), (4, 5)]),
        ([3, 3, 2], [(0, 3), (3, 6), (6, 8)]),
        ([1, 9, 1], [(0, 1), (1, 5), (5, 9), (9, 11)]),
    ],
    ids=["nothing", "short", "just fits", "one too many", "backs off to a word", "a word longer than a window"],
)
def test_windows_of_four_pieces(lengths, expected):
    assert list(spans(pieces(lengths), 4)) == expected


@given(PIECES_OF_WORDS.filter(bool), WINDOWS)
def test_chunks_cover_every_piece_once_in_order_and_none_is_too_long(lengths, window):
    words = pieces(lengths)
    found = list(spans(words, window))
    assert (found[0][0], found[-1][1]) == (0, len(words))
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    assert all(0 < end - start <= window for start, end in found)


@given(PIECES_OF_WORDS, st.integers(12, 20))
def test_no_word_that_fits_a_window_is_cut(lengths, window):
    borders = {0, *accumulate(lengths)}
    assert all(start in borders and end in borders for start, end in spans(pieces(lengths), window))


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 100))
def test_passes_hold_every_chunk_once_longest_first_within_their_budget(lengths, tokens):
    chunks = [Chunk(row, "", length) for row, length in enumerate(lengths)]
    found = list(passes(chunks, tokens, 2))
    flat = [chunk for some in found for chunk in some]
    assert sorted(chunk.row for chunk in flat) == list(range(len(lengths)))
    assert [chunk.tokens for chunk in flat] == sorted(lengths, reverse=True)
    assert all(len(some) == 1 or len(some) * (some[0].tokens + 2) <= tokens for some in found)


def test_a_pass_is_filled_before_the_next_begins():
    assert [len(some) for some in passes([Chunk(row, "", 8) for row in range(25)], 100, 2)] == [10, 10, 5]
