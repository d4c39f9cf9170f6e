"""The text of a page: in the encoding that it says it is in, unless its bytes say otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.html_tree import decode

FRENCH = "Caf\u00e9 \u00c1 la \u201ccarte\u201d, voil\u00e0"
RUSSIAN = "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440"


def declared(charset, text, encoding):
    return f'<meta charset="{charset}"><p>{text}'.encode(encoding)


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("utf-8", "utf-8", FRENCH),
        ("iso-8859-1", "cp1252", FRENCH),
        ("windows-1251", "cp1251", RUSSIAN),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("gb2312", "gbk", "\u4f60\u597d"),
        ("shift_jis", "shift_jis", "\u3053\u3093"),
        ("no-such-charset", "utf-8", FRENCH),
        ("no-such-charset", "cp1252", FRENCH),
    ],
)
def test_a_page_is_read_as_it_says(charset, encoding, text):
    assert text in decode(declared(charset, text, encoding), None)


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "iso-8859-15", "windows-1251"])
def test_utf_8_that_says_it_has_one_byte_a_character_is_read_as_utf_8(charset):
    assert FRENCH in decode(declared(charset, FRENCH, "utf-8"), None)
    assert RUSSIAN in decode(RUSSIAN.encode(), f"text/html; charset={charset}")


def test_what_says_it_is_utf_8_and_is_not_is_read_as_windows_1252():
    assert FRENCH in decode(declared("utf-8", FRENCH, "cp1252"), None)


def test_one_damaged_character_is_no_other_encoding():
    assert decode(FRENCH.encode() + b"\xff", "text/html; charset=utf-8") == FRENCH + "\ufffd"


def test_a_byte_order_mark_outranks_every_declaration():
    assert decode(FRENCH.encode("utf-8-sig"), "text/html; charset=koi8-r") == FRENCH
    assert decode(b"\xff\xfe" + FRENCH.encode("utf-16-le"), None) == FRENCH


@given(st.binary(max_size=200), st.sampled_from([None, "text/html; charset=utf-8", "text/html; charset=latin-1"]))
def test_no_bytes_are_an_error(body, content_type):
    assert isinstance(decode(body, content_type), str)
