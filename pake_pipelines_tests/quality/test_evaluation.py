"""An evaluation says what the labels bear out, and nothing where they are too few."""

import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest

from pake_pipelines.quality.evaluation import evaluate, summarize
from pake_pipelines.quality.labelled import Labelled, agreed
from pake_pipelines_tests.quality.labels import FIRST, drawn


def measure(labels: list[Labelled], resamples: int = 200):
    return evaluate(labels, auto_verify=0.9, auto_reject=0.1, resamples=resamples)


def _figures(value: object) -> list[dict]:
    if isinstance(value, dict):
        return [value] if {"value", "low", "because"} <= value.keys() else [
            one for part in value.values() for one in _figures(part)
        ]  # fmt: skip
    return [one for part in value for one in _figures(part)] if isinstance(value, list | tuple) else []


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ([], "0 labels, at least 20 are needed"),
        (drawn(19), "19 labels, at least 20 are needed"),
        ([replace(one, good=True) for one in drawn(30)], "all 30 labels are good, both kinds are needed"),
        ([replace(one, good=False) for one in drawn(30)], "all 30 labels are bad, both kinds are needed"),
    ],
    ids=["none", "few", "good", "bad"],
)
def test_too_few_labels_give_the_reason_and_no_figure(labels: list[Labelled], why: str) -> None:
    found = measure(labels)
    assert found.unavailable == why
    assert found.decisions is None
    figures = _figures(asdict(found))
    assert figures
    assert all(one["value"] is None and one["because"] == why for one in figures)


def test_every_figure_of_enough_labels_has_a_value_within_its_interval() -> None:
    labels = [replace(one, authority=one.score, characters=place) for place, one in enumerate(drawn(400))]
    found = measure(labels)
    assert found.unavailable is None
    for one in _figures(asdict(found)):
        assert one["low"] <= one["value"] <= one["high"]
    assert "NaN" not in json.dumps(asdict(found), default=str)


def test_the_table_holds_every_label_in_bins_of_equal_mass_that_rise() -> None:
    table = measure(drawn(200)).table
    assert [one.labels for one in table] == [20] * 10
    assert all(one.high < following.low for one, following in pairwise(table))
    assert all(one.low <= one.mean_score <= one.high for one in table)


def test_a_bin_without_a_good_label_may_still_hold_some() -> None:
    labels = [Labelled(place / 100, place >= 50, 1.0, "one") for place in range(100)]
    lowest = measure(labels).table[0]
    assert lowest.observed.value == 0.0
    assert lowest.observed.high == pytest.approx(1 - 0.025 ** (1 / 10))


def test_a_true_score_beats_the_constant_and_what_says_nothing() -> None:
    labels = [
        replace(one, authority=(place * 7 % 10) / 10, characters=place * 13 % 101)
        for place, one in enumerate(drawn(400))
    ]
    assert {(one.name, one.measure): one.beaten for one in measure(labels).baselines} == {
        ("constant base rate", "brier"): True,
        ("constant base rate", "pr_auc"): True,
        ("source authority alone", "roc_auc"): True,
        ("source authority alone", "pr_auc"): True,
        ("text length alone", "roc_auc"): True,
        ("text length alone", "pr_auc"): True,
    }


def test_a_score_that_only_repeats_the_source_does_not_beat_it_and_a_worse_one_is_beaten() -> None:
    same = [replace(one, authority=one.score) for one in drawn(300)]
    worse = [replace(one, authority=one.score, score=1.0 - one.score) for one in drawn(300)]
    beaten = [{(one.name, one.measure): one.beaten for one in measure(some).baselines} for some in (same, worse)]
    assert beaten[0]["source authority alone", "roc_auc"] is None
    assert beaten[1]["source authority alone", "roc_auc"] is False
    assert beaten[1]["constant base rate", "brier"] is False


def test_a_baseline_that_nothing_is_known_of_is_unavailable() -> None:
    found = {(one.name, one.measure): one for one in measure(drawn(60)).baselines}
    length = found["text length alone", "roc_auc"]
    assert (length.value.value, length.beaten) == (None, None)
    assert length.value.because == "0 labels, at least 20 are needed"


def test_splits_are_measured_each_by_itself() -> None:
    labels = drawn(300, sources=3)
    found = measure(labels)
    first = [one for one in labels if one.source == "source 0"]
    assert found.by_source["source 0"] == summarize(first, resamples=200)
    assert found.by_source.keys() == {"source 0", "source 1", "source 2"}
    assert found.by_time["older"].labels == found.by_time["newer"].labels == 150
    assert found.by_time["older"] == summarize(labels[:150], resamples=200)


def test_a_split_with_too_few_labels_says_so() -> None:
    small = measure([*drawn(100, sources=1), *(replace(one, source="small") for one in drawn(5))]).by_source["small"]
    assert (small.labels, small.roc_auc.value) == (5, None)
    assert small.roc_auc.because == "5 labels, at least 20 are needed"


def test_one_source_is_no_split_and_undated_labels_are_in_no_half() -> None:
    labels = [replace(one, published=None) if place % 4 == 0 else one for place, one in enumerate(drawn(80, sources=1))]
    found = measure(labels)
    assert found.by_source == {}
    assert found.undated == 20
    assert sum(one.labels for one in found.by_time.values()) == 60


def test_equal_dates_are_in_the_same_half() -> None:
    labels = [replace(one, published=FIRST if place < 70 else one.published) for place, one in enumerate(drawn(100))]
    halves = measure(labels).by_time
    assert (halves["older"].labels, halves["newer"].labels) == (70, 30)
    assert measure([replace(one, published=FIRST) for one in labels]).by_time == {}


def test_pr_auc_and_base_rate_are_those_of_the_population_not_of_the_sample() -> None:
    population = drawn(6000, shown=lambda truth: truth, sources=1)
    rare = [replace(one, good=one.good and one.score > 0.9) for one in population]
    # the sample takes a tenth of all below 0.9, and everything above
    sample = [replace(one, weight=10.0) for one in rare if one.score <= 0.9][::10] + [
        one for one in rare if one.score > 0.9
    ]
    plain = [replace(one, weight=1.0) for one in sample]
    whole, weighted, unweighted = (summarize(some, resamples=50) for some in (rare, sample, plain))
    assert weighted.base_rate.value == pytest.approx(whole.base_rate.value, rel=0.02)
    assert weighted.pr_auc.value == pytest.approx(whole.pr_auc.value, abs=0.01)
    assert unweighted.base_rate.value > 2 * whole.base_rate.value


def test_a_seed_gives_the_same_evaluation() -> None:
    assert measure(drawn(80)) == measure(drawn(80))


@pytest.mark.parametrize("wrong", [{"score": 1.1}, {"score": float("nan")}, {"weight": 0.0}, {"weight": float("inf")}])
def test_what_is_no_score_or_no_weight_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        measure([replace(drawn(1)[0], **wrong)])


def test_several_labels_of_an_item_are_one_and_those_that_disagree_are_none() -> None:
    good, bad = Labelled(0.5, good=True, weight=2.0), Labelled(0.5, good=False, weight=4.0)
    found, disagreed = agreed([(1, good), (1, bad), (1, good), (2, bad), (3, good), (3, bad)])
    assert [(one.good, one.weight) for one in found] == [(True, pytest.approx(8 / 3)), (False, 4.0)]
    assert disagreed == 1
