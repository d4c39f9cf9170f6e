"""Clean characters: what `clean_text` and `clean_title` promise."""

import unicodedata

import pytest
from hypothesis import given, settings

from pake_pipelines.text.clean import clean_text, clean_title
from pake_pipelines_tests.text.strategies import any_text


@settings(deadline=None)
@given(any_text)
def test_clean_text_is_nfc_encodable_and_without_control_characters(text: str) -> None:
    clean = clean_text(text)
    assert unicodedata.is_normalized("NFC", clean)
    assert clean.encode().decode() == clean
    assert not [c for c in clean if unicodedata.category(c) == "Cc" and c not in "\n\t"]
    assert "\n\n\n" not in clean
    assert not [line for line in clean.split("\n") if line != line.rstrip()]


@settings(deadline=None)
@given(any_text)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


def test_a_lone_surrogate_is_replaced_and_not_lost() -> None:
    assert clean_text("a\ud800b") == "a\ufffdb"


def test_line_ends_of_every_system_become_newlines_and_three_become_two() -> None:
    assert clean_text("a\r\nb\rc\fd\n\n\n\ne  \n") == "a\nb\nc\nd\n\ne"


def test_letters_and_their_accents_become_one_character() -> None:
    assert clean_text("cafe\u0301") == "caf\u00e9"


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("AT&amp;T buys <b>it</b>", "AT&T buys it"),
        ("Two\n lines\tand   blanks", "Two lines and blanks"),
        ("&amp;lt;", "&lt;"),
        ("Using &lt;div&gt; well", "Using <div> well"),
        ("Why std::vector<bool> is <i>odd</i>", "Why std::vector<bool> is odd"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("\x00NUL", "NUL"),
        ("", ""),
    ],
)
def test_a_title_is_one_line_without_tags_and_unescaped_once(title: str, clean: str) -> None:
    assert clean_title(title) == clean


def test_a_script_in_a_title_becomes_harmless_text() -> None:
    clean = clean_title("<script>alert('x')</script> words")
    assert "<" not in clean
    assert clean.endswith("words")


@settings(deadline=None)
@given(any_text)
def test_a_title_is_one_line_whatever_it_was(title: str) -> None:
    assert len(clean_title(title).splitlines()) <= 1


def test_a_title_in_utf_8_that_was_read_as_windows_1252_is_read_again() -> None:
    assert clean_title("It\u00e2\u20ac\u2122s here") == "It\u2019s here"
