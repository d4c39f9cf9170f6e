"""Intervals hold what they are said to hold, and are the same for the same seed."""

import numpy as np
import pytest

from pake_pipelines.quality import bootstrap, figures
from pake_pipelines.quality.bootstrap import resample
from pake_pipelines.quality.labelled import Labelled
from pake_pipelines.quality.measured import Measured
from pake_pipelines_tests.quality.labels import drawn

# of scores spread evenly over [0, 1] that are the probabilities of good: 5 / 6, 1 / 2 and 1 / 6, by integration
_TRUE = {"roc_auc": 5 / 6, "base_rate": 1 / 2, "brier": 1 / 6}


@pytest.mark.parametrize(("number", "sources"), [(60, 1), (200, 1), (200, 5), (200, 20)], ids=str)
def test_intervals_of_95_percent_hold_the_truth_about_as_often(number: int, sources: int) -> None:
    held = dict.fromkeys(_TRUE, 0)
    for seed in range(100):
        of = Measured(drawn(number, seed, sources=sources), seed, 200)
        found = {
            "roc_auc": of.ranked(of.scores, figures.roc_auc),
            "base_rate": of.base_rate(),
            "brier": of.ranked(of.scores, figures.brier),
        }
        for name, one in found.items():
            assert one.low is not None
            assert one.high is not None
            held[name] += one.low <= _TRUE[name] <= one.high
    # 95 expected; of a hundred draws at 0.95, fewer than 87 happen once in a thousand
    assert all(one >= 87 for one in held.values()), held


def test_the_interval_of_the_calibration_error_of_a_true_score_reaches_zero() -> None:
    assert sum(Measured(drawn(200, seed), seed, 200).calibration_error().low == 0.0 for seed in range(50)) >= 44


def test_items_of_one_source_that_share_a_fate_make_wide_intervals() -> None:
    alike = [Labelled(0.5, place // 25 % 2 == 0, 1.0, f"source {place // 25}") for place in range(200)]
    alone = [Labelled(0.5, one.good, 1.0, "one") for one in alike]
    by_source, by_label = (Measured(some, 0, 400).base_rate() for some in (alike, alone))
    assert by_source.high - by_source.low > 3 * (by_label.high - by_label.low)


def test_whole_sources_are_drawn_from_five_on() -> None:
    sources = [f"source {place % 5}" for place in range(40)]
    by_source = resample(40, sources, 0, 10)
    assert by_source.unit == "sources"
    assert (by_source.counts[:, :5] == by_source.counts[:, 5:10]).all()
    assert resample(40, ["a", "b"] * 20, 0, 10).unit == "labels"


def test_a_seed_draws_the_same() -> None:
    first, second, other = (resample(30, ["a"] * 30, seed, 50).counts for seed in (4, 4, 5))
    assert (first == second).all()
    assert (first != other).any()
    assert (first.sum(axis=1) == 30).all()


def test_a_figure_that_resamples_often_lack_has_no_interval() -> None:
    one_good = [Labelled(place / 30, place == 17) for place in range(30)]
    found = Measured(one_good, 0, 200)
    figure = found.ranked(found.scores, figures.roc_auc)
    assert figure.value is not None
    assert (figure.low, figure.high) == (None, None)
    assert figure.because is not None


def test_many_labels_are_resampled_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    resamples = resample(50, ["a"] * 50, 0, 100)
    whole = resamples.values(lambda weights: weights.max(axis=-1), np.ones(50))
    monkeypatch.setattr(bootstrap, "_CELLS", 700)
    assert (resamples.values(lambda weights: weights.max(axis=-1), np.ones(50)) == whole).all()
