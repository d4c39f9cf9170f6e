"""Key phrases: what a text comes back to, as it writes it, without what every text says."""

import pytest
from hypothesis import given, settings

from pake_pipelines.text.linguistics import Pipeline, measure
from pake_pipelines.text.phrases import MAX_PHRASES, key_phrases
from pake_pipelines_tests.text.strategies import any_text

VACCINE = (
    "Researchers in Oslo reported a malaria vaccine on Monday. The malaria vaccine protects children for a year, the "
    "researchers said. A clinical trial with 400 children began in Mali. Until now every clinical trial of a malaria "
    "vaccine had failed, according to Ingrid Solberg of Oslo University Hospital. Solberg hopes for approval."
)


def test_what_a_text_comes_back_to_stands_first_and_names_are_whole():
    found = key_phrases(VACCINE)
    assert found[0] == "malaria vaccine"
    assert {"clinical trial", "Ingrid Solberg"} <= set(found)
    assert "Solberg" not in found


def test_what_every_text_says_is_no_phrase():
    words = {word.casefold() for phrase in key_phrases(VACCINE) for word in phrase.split()}
    assert words.isdisjoint({"a", "the", "for", "monday", "year", "said", "according", "400"})


def test_a_part_of_a_chosen_phrase_is_shown_only_if_it_often_stands_alone():
    seldom = "A fuel cell makes power. The fuel cell is small. One cell costs little. Each fuel cell lasts."
    often = "Solar power grows. Solar power is cheap. " + "The power is off. " * 6
    assert "cell" not in key_phrases(seldom)
    assert {"power", "Solar power"} <= set(key_phrases(often))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("She moved to New York. In New York rents rise.", "New York"),
        ("They don't like it. Apple's watch is late. The watch of Apple sold.", "Apple"),
        ("The U.S. senate met. The U.S. senate voted.", "U.S. senate"),
        ("We write C++ modules. The C++ modules compile.", "C++ modules"),
        ("A top-selling car. The top-selling car won.", "top-selling car"),
        ("O'Brien spoke. Then O'Brien left and O'Brien slept.", "O'Brien"),
    ],
    ids=["adjective of a name", "possessive", "abbreviation", "signs of a name", "hyphen", "apostrophe of a name"],
)
def test_a_phrase_reads_as_it_is_written(text, phrase):
    assert phrase in key_phrases(text)


def test_singular_and_plural_are_one_phrase_in_the_form_that_is_more_frequent():
    found = key_phrases("Wind turbines turn. A wind turbine stands. Wind turbines hum over wind turbines.")
    assert [phrase.casefold() for phrase in found if "turbine" in phrase] == ["wind turbines"]


def test_punctuation_numbers_and_paragraphs_end_a_phrase():
    assert key_phrases("green (apples), yellow 7 pears\n\nred plums") == ("red plums",)


GERMAN = "Der Bundestag stritt über das Klimageld. Das Klimageld soll der Bundestag beschließen."
FRENCH = "La banque centrale hésite. L'inflation baisse, dit la banque centrale, car l'inflation compte."
NORWEGIAN = "Regjeringen vil bygge havvind. Havvind er dyrt, sier regjeringen om havvind."
HINDI = "दिल्ली में बारिश हुई। दिल्ली में सभा है।"


@pytest.mark.parametrize(
    ("language", "text", "phrases"),
    [
        ("de", GERMAN, {"Klimageld", "Bundestag"}),
        ("fr", FRENCH, {"banque centrale", "inflation"}),
        ("no", NORWEGIAN, {"havvind"}),
        ("hi", HINDI, {"दिल्ली"}),
    ],
    ids=["de", "fr", "no", "hi"],
)
def test_other_languages_have_their_own_stop_words(language, text, phrases):
    found = key_phrases(text, language)
    assert phrases <= set(found)
    assert not {"das", "la", "er", "om", "में"} & {word.casefold() for one in found for word in one.split()}


@pytest.mark.parametrize("language", ["und", "so", "zh", "ja", "th", "xx", ""])
def test_no_phrases_are_told_where_words_cannot_be_weighed(language):
    assert key_phrases(VACCINE, language) == ()


def test_code_is_not_what_a_text_is_about(blank: Pipeline):
    text = "The parser reads feeds.\n\n```\nfrobnicate(gizmo)\nfrobnicate(gizmo)\n```\n\nA parser reads feeds fast."
    found = measure(text, blank).key_phrases
    assert not any("frobnicate" in phrase or "gizmo" in phrase for phrase in found)
    assert any("parser" in phrase for phrase in found)


def test_the_language_of_each_text_is_its_own(blank: Pipeline):
    german = "Der Hund und die Katze. Der Hund bellt, und die Katze schläft."
    assert measure(german, blank, "de").key_phrases == key_phrases(german, "de") != ()
    assert measure(german, blank, "und").key_phrases == ()


@settings(deadline=None)
@given(text=any_text)
def test_any_text_has_few_different_phrases_of_its_own_words(text: str):
    found = key_phrases(text)
    assert len(found) == len(set(found)) <= MAX_PHRASES
    for phrase in found:
        assert phrase.split() == phrase.split(" ")
        assert all(word in text.replace("\u2019", "'") for word in phrase.split())


@given(words=any_text)
@settings(deadline=None)
def test_the_same_text_always_has_the_same_phrases(words: str):
    assert key_phrases(words + VACCINE) == key_phrases(words + VACCINE)
