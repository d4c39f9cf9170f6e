"""Clean characters: what `clean_text`, `clean_title` and `decode` promise."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.text.clean import clean_text, clean_title, decode
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


@pytest.mark.parametrize(
    ("body", "declared", "text", "repaired"),
    [
        ("h\u00e9".encode(), None, "h\u00e9", False),
        ("h\u00e9".encode(), "UTF-8", "h\u00e9", False),
        ("h\u00e9".encode("cp1252"), None, "h\u00e9", True),
        ("\u201ch\u201d".encode("cp1252"), "iso-8859-1", "\u201ch\u201d", False),
        ("h\u00e9".encode("cp1252"), "utf-8", "h\u00e9", True),
        ("h\u00e9".encode(), "no-such-charset", "h\u00e9", True),
        ("h\u00e9".encode(), "base64", "h\u00e9", True),
        ("h\u00e9".encode(), "utf\x008", "h\u00e9", True),
        ("h\u00e9".encode("utf-8-sig"), None, "h\u00e9", False),
        ("h\u00e9".encode("utf-16"), None, "h\u00e9", False),
        ("\u043f\u0440".encode("koi8-r"), "koi8-r", "\u043f\u0440", False),
        (b"a\x81b", None, "a\ufffdb", True),
    ],
)
def test_decoding_reads_the_text_and_names_the_repair(
    body: bytes, declared: str | None, text: str, repaired: bool
) -> None:
    decoded, repair = decode(body, declared)
    assert decoded == text
    assert (repair is not None) is repaired


@settings(deadline=None)
@given(st.binary(max_size=60), st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["utf-16", "utf-7", "idna"])))
def test_decoding_raises_for_no_bytes_and_no_charset(body: bytes, declared: str | None) -> None:
    text, repair = decode(body, declared)
    assert isinstance(text, str)
    assert repair is None or repair
