"""Language: sure answers for prose, `und` where nothing can be told, the same answer every time."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings

from pake_pipelines.config.quality import LanguageRules
from pake_pipelines.text.language import detect_language
from pake_pipelines_tests.text.strategies import any_text

_ENGLISH = "The committee has published a new report on the state of the European power grid and its storage."
_GERMAN = (
    "Der Ausschuss hat einen neuen Bericht \u00fcber den Zustand des europ\u00e4ischen Stromnetzes ver\u00f6ffentlicht."
)
_RULES = LanguageRules(supported=("en",), min_probability=0.7, min_letters=3, sample_characters=1000)


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
        "Hi",
        "\u03c0 r",
        "12 34 56 78 90 " * 20,
        "https://example.org/the-committee-has-published " * 5,
        "😀" * 50,
        "foo_bar(x) = {a->b}; self.value = obj::method() " * 10,
        "```\nthe committee has published a report\n```",
    ],
    ids=["empty", "short", "symbols", "numbers", "addresses", "emoji", "code", "fenced"],
)
def test_what_carries_no_language_is_undetermined(text: str, language_rules: LanguageRules) -> None:
    assert detect_language(text, language_rules).code == "und"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\u0442\u0435\u043b\u0435\u0432\u0456\u0437\u0456\u0439\u043d\u043e\u0433\u043e", "uk"),
        ("Geschwindigkeitsbegrenzung", "de"),
        ("przedsi\u0119biorstwa", "pl"),
        ("\u0e2a\u0e27\u0e31\u0e2a", "th"),
        ("\ud55c\uad6d", "ko"),
        ("\u3072\u3089", "ja"),
        ("\u10d0\u10d5\u10d8", "ka"),
    ],
)
def test_a_word_with_letters_of_its_own_is_told(text: str, code: str, language_rules: LanguageRules) -> None:
    assert detect_language(text, language_rules).code == code


@pytest.mark.parametrize("text", ["radio", "Madrid", "normal", "me", "\u56fd"])
def test_a_word_of_many_languages_is_undetermined(text: str, language_rules: LanguageRules) -> None:
    assert detect_language(text, language_rules).code == "und"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Jeg vet ikke hva jeg skal gj\u00f8re n\u00e5r de sier nei.", "no"),
        ("Jeg ved ikke hvad jeg skal g\u00f8re, n\u00e5r de siger nej.", "da"),
        ("Nev\u00edm, co m\u00e1m d\u011blat, kdy\u017e \u0159eknou ne.", "cs"),
        ("Neviem, \u010do m\u00e1m robi\u0165, ke\u010f povedia nie.", "sk"),
        ("No s\u00e9 qu\u00e9 hacer cuando dicen que no.", "es"),
        ("No s\u00e9 qu\u00e8 fer quan diuen que no.", "ca"),
    ],
)
def test_close_neighbours_are_told_apart(text: str, code: str, language_rules: LanguageRules) -> None:
    assert detect_language(text, language_rules).code == code


_SPANISH = "El comit\u00e9 ha publicado un nuevo informe sobre el estado de la red el\u00e9ctrica y su almacenamiento."
_CHINESE = "\u59d4\u5458\u4f1a\u53d1\u8868\u4e86\u4e00\u4efd\u65b0\u62a5\u544a"


@pytest.mark.parametrize("others", [_SPANISH * 4, _CHINESE * 10], ids=["Spanish", "Chinese"])
def test_a_text_half_in_another_language_is_undetermined(others: str, language_rules: LanguageRules) -> None:
    language = detect_language(_ENGLISH * 4 + "\n\n" + others, language_rules)
    assert language.code == "und"
    assert 0.0 < language.probability < language_rules.min_probability


def test_some_words_of_another_language_do_not_matter(language_rules: LanguageRules) -> None:
    assert detect_language(f"{_ENGLISH * 4} {_SPANISH}", language_rules).code == "en"


@pytest.mark.parametrize(
    "text",
    [
        "Gizon-emakume guztiak aske jaiotzen dira, duintasun eta eskubide berberak dituztela.",
        "Bonke abantu bazalwa bekhululekile belingana ngesithunzi nangamalungelo.",
        "asdf qwer zxcv hjkl uiop bnmv qwrt " * 5,
    ],
    ids=["Basque", "Zulu", "keyboard"],
)
def test_a_language_that_nobody_here_knows_is_undetermined(text: str, language_rules: LanguageRules) -> None:
    assert detect_language(text, language_rules).code == "und"


def test_names_in_latin_letters_do_not_make_a_text_english(language_rules: LanguageRules) -> None:
    text = "\u82f9\u679c\u4eca\u5929\u53d1\u5e03\u4e86iPhone 15 Pro Max\u548cMacBook Air\u7684\u65b0\u6b3e\u7535\u8111"
    assert detect_language(text, language_rules).code == "zh"


def test_a_number_amid_letters_without_blanks_hides_no_text(language_rules: LanguageRules) -> None:
    assert (
        detect_language("\u59d4\u5458\u4f1a2008a\u53d1\u8868\u4e86\u4e00\u4efd\u65b0\u62a5\u544a", language_rules).code
        == "zh"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "the quick brown fox " * 50_000,
        "\u7535" * 1_000_000,
        "\0" * 100,
        "\ud800\udfff" * 50,
        "\u0130" * 50,
    ],
    ids=["one-word", "one-line", "no-blanks", "nul", "surrogates", "dotted-capitals"],
)
def test_hostile_text_has_an_answer(text: str, language_rules: LanguageRules) -> None:
    assert 0.0 <= detect_language(text, language_rules).probability <= 1.0


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


def test_another_process_gives_the_same_answer() -> None:
    program = (
        "import sys\n"
        "from pake_pipelines.config.quality import LanguageRules\n"
        "from pake_pipelines.text.language import detect_language\n"
        f"rules = LanguageRules(**{_RULES.model_dump()!r})\n"
        "print(repr([detect_language(text, rules) for text in sys.argv[1:]]))"
    )
    texts = [_ENGLISH, _GERMAN, _ENGLISH[:60] + " " + _GERMAN[:60], "radio"]
    answers = {
        subprocess.run(
            [sys.executable, "-c", program, *texts],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert answers == {f"{[detect_language(text, _RULES) for text in texts]!r}\n"}


def test_a_foreign_introduction_does_not_decide_for_a_long_text() -> None:
    assert detect_language(_GERMAN + "\n\n" + " ".join([_ENGLISH] * 30), _RULES).code == "en"


@settings(deadline=None)
@given(any_text)
def test_any_text_has_an_answer(text: str) -> None:
    language = detect_language(text, _RULES)
    assert language.code
    assert 0.0 <= language.probability <= 1.0
