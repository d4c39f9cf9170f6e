"""Language: sure answers for prose, `und` where nothing can be told, the same answer every time."""

import pytest
from hypothesis import given, settings

from pake_pipelines.config.quality import LanguageRules
from pake_pipelines.text.language import detect_language
from pake_pipelines_tests.text.strategies import any_text

_ENGLISH = "The committee has published a new report on the state of the European power grid and its storage."
_GERMAN = (
    "Der Ausschuss hat einen neuen Bericht \u00fcber den Zustand des europ\u00e4ischen Stromnetzes ver\u00f6ffentlicht."
)
_RULES = LanguageRules(supported=("en",), min_probability=0.7, min_letters=20, sample_characters=1000)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_ENGLISH, "en"),
        (_GERMAN, "de"),
        ("De commissie heeft een nieuw rapport over de toestand van het Europese stroomnet gepubliceerd.", "nl"),
        (
            "\u59d4\u5458\u4f1a\u53d1\u8868\u4e86\u4e00\u4efd\u5173\u4e8e\u6b27\u6d32\u7535\u7f51\u72b6\u51b5\u7684\u65b0\u62a5\u544a\u50a8\u80fd\u5fc5\u987b\u589e\u957f",
            "zh",
        ),
        (_ENGLISH.upper(), "en"),
    ],
)
def test_prose_is_recognised(text: str, code: str, language_rules: LanguageRules) -> None:
    language = detect_language(text, language_rules)
    assert language.code == code
    assert language.probability >= language_rules.min_probability


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hi there",
        "12 34 56 78 90 " * 20,
        "https://example.org/the-committee-has-published " * 5,
        "😀" * 50,
        "foo_bar(x) = {a->b}; self.value = obj::method() " * 10,
        "```\nthe committee has published a report\n```",
    ],
    ids=["empty", "short", "numbers", "addresses", "emoji", "code", "fenced"],
)
def test_what_carries_no_language_is_undetermined(text: str, language_rules: LanguageRules) -> None:
    assert detect_language(text, language_rules).code == "und"


def test_an_answer_below_the_wanted_probability_is_undetermined_and_keeps_it() -> None:
    rules = _RULES.model_copy(update={"min_probability": 1.0})
    mixed = "Das Wetter ist heute sehr gut. The weather is very good today."
    language = detect_language(mixed, rules)
    assert language.code == "und"
    assert 0.0 < language.probability < 1.0


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    texts = [_ENGLISH, _GERMAN, _ENGLISH[:60] + " " + _GERMAN[:60], "Rust vs Go in 2026, some benchmarks"]
    first = [detect_language(text, _RULES) for text in texts]
    again = [detect_language(text, _RULES) for text in reversed(texts)]
    assert first == again[::-1]


def test_a_foreign_introduction_does_not_decide_for_a_long_text() -> None:
    assert detect_language(_GERMAN + "\n\n" + " ".join([_ENGLISH] * 30), _RULES).code == "en"


@settings(deadline=None)
@given(any_text)
def test_any_text_has_an_answer(text: str) -> None:
    language = detect_language(text, _RULES)
    assert language.code
    assert 0.0 <= language.probability <= 1.0
