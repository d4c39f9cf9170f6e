"""Linguistics: counts that can be checked by hand, bounds that hold for any text, entities where a model is there."""

import time

import pytest
from hypothesis import given, settings

from pake_pipelines.model.document import Linguistics
from pake_pipelines.text import linguistics
from pake_pipelines.text.linguistics import (
    MEASURED_CHARACTERS,
    Pipeline,
    count_syllables,
    measure,
    measure_all,
)
from pake_pipelines_tests.text.strategies import any_text


def test_counts_and_readability_are_those_of_the_formula(blank: Pipeline) -> None:
    found = measure("The cat sat on the mat. It was happy.", blank)
    assert (found.words, found.sentences, found.syllables) == (9, 2, 10)
    assert found.flesch == pytest.approx(206.835 - 1.015 * 9 / 2 - 84.6 * 10 / 9)
    assert found.type_token_ratio == pytest.approx(8 / 9)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("cat", 1),
        ("happy", 2),
        ("made", 1),
        ("table", 2),
        ("the", 1),
        ("committee", 3),
        ("rhythm", 1),
        ("caf\u00e9", 2),
        ("hmm", 1),
    ],
)
def test_syllables_are_groups_of_vowels_without_silent_e(word: str, syllables: int) -> None:
    assert count_syllables(word) == syllables


def test_an_empty_text_has_no_readability(blank: Pipeline) -> None:
    assert measure(" \n ", blank) == Linguistics(ner="unavailable")


def test_headings_and_list_items_end_a_sentence_and_code_is_not_measured(blank: Pipeline) -> None:
    found = measure("# A heading\n\n- one item\n- two items\n\n```\nx = not measured\n```\n\nThe end.", blank)
    assert (found.sentences, found.words) == (4, 8)


def test_variety_is_measured_over_the_first_words_only(blank: Pipeline) -> None:
    different = " ".join("".join(chr(97 + int(digit)) for digit in str(number)) for number in range(500))
    assert measure(different + " same" * 500, blank).type_token_ratio == 1.0


def test_only_the_first_characters_are_measured(blank: Pipeline) -> None:
    assert measure("word " * MEASURED_CHARACTERS, blank).words == MEASURED_CHARACTERS // 5


def test_without_a_model_entities_are_unavailable_and_not_absent(blank: Pipeline) -> None:
    found = measure("Acme sold a boat.", blank)
    assert (found.ner, found.entities) == ("unavailable", ())
    assert "blank" in blank.version


@pytest.mark.parametrize(
    "text",
    [
        "One. Two! Three? 4. ... !?",
        "He said \u201cyes.\u201d She left.\n\nMr. Reed of the U.S. army\n\n1.\n\nno end",
        "\u4f60\u597d\u3002\u518d\u89c1\u3002 \u0928\u092e\u0938\u094d\u0924\u0947\u0964 End",
    ],
    ids=["marks", "quotes and paragraphs", "other scripts"],
)
def test_sentences_are_those_of_spacys_sentencizer(text: str, blank: Pipeline) -> None:
    from spacy.pipeline import Sentencizer

    sentencizer = Sentencizer(punct_chars=[*Sentencizer.default_punct_chars, "\n\n"])
    doc = sentencizer(blank.nlp.make_doc(text))
    assert measure(text, blank).sentences == sum(any(token.is_alpha for token in one) for one in doc.sents)


def test_a_word_ends_at_no_mark_that_belongs_to_its_letters(blank: Pipeline) -> None:
    assert measure("\u0926\u093f\u0932\u094d\u0932\u0940 \u092e\u0947\u0902", blank).words == 2


def test_many_texts_are_measured_in_order_like_single_ones(blank: Pipeline) -> None:
    texts = [f"Text number {'x' * number}. Second sentence." for number in range(150)]
    assert list(measure_all(texts, blank)) == [measure(text, blank) for text in texts]


def test_a_text_without_a_language_of_its_own_is_an_error(blank: Pipeline) -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(measure_all(["One.", "Two."], blank, ["en"]))


def test_a_full_vocabulary_changes_no_measure(blank: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Unheardofword meets anotherunheardofword. It ends."
    before = measure(text, blank)
    monkeypatch.setattr(linguistics, "_KEPT_WORDS", 0)
    known = len(blank.nlp.vocab.strings)
    assert measure(text, blank) == before
    assert measure("Zzyzxword qwertyword. Done.", blank).sentences == 2
    assert len(blank.nlp.vocab.strings) == known


@pytest.mark.parametrize("run", ["(", "\"'", "\U0001f600", "a.", "http://"])
def test_unbroken_runs_of_characters_are_measured_in_seconds(run: str, blank: Pipeline) -> None:
    began = time.process_time()
    measure(run * 20_000, blank)
    assert time.process_time() - began < 3.0


@settings(deadline=None)
@given(text=any_text)
def test_any_text_can_be_measured(text: str, blank: Pipeline) -> None:
    found = measure(text, blank)
    assert 0.0 <= found.type_token_ratio <= 1.0
    assert (found.flesch is None) is (found.words == 0)
    assert found.syllables >= found.words
