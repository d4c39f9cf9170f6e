"""Words are the same however they are written, in every script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.tokens import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The QUICK, brown-fox!", ["the", "quick", "brown", "fox"]),
        ("\u201cDon\u2019t\u201d \u2014 stop\u2026", ["don", "t", "stop"]),
        ("cafe\u0301 CAFÉ", ["café", "café"]),
        ("\ufb01ve \uff11\uff12", ["five", "12"]),
        ("snake_case", ["snake", "case"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("日本語 テキスト", ["日", "本", "語", "テ", "キ", "ス", "ト"]),
        ("हिन्दी की", ["हिन्दी", "की"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("العربية لغة", ["العربية", "لغة"]),
        ("한국어 말", ["한국어", "말"]),
        ("🎉 — …", []),
        ("", []),
    ],
    ids=["case", "quotes", "accents", "compatibility", "underscore", "folding", "han", "devanagari", "thai", "arabic",
         "hangul", "none", "empty"],
)  # fmt: skip
def test_the_words_of_a_text(text, expected):
    assert words(text) == expected


@given(st.text(max_size=80))
def test_words_of_words_are_the_same(text):
    assert words(" ".join(words(text))) == words(text)


@given(st.text(st.characters(codec="ascii"), max_size=80))
def test_plain_text_has_the_same_words_beside_other_characters(text):
    assert [*words(text), "é"] == words(f"{text} é")
