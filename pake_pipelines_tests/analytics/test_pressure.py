"""Pressure is what lasts: four fifths of the samples of a window above the bound, or times that clearly grew."""

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.analytics.pressure import State, increase, pressure

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def samples(*values, minutes=30):
    return [(NOW - timedelta(minutes=minutes * place), value) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ([90.0] * 8, State.UNDER_PRESSURE),
        ([90.0] * 8 + [10.0] * 2, State.UNDER_PRESSURE),
        ([90.0] * 7 + [10.0] * 2, State.NOT),
        ([99.0] + [30.0] * 7, State.NOT),
        ([80.0] * 8, State.NOT),
        ([math.nan] * 3 + [90.0] * 8, State.UNDER_PRESSURE),
    ],
    ids=["always", "four fifths", "less than four fifths", "one sample", "at the bound", "some unknown"],
)
def test_consistently_is_four_fifths_of_the_samples(values, state):
    assert pressure("cpu", samples(*values, minutes=20), 80, now=NOW).state is state


def test_the_evidence_says_what_was_seen():
    found = pressure("cpu", samples(*[90.0] * 8, 50.0), 80, now=NOW)
    assert found.evidence == "89% of 9 samples in 4 hours were above 80 (mean 85.56, highest 90)"


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ([], "only 0 of 6 samples"),
        (samples(*[90.0] * 5), "only 5 of 6 samples"),
        (samples(*[90.0] * 40, minutes=1), "they cover 0.7 of 4 hours"),
        ([(at - timedelta(days=1), value) for at, value in samples(*[90.0] * 8)], "only 0 of 6 samples"),
        ([(at + timedelta(days=1), value) for at, value in samples(*[90.0] * 8)], "only 0 of 6 samples"),
    ],
    ids=["none", "few", "of a moment", "of yesterday", "of tomorrow"],
)
def test_too_few_samples_are_unknown_and_not_calm(seen, why):
    found = pressure("cpu", seen, 80, now=NOW)
    assert (found.state, found.share) == (State.UNKNOWN, None)
    assert why in found.evidence


def drawn(middle, number=40, seed=1):
    draw = random.Random(seed)
    return [draw.lognormvariate(math.log(middle), 0.5) for _ in range(number)]


@pytest.mark.parametrize(
    ("after", "state"),
    [(drawn(40, seed=2), State.UNDER_PRESSURE), (drawn(10, seed=2), State.NOT), (drawn(5, seed=2), State.NOT)],
    ids=["four times", "the same", "less"],
)
def test_times_increase_by_half_and_not_by_chance(after, state):
    assert increase("query_ms", drawn(10), after).state is state


def test_an_increase_from_few_samples_is_unknown():
    found = increase("query_ms", [1.0] * 19, [9.0] * 30)
    assert (found.state, found.chance) == (State.UNKNOWN, None)


def test_times_that_never_changed_did_not_increase():
    assert increase("query_ms", [0.0] * 30, [0.0] * 30).state is State.NOT
