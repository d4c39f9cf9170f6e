"""Texts that a reader would call the same have the same fingerprint, and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.fingerprint import content_hash, embedding_key, embedding_text

TEXT = "The river rose by 12.5 metres. Nobody was hurt."


@pytest.mark.parametrize(
    "other",
    [
        "the RIVER rose by 12.5 metres nobody was hurt",
        "The river\n\nrose by  12.5\u00a0metres. Nobody was hurt!",
        "# The river rose by 12.5 metres\n\n**Nobody** was _hurt_.",
        "The \uff52iver rose by 12.5 metres. Nobody was hurt.",
    ],
)
def test_case_markup_punctuation_and_white_space_do_not_count(other):
    assert content_hash(other) == content_hash(TEXT)


@pytest.mark.parametrize(
    "other",
    [
        "The river rose by 12.6 metres. Nobody was hurt.",
        "The river rose by 12.5 metres. Somebody was hurt.",
        "Nobody was hurt. The river rose by 12.5 metres.",
        "The river rose by 12.5 metres. Nobody was hurt. Thanks.",
        "",
    ],
)
def test_words_their_order_and_numbers_count(other):
    assert content_hash(other) != content_hash(TEXT)


def test_accents_count_but_their_encoding_does_not():
    assert content_hash("café") == content_hash("cafe\u0301")
    assert content_hash("café") != content_hash("cafe")


@given(st.text())
def test_every_text_has_a_fingerprint_that_does_not_depend_on_case(text):
    assert len(content_hash(text)) == 64
    assert content_hash(text + "a") == content_hash(text + "A")


def test_what_is_embedded_is_title_and_text():
    assert embedding_text("Title", "Text") == "Title\n\nText"
    assert embedding_text("", "Text") == "Text"
    assert embedding_key("Title", "Text") != embedding_key("Other", "Text")
