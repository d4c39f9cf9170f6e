"""A trend has a direction only where enough days were measured and it is neither chance nor next to nothing."""

import random
from datetime import date, timedelta

import pytest

from pake_pipelines.analytics.trends import FEWEST_SAMPLES, Day, Direction, Judgement, growth, judged, trend

FIRST = date(2026, 11, 1)


def days(*means, samples=288):
    return [Day(FIRST + timedelta(days=number), mean, samples) for number, mean in enumerate(means) if mean is not None]


@pytest.mark.parametrize(
    ("means", "direction", "change"),
    [
        ([10, 11, 12, 13, 14, 15, 16], Direction.RISING, 6),
        ([16, 15, 14, 13, 12, 11, 10], Direction.FALLING, -6),
        ([10, 10, 10, 10, 10, 10, 10], Direction.STEADY, 0),
        ([0, 0, 0, 0, 0, 0, 0], Direction.STEADY, 0),
        ([10, 13, 9, 12, 11, 10, 12], Direction.STEADY, None),
        ([100, 100.1, 100.2, 100.3, 100.4, 100.5, 100.6], Direction.STEADY, 0.6),
        ([10, 11, 12, 13, 14, 500, 16], Direction.RISING, 6),
        ([10, 10, 9.9, 500, 10, 9.8, 10.1], Direction.STEADY, None),
        ([16, None, 14, 13, None, 11, 10], Direction.FALLING, -6),
    ],
    ids=[
        "up",
        "down",
        "flat",
        "nought",
        "up and down",
        "next to nothing",
        "one bad day of a rise",
        "one bad day",
        "days missing",
    ],
)
def test_the_direction_of_a_week(means, direction, change):
    found = trend(days(*means), 7)
    assert found.direction is direction
    if change is not None:
        assert found.change == pytest.approx(change)


@pytest.mark.parametrize("means", [[], [1], [1, 2, 3, 4]], ids=["none", "one", "four"])
def test_too_few_days_have_no_direction(means):
    found = trend(days(*means), 7)
    assert (found.direction, found.change, found.days) == (Direction.UNCLEAR, None, len(means))
    assert found.mean == (sum(means) / len(means) if means else None)


def test_a_month_needs_more_days_than_a_week():
    rising = days(*range(10, 20))
    assert trend(rising, 7).direction is Direction.RISING
    assert trend(rising, 30).direction is Direction.UNCLEAR


def test_a_day_that_was_hardly_sampled_is_not_measured():
    rising = days(1, 2, 3, 4, 5, 6, 7, samples=FEWEST_SAMPLES - 1)
    assert trend(rising, 7).days == 0
    assert trend(days(1, 2, 3, 4, 5, 6, 7, samples=FEWEST_SAMPLES), 7).direction is Direction.RISING


def test_chance_makes_a_direction_in_hardly_one_of_twenty_months():
    chance = random.Random(7)
    noise = [trend(days(*(50 + chance.gauss(0, 10) for _ in range(30))), 30).direction for _ in range(200)]
    assert sum(one is not Direction.STEADY for one in noise) <= 0.08 * len(noise)


@pytest.mark.parametrize(
    ("means", "better", "judgement"),
    [
        ([10, 11, 12, 13, 14, 15, 16], "higher", Judgement.IMPROVING),
        ([10, 11, 12, 13, 14, 15, 16], "lower", Judgement.DECLINING),
        ([16, 15, 14, 13, 12, 11, 10], "higher", Judgement.DECLINING),
        ([16, 15, 14, 13, 12, 11, 10], "lower", Judgement.IMPROVING),
        ([10, 13, 9, 12, 11, 10, 12], "higher", Judgement.STABLE),
        ([10, 11], "higher", Judgement.INSUFFICIENT),
    ],
    ids=["up is good", "up is bad", "down is bad", "down is good", "neither", "two days"],
)
def test_a_direction_is_judged_by_what_is_better(means, better, judgement):
    assert judged(trend(days(*means), 7), better) is judgement


def test_growth_is_told_a_day_in_its_unit_and_as_a_share():
    doubling = growth(days(*(100 * 1.1**day for day in range(8))))
    assert doubling.share_per_day == pytest.approx(0.1)
    assert growth(days(10, 12, 14, 16, 18, 20)).per_day == pytest.approx(2)


def test_what_goes_nowhere_does_not_grow():
    assert growth(days(10, 13, 9, 12, 11, 10, 12)).per_day == 0


@pytest.mark.parametrize("means", [[], [1], [1, 2, 3]], ids=["none", "one", "three"])
def test_of_too_few_days_no_growth_is_known_and_it_is_said_why(means):
    found = growth(days(*means))
    assert (found.per_day, found.share_per_day) == (None, None)
    assert found.reason == f"too few days: {len(means)} of at least 4"


def test_what_was_nothing_once_has_no_share_of_growth():
    found = growth(days(0, 1, 2, 3, 4, 5))
    assert (found.per_day, found.share_per_day) == (1, None)
