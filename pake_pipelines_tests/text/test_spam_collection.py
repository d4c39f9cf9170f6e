"""The collection a spam score is measured on: large and varied enough, and split into halves that can both judge."""

from collections import Counter

import pytest

from benchmarks.spam_collection import Example, half, load

_HALVES = ("tuning", "untouched")


@pytest.fixture(scope="module")
def examples() -> tuple[Example, ...]:
    return load()


def test_there_are_at_least_four_hundred_examples(examples: tuple[Example, ...]) -> None:
    assert len(examples) >= 400


def test_every_example_has_a_label_a_kind_and_a_text(examples: tuple[Example, ...]) -> None:
    assert {example.label for example in examples} == {"spam", "ham"}
    assert [example.id for example in examples if not (example.kind and example.text.strip())] == []


def test_an_id_says_the_label_it_stands_under(examples: tuple[Example, ...]) -> None:
    assert [example.id for example in examples if not example.id.startswith(f"{example.label}-")] == []


@pytest.mark.parametrize("part", ["id", "text"])
def test_no_two_examples_share(examples: tuple[Example, ...], part: str) -> None:
    uses = Counter(getattr(example, part) for example in examples)
    assert [value for value, count in uses.items() if count > 1] == []


def test_no_two_texts_are_nearly_the_same(examples: tuple[Example, ...]) -> None:
    import numpy as np
    from rapidfuzz import fuzz, process

    texts = [example.text for example in examples]
    alike = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=85)
    pairs = [(examples[one].id, examples[other].id) for one, other in np.argwhere(np.triu(alike, 1))]
    assert pairs == []


@pytest.mark.parametrize("side", _HALVES)
@pytest.mark.parametrize("label", ["spam", "ham"])
def test_either_half_can_judge_either_label(examples: tuple[Example, ...], side: str, label: str) -> None:
    labels = [example.label for example in examples if half(example) == side]
    assert 0.35 <= labels.count(label) / len(labels) <= 0.65


@pytest.mark.parametrize("side", _HALVES)
def test_either_half_holds_hard_and_ordinary_examples_of_both_labels(examples: tuple[Example, ...], side: str) -> None:
    held = Counter((example.label, example.is_hard) for example in examples if half(example) == side)
    assert min(held[label, hard] for label in ("spam", "ham") for hard in (True, False)) >= 8


@pytest.mark.parametrize("side", _HALVES)
def test_neither_half_is_less_than_two_fifths_of_the_whole(examples: tuple[Example, ...], side: str) -> None:
    assert sum(half(example) == side for example in examples) >= 0.4 * len(examples)


def test_hard_negatives_are_over_represented(examples: tuple[Example, ...]) -> None:
    ham = [example for example in examples if example.label == "ham"]
    assert sum(example.is_hard for example in ham) >= 0.4 * len(ham)
