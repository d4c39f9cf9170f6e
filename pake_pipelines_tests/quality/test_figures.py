"""Figures are what their definitions say: checked by counting pairs, and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from pake_pipelines.quality import figures
from pake_pipelines.quality.bins import equal_mass
from pake_pipelines.quality.labelled import Labelled
from pake_pipelines_tests.quality.labels import both_kinds, columns, drawn


def _auc_by_pairs(labels: list[Labelled]) -> float:
    ordered = total = 0.0
    for good in (one for one in labels if one.good):
        for bad in (one for one in labels if not one.good):
            weight = good.weight * bad.weight
            total += weight
            ordered += weight * (1.0 if good.score > bad.score else 0.5 if good.score == bad.score else 0.0)
    return ordered / total


@given(both_kinds)
def test_roc_auc_counts_weighted_pairs_and_ties_as_half(labels: list[Labelled]) -> None:
    assert float(figures.roc_auc(*columns(labels))) == pytest.approx(_auc_by_pairs(labels))


@given(both_kinds)
def test_orderings_and_brier_are_those_of_scikit_learn(labels: list[Labelled]) -> None:
    scores, good, weights = columns(labels)
    assert float(figures.roc_auc(scores, good, weights)) == pytest.approx(
        roc_auc_score(good, scores, sample_weight=weights)
    )
    assert float(figures.pr_auc(scores, good, weights)) == pytest.approx(
        average_precision_score(good, scores, sample_weight=weights)
    )
    assert float(figures.brier(scores, good, weights)) == pytest.approx(
        brier_score_loss(good, scores, sample_weight=weights)
    )


@given(both_kinds, st.integers(1, 4))
def test_many_weightings_at_once_are_each_what_they_are_alone(labels: list[Labelled], number: int) -> None:
    scores, good, weights = columns(labels)
    many = np.stack([np.roll(weights, place) for place in range(number)])
    for figure in (figures.roc_auc, figures.pr_auc, figures.brier):
        assert figure(scores, good, many) == pytest.approx([float(figure(scores, good, row)) for row in many])


@given(both_kinds)
def test_an_item_weighted_twice_is_two_items(labels: list[Labelled]) -> None:
    scores, good, weights = columns(labels)
    doubled = weights.copy()
    doubled[0] *= 2
    twice = [np.append(column, column[0]) for column in (scores, good, weights)]
    for figure in (figures.roc_auc, figures.pr_auc, figures.brier):
        assert float(figure(scores, good, doubled)) == pytest.approx(float(figure(*twice)))


@given(both_kinds)
def test_a_score_that_knows_nothing_has_the_base_rate_as_its_pr_auc(labels: list[Labelled]) -> None:
    _, good, weights = columns(labels)
    nothing = np.full_like(good, 0.5)
    assert float(figures.pr_auc(nothing, good, weights)) == pytest.approx(float(figures.base_rate(good, weights)))
    assert float(figures.roc_auc(nothing, good, weights)) == pytest.approx(0.5)


def test_one_kind_of_label_has_no_auc() -> None:
    scores, weights = np.array([0.1, 0.9]), np.ones(2)
    assert np.isnan(figures.roc_auc(scores, np.ones(2), weights))
    assert np.isnan(figures.pr_auc(scores, np.zeros(2), weights))


@settings(deadline=None)  # the first call loads the libraries
@given(both_kinds)
def test_the_parts_of_the_brier_score_add_up(labels: list[Labelled]) -> None:
    scores, good, weights = columns(labels)
    parts = figures.decompose(scores, good, weights)
    rate = float(figures.base_rate(good, weights))
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(
        float(figures.brier(scores, good, weights))
    )
    assert parts.uncertainty == pytest.approx(rate * (1 - rate))
    assert min(parts.reliability, parts.resolution) >= 0.0
    assert parts.resolution <= parts.uncertainty + 1e-9


def test_scores_that_are_hardly_apart_are_told_apart() -> None:
    scores, good, weights = np.array([0.0, 1.0, np.nextafter(1.0, 0.0)]), np.array([0.0, 1.0, 0.0]), np.ones(3)
    parts = figures.decompose(scores, good, weights)
    assert (parts.reliability, parts.resolution) == (pytest.approx(1 / 3), pytest.approx(2 / 9))


def test_the_constant_base_rate_is_reliable_and_resolves_nothing() -> None:
    good, weights = np.array([1.0, 0.0, 1.0, 0.0, 0.0]), np.ones(5)
    parts = figures.decompose(np.full(5, 0.4), good, weights)
    assert (parts.reliability, parts.resolution) == (pytest.approx(0.0), pytest.approx(0.0))


@pytest.mark.parametrize("number", [60, 400])
def test_the_debiased_calibration_error_of_a_true_score_is_zero_on_average_and_the_plain_one_is_not(
    number: int,
) -> None:
    plain, debiased = [], []
    for seed in range(150):
        scores, good, weights = columns(drawn(number, seed))
        bins = [np.array(one) for one in equal_mass(scores.tolist(), 10)]
        plain.append(figures.squared_calibration_error(scores, good, weights, bins))
        debiased.append(figures.squared_calibration_error(scores, good, weights, bins, debiased=True))
    assert abs(np.mean(debiased)) < 0.1 * np.mean(plain)


def test_a_score_that_is_off_by_a_fifth_has_that_calibration_error() -> None:
    scores, good, weights = columns(drawn(4000, shown=lambda truth: 0.2 + 0.8 * truth))
    bins = [np.array(one) for one in equal_mass(scores.tolist(), 10)]
    squared = figures.squared_calibration_error(scores, good, weights, bins, debiased=True)
    # 0.2 * (1 - truth), whose mean square is 0.04 / 3
    assert float(squared) == pytest.approx(0.04 / 3, rel=0.25)


def test_equal_weights_are_as_many_labels_as_there_are_and_unequal_ones_fewer() -> None:
    assert float(figures.effective(np.full(30, 2.5))) == pytest.approx(30)
    assert float(figures.effective(np.array([100.0, *[1.0] * 29]))) < 2
