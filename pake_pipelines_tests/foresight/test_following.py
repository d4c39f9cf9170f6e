"""A task that has left its schedule runs as often as it is needed or in quiet hours, and never not at all."""

from datetime import datetime, timedelta

import pytest

from pake_pipelines.analytics.windows import Window
from pake_pipelines.config.analytics import Adaptive
from pake_pipelines.foresight.following import decide
from pake_pipelines.foresight.frequencies import Rhythm, recommended
from pake_pipelines.store.analyses import Analysis
from pake_pipelines_tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUIET = Window(2, 2, 1.0, 14, 4.0, 0.1)
ADAPTIVE = Adaptive(tasks=("follows",))


def recommends(hours, *, made_at=NOW):
    return Analysis("frequency", "task", made_at, "", {"recommended_seconds": hours * 3600})


def test_frequent_work_follows_what_its_runs_recommend_while_that_is_fresh():
    began = NOW - 3 * HOUR
    assert decide(NOW, began, 2 * HOUR, None, None).run
    assert not decide(NOW, began, 2 * HOUR, recommends(4), None).run
    assert decide(NOW, began, 2 * HOUR, recommends(4, made_at=NOW - 3 * DAY), None).run


def test_daily_work_waits_for_the_quiet_hours_and_not_longer_than_it_can():
    due = NOW - 25 * HOUR
    waits = decide(NOW, due, DAY, None, QUIET)
    assert (waits.run, waits.at) == (False, (due + DAY + 12 * HOUR))
    assert decide(NOW, NOW - 37 * HOUR, DAY, None, QUIET).run
    quiet = datetime(2026, 11, 23, 2, 30, tzinfo=NOW.tzinfo)
    assert decide(quiet, quiet - DAY, DAY, None, QUIET).run
    assert decide(NOW, None, DAY, None, QUIET).run


@pytest.mark.parametrize("weeks", [1, 4])
def test_over_two_months_of_ticks_nothing_starves_and_nothing_runs_too_often(weeks):
    interval, began, runs = 7 * DAY * weeks, NOW - 7 * DAY * weeks, []
    for tick in range(24 * 56):
        now = NOW + tick * HOUR
        if decide(now, began, interval, None, QUIET).run:
            runs.append(now)
            began = now
    assert len(runs) in {56 // (7 * weeks), 56 // (7 * weeks) + 1}
    assert all(QUIET.contains(run) for run in runs)


def rhythm(name, *scores, newest_at=NOW):
    return Rhythm(name, 2 * HOUR, scores, newest_at)


def test_a_task_that_follows_goes_on_from_its_last_recommendation_once_for_each_new_run():
    before = recommends(2.4, made_at=NOW - HOUR)
    assert recommended(rhythm("follows", *[1.0] * 20), ADAPTIVE, before)["recommended_seconds"] == 2.88 * 3600
    still = rhythm("follows", *[1.0] * 20, newest_at=NOW - 2 * HOUR)
    assert recommended(still, ADAPTIVE, before)["recommended_seconds"] == 2.4 * 3600
    other = recommended(rhythm("stays", *[1.0] * 20), ADAPTIVE, before)
    assert (other["current_seconds"], other["recommended_seconds"], other["follows"]) == (7200, 8640, False)


def test_an_interval_stays_within_its_bounds_and_too_few_runs_change_nothing():
    long = recommended(rhythm("follows", *[1.0] * 20), ADAPTIVE, recommends(7.9, made_at=NOW - HOUR))
    assert long["recommended_seconds"] == 8 * 3600
    short = recommended(rhythm("follows", *[0.0] * 20), ADAPTIVE, recommends(0.5, made_at=NOW - HOUR))
    assert short["recommended_seconds"] == 0.5 * 3600
    few = recommended(rhythm("stays", 1.0), ADAPTIVE, None)
    assert (few["recommended_seconds"], few["score"]) == (7200, None)
    assert few["reason"] == "too few runs are known: 1 of at least 5"
