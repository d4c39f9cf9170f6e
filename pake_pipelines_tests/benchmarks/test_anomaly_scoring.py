"""NAB's scoring, against values worked out by hand from its definition (numenta/NAB, nab/sweeper.py)."""

from datetime import UTC, datetime, timedelta
from math import exp

import numpy as np
import pytest

from benchmarks.anomaly_scoring import (
    LOW_FALSE_NEGATIVES,
    LOW_FALSE_POSITIVES,
    NOTHING,
    STANDARD,
    best_threshold,
    label,
    probation,
    scaled_sigmoid,
    tally,
    total,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = [START + timedelta(minutes=at) for at in range(100)]
WINDOW = (TIMES[40], TIMES[49])


def flags(*places: int, size: int = 100) -> np.ndarray:
    scores = np.zeros(size)
    scores[list(places)] = 1.0
    return scores


def worth(position: float) -> float:
    return 2 / (1 + exp(5 * position)) - 1


def test_the_worth_of_a_place_is_that_of_the_original():
    at_places = scaled_sigmoid(np.array([-1.0, -0.5, 0.0, 1.0, 3.1]))
    assert at_places == pytest.approx([0.98661, 0.84828, 0.0, -0.98661, -1.0], abs=1e-5)


@pytest.mark.parametrize(("points", "expected"), [(100, 15), (107, 16), (4032, 604), (5000, 750), (22695, 750)])
def test_the_probation_is_15_percent_of_at_most_5000_points(points, expected):
    assert probation(points) == expected


def test_a_detector_that_says_nothing_scores_0():
    assert tally(label(TIMES, [WINDOW]), flags(), 0.5).score == 0


def test_every_window_hit_at_its_first_point_scores_100():
    labelled = label(TIMES, [WINDOW, (TIMES[70], TIMES[79])])
    assert tally(labelled, flags(40, 70), 0.5).score == pytest.approx(100)


def test_only_the_best_point_of_a_window_counts():
    labelled = label(TIMES, [WINDOW])
    alone = tally(labelled, flags(43), 0.5)
    assert alone.raw == pytest.approx(worth(-0.7) / worth(-1))
    assert tally(labelled, flags(43, 45, 49), 0.5) == alone


def test_a_false_point_before_every_window_costs_in_full():
    got = tally(label(TIMES, [WINDOW]), flags(40, 20), 0.5)
    assert (got.raw, got.false_points) == (pytest.approx(1 - 0.11), 1)


def test_a_false_point_soon_after_a_window_costs_less():
    right, width = 49, 10
    got = tally(label(TIMES, [WINDOW]), flags(40, 52), 0.5)
    assert got.raw == pytest.approx(1 + 0.11 * worth((52 - right) / (width - 1)))


def test_a_point_in_the_probation_neither_counts_nor_costs():
    got = tally(label(TIMES, [WINDOW]), flags(3), 0.5)
    assert (got.raw, got.false_points, got.score) == (-1, 0, 0)


def test_a_window_within_the_probation_can_not_be_missed_but_keeps_100_out_of_reach():
    got = tally(label(TIMES, [(TIMES[2], TIMES[5]), WINDOW]), flags(40), 0.5)
    assert (got.null, got.perfect, got.windows, got.hits) == (-1, 2, 1, 1)
    assert got.score == pytest.approx(100 * 2 / 3)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [(STANDARD, 1 - 0.11), (LOW_FALSE_POSITIVES, 1 - 0.22), (LOW_FALSE_NEGATIVES, 1 - 0.11)],
    ids=["standard", "low_fp", "low_fn"],
)
def test_profiles_weigh_false_points(profile, expected):
    assert tally(label(TIMES, [WINDOW]), flags(40, 20), 0.5, profile).raw == pytest.approx(expected)


def test_a_missed_window_costs_double_where_misses_matter():
    assert tally(label(TIMES, [WINDOW]), flags(), 0.5, LOW_FALSE_NEGATIVES).raw == -2


def test_without_windows_there_is_no_score_but_false_points_are_counted():
    got = tally(label(TIMES, []), flags(20, 30), 0.5)
    assert (got.score, got.false_points, got.raw) == (None, 2, pytest.approx(-0.22))


def test_raw_scores_are_added_before_they_are_normalised():
    hit = (label(TIMES, [WINDOW]), flags(40))
    missed = (label(TIMES, [WINDOW]), flags())
    assert total([hit, missed], 0.5).score == pytest.approx(50)
    assert total([], 0.5) == NOTHING


def test_a_score_equal_to_the_threshold_is_a_detection():
    assert tally(label(TIMES, [WINDOW]), 0.5 * flags(40), 0.5).hits == 1


def test_limits_that_are_no_points_move_inwards():
    odd = timedelta(seconds=10)
    moved = label(TIMES, [(TIMES[39] + odd, TIMES[49] + odd)])
    assert (moved.windows == label(TIMES, [WINDOW]).windows).all()


@pytest.mark.parametrize("profile", [STANDARD, LOW_FALSE_POSITIVES, LOW_FALSE_NEGATIVES], ids=["std", "fp", "fn"])
def test_the_best_threshold_is_no_worse_than_any_score_that_occurs(profile):
    random = np.random.default_rng(7)
    series = [
        (label(TIMES, [WINDOW]), np.round(random.random(100), 2)),
        (label(TIMES, [(TIMES[20], TIMES[30]), (TIMES[60], TIMES[70])]), np.round(random.random(100), 2)),
        (label(TIMES, []), np.round(random.random(100), 2)),
    ]
    best = total(series, best_threshold(series, profile), profile).raw
    assert best == pytest.approx(max(total(series, at, profile).raw for at in np.arange(0, 1.2, 0.01).round(2)))


def test_where_every_detection_costs_more_than_it_brings_nothing_is_flagged():
    series = [(label(TIMES, []), flags(20, 30))]
    assert total(series, best_threshold(series)).false_points == 0
