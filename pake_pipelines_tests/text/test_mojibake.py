"""UTF-8 read as Windows-1252 is read again where that is certain, and nowhere else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pake_pipelines.text.mojibake import repair_mojibake


def misread(text: str) -> str:
    """Return what a program shows that takes UTF-8 for Windows-1252, and its unassigned bytes for controls."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "It\u2019s a \u201cquote\u201d \u2014 done",
        "Caf\u00e9 \u00c0 la",
        "\u043f\u0440\u0438\u0432\u0435\u0442",
        "\U0001f600",
        "\u4f60\u597d",
    ],
    ids=["quotes", "accents", "cyrillic", "emoji", "chinese"],
)
def test_what_was_misread_is_read_again(text: str) -> None:
    assert repair_mojibake(misread(text)) == text
    assert repair_mojibake(misread(misread(text))) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "\u00e9t\u00e9 \u00c3\u00a9",  # one accent stands for itself, so the other may be meant
        "S\u00e3o Paulo",
        "\u00c2 la carte",
        "na\u00efve \u00e2\u20ac\u2122",
        "\ud800",
        "\u00e0\u20ac\u20ac",  # an overlong sequence is no UTF-8
    ],
)
def test_what_may_be_meant_stays(text: str) -> None:
    assert repair_mojibake(text) == text


@given(st.text())
def test_a_text_without_two_readings_stays(text: str) -> None:
    assume(not any("\u00c2" <= character <= "\u00f4" for character in text))
    assert repair_mojibake(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x100)))
def test_every_text_comes_back(text: str) -> None:
    assert repair_mojibake(misread(text)) == text
