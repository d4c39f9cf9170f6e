"""The last day is worse than the one before only where most of its hours are, and by more than chance."""

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.analytics.day_change import day_change
from pake_pipelines.analytics.trends import Judgement

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def two_days(before, after):
    """Samples every quarter of an hour: `before` and `after` give the value at an hour of the day."""
    moments = [NOW - timedelta(minutes=15 * one) for one in range(4 * 48)]
    return [(at, (after if NOW - at < timedelta(days=1) else before)(at.hour)) for at in moments]


@pytest.mark.parametrize(
    ("better", "judgement"), [("lower", Judgement.DECLINING), ("higher", Judgement.IMPROVING)], ids=["times", "rates"]
)
def test_a_rise_is_judged_by_what_is_better_and_told_with_its_rate(better, judgement):
    found = day_change(two_days(lambda hour: 10 + hour, lambda hour: 13 + 1.3 * hour), now=NOW, better=better)
    assert (found.judgement, found.hours) == (judgement, 24)
    assert found.rate_percent == pytest.approx(30)
    assert "24 hours compared" in found.reason


def test_the_round_of_the_day_is_no_change():
    wave = lambda hour: 50 + 40 * math.sin(hour / 24 * 2 * math.pi)  # noqa: E731
    assert day_change(two_days(wave, wave), now=NOW, better="lower").judgement is Judgement.STABLE


def test_noise_is_no_change():
    draw = random.Random(3)
    noise = [day_change(two_days(*[lambda _: draw.gauss(50, 10)] * 2), now=NOW, better="lower") for _ in range(40)]
    assert sum(one.judgement is not Judgement.STABLE for one in noise) <= 2


def test_one_bad_hour_is_no_decline():
    found = day_change(two_days(lambda _: 10, lambda hour: 500 if hour == 3 else 10), now=NOW, better="lower")
    assert found.judgement is Judgement.STABLE


@pytest.mark.parametrize(
    "samples",
    [[], [(NOW, 1.0)], two_days(lambda _: 1, lambda _: 2)[:90], [(NOW, math.nan)] * 100],
    ids=["none", "one", "one day", "not numbers"],
)
def test_too_few_hours_tell_nothing(samples):
    found = day_change(samples, now=NOW, better="lower")
    assert (found.judgement, found.rate_percent) == (Judgement.INSUFFICIENT, None)


def test_from_nothing_there_is_no_rate():
    found = day_change(two_days(lambda _: 0, lambda _: 5), now=NOW, better="lower")
    assert (found.judgement, found.rate_percent, found.before, found.after) == (Judgement.DECLINING, None, 0, 5)
