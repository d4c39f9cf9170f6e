"""A job regressed when its last three runs all took clearly longer than those before them."""

import math
import random
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from pake_pipelines.analytics import regression
from pake_pipelines.analytics.regression import RunDuration

regressions = partial(regression.regressions, recent_runs=3, trailing_runs=30, factor=1.3, least_seconds=1.0)
START = datetime(2026, 11, 1, tzinfo=UTC)


def runs(*seconds, job="backup"):
    return [RunDuration(job, START + timedelta(hours=number), one) for number, one in enumerate(seconds)]


def test_three_slow_runs_are_a_regression_that_is_told_with_its_figures():
    (found,) = regressions(runs(*[60, 62, 58, 61, 59] * 3, 90, 95, 92))
    assert (found.state, found.usual, found.recent) == ("slower", 60, 92)
    assert found.since == START + timedelta(hours=15)
    assert found.ratio == pytest.approx(92 / 60)


@pytest.mark.parametrize(
    "seconds",
    [
        [60] * 12,
        [60] * 12 + [90, 60, 90],
        [60] * 12 + [70, 70, 70],
        [0.1] * 12 + [0.3, 0.3, 0.3],
        [20, 120, 40, 100, 60, 80] * 3 + [110, 115, 105],
        [60] * 12 + [30, 30, 30],
    ],
    ids=["the same", "one was fast", "by little", "by less than a second", "it always scatters so", "faster"],
)
def test_it_is_steady_otherwise(seconds):
    assert regressions(runs(*seconds))[0].state == "steady"


@pytest.mark.parametrize(
    ("seconds", "known"), [([60], 1), ([60] * 10, 10), ([math.nan] * 20, 0)], ids=["one", "ten", "not numbers"]
)
def test_of_too_few_runs_nothing_is_said(seconds, known):
    (found,) = regressions(runs(*seconds))
    assert (found.state, found.usual, found.ratio) == ("insufficient", None, None)
    assert found.reason == f"only {known} runs of at least 11"


def test_no_runs_are_no_jobs():
    assert regressions([]) == ()


def test_each_job_is_judged_by_itself_and_the_slower_ones_come_first():
    mixed = runs(*[10] * 15, job="a") + runs(*[10] * 12, 30, 30, 30, job="b") + runs(5, job="c")
    random.Random(1).shuffle(mixed)
    assert [(one.job, one.state) for one in regressions(mixed)] == [
        ("b", "slower"),
        ("a", "steady"),
        ("c", "insufficient"),
    ]


def test_noise_is_hardly_ever_a_regression():
    draw = random.Random(5)
    noise = [regressions(runs(*(draw.lognormvariate(4, 0.3) for _ in range(33))))[0] for _ in range(200)]
    assert sum(one.state == "slower" for one in noise) <= 2
