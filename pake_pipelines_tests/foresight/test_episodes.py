"""However often the same days are looked at, and from whatever beginning, an episode is one row."""

import random
from dataclasses import replace
from datetime import timedelta

from pake_pipelines.analytics.anomalies import Episode, Point, detect
from pake_pipelines.foresight.episodes import Looked, given_up, merged
from pake_pipelines_tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def episode(begin, last, *, over, score=0.9, value=9.0, stands_out=True):
    begun, ended = NOW + begin * MINUTE, NOW + last * MINUTE
    return Episode(begun, ended, begun, score, value, 1.0, 2.0, "spike", over, stands_out)


def look(*episodes, newest, judged=None):
    return Looked("m", {}, episodes, NOW + newest * MINUTE, None if judged is None else NOW + judged * MINUTE)


def after(kept, looked):
    """Return the rows as they are after a judgement."""
    rows = {one.started_at: one for one in kept}
    return list((rows | {one.started_at: one for one in merged(looked, kept, NOW)}).values())


def spans(rows):
    return [((one.started_at - NOW) // MINUTE, one.ended_at and (one.ended_at - NOW) // MINUTE) for one in rows]


def test_what_is_found_again_unchanged_changes_nothing():
    looked = look(episode(0, 5, over=False), newest=10)
    kept = after([], looked)
    assert spans(kept) == [(0, None)]
    assert merged(looked, kept, NOW + MINUTE) == []


def test_an_episode_goes_on_and_ends_where_it_was_last_odd():
    kept = after([], look(episode(0, 5, over=False), newest=10))
    kept = after(kept, look(episode(0, 20, over=False), newest=25, judged=10))
    assert spans(kept) == [(0, None)]
    kept = after(kept, look(episode(0, 20, over=True), newest=40, judged=25))
    assert spans(kept) == [(0, 20)]


def test_the_highest_score_is_that_of_the_peak_and_a_lower_one_later_is_not():
    kept = after([], look(episode(0, 5, over=False, score=0.8, value=5), newest=5))
    kept = after(kept, look(episode(0, 9, over=False, score=0.95, value=7), newest=9))
    (row,) = after(kept, look(episode(0, 12, over=False, score=0.6, value=3), newest=12))
    assert (row.score, row.value, row.last_at) == (0.95, 7, NOW + 12 * MINUTE)


def test_an_episode_whose_beginning_looks_different_from_a_later_day_is_the_same_and_keeps_its_beginning():
    kept = after([], look(episode(0, 20, over=False), newest=20))
    assert spans(after(kept, look(episode(5, 30, over=False), newest=30, judged=20))) == [(0, None)]
    assert spans(after(kept, look(episode(-5, 30, over=True), newest=60, judged=20))) == [(0, 30)]


def test_what_was_judged_before_and_not_found_is_not_found_later():
    assert after([], look(episode(0, 5, over=True), newest=90, judged=60)) == []
    assert spans(after([], look(episode(0, 65, over=False), newest=90, judged=60))) == [(0, None)]


def test_what_noise_brings_now_and_then_is_no_row_until_it_stands_out_and_one_that_did_goes_on():
    noise = look(episode(0, 5, over=False, stands_out=False), newest=5)
    assert after([], noise) == []
    kept = after([], look(episode(0, 9, over=False), newest=9, judged=5))
    assert spans(kept) == [(0, None)]
    assert spans(after(kept, look(episode(0, 15, over=True, stands_out=False), newest=60, judged=9))) == [(0, 15)]


def test_at_the_first_look_what_is_over_is_kept_as_over():
    assert spans(after([], look(episode(0, 5, over=True), episode(50, 55, over=False), newest=60))) == [
        (0, 5),
        (50, None),
    ]


def test_an_open_episode_that_is_not_odd_any_more_is_over_once_there_is_a_later_reading():
    kept = after([], look(episode(0, 5, over=False), newest=5))
    assert spans(after(kept, look(newest=5, judged=5))) == [(0, None)]
    assert spans(after(kept, look(newest=30, judged=5))) == [(0, 5)]


def test_a_series_that_vanishes_does_not_end_its_episode_before_nobody_can_remember_it():
    (row,) = after([], look(episode(0, 5, over=False), newest=5))
    assert given_up([row], set(), NOW) == []
    assert given_up([row], {("m", ())}, NOW + 6 * MINUTE) == []
    assert given_up([row], set(), NOW + 6 * MINUTE) == [replace(row, ended_at=row.last_at)]


def test_while_the_days_that_are_looked_at_move_on_a_planted_fault_stays_one_row():
    noise = random.Random(8)
    step, days = timedelta(minutes=30), 14
    points = [
        Point(NOW + number * step, 50 + noise.gauss(0, 3) + (60 if 600 <= number < 610 else 0)) for number in range(800)
    ]
    kept, judged = [], None
    for turn in range(590, 800, 7):
        seen = [one for one in points[:turn] if one.at > points[turn - 1].at - timedelta(days=days)]
        looked = Looked("m", {}, detect(seen).episodes, seen[-1].at, judged)
        kept, judged = after(kept, looked), seen[-1].at
    (row,) = kept
    assert abs(row.started_at - points[600].at) <= 2 * step
    assert points[607].at <= row.ended_at <= points[650].at
