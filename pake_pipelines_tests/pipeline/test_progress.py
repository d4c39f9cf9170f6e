"""Progress is told every ten seconds and at the end, and small work stays quiet."""

import pytest

from pake_pipelines.pipeline.progress import Progress, duration


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def told(steps, texts, work):
    """Return the lines of a work of which each of `steps` (seconds, texts, work) is done."""
    clock, lines = Clock(), []
    progress = Progress("embedded", texts, work, lines.append, clock)
    for seconds, some, effort in steps:
        clock.now += seconds
        progress.advance(some, effort)
    return lines


def test_a_line_says_how_far_how_fast_and_how_much_longer():
    assert told([(16, 400, 400)], 2000, 2000) == ["embedded 400 of 2,000 texts, 25 a second, about 64 s left"]


def test_the_remaining_time_follows_the_work_and_not_the_number_of_texts():
    (line,) = told([(20, 10, 900)], 1000, 1000)  # the ten longest have nine tenths of the work
    assert line == "embedded 10 of 1,000 texts, 0.5 a second, about 2 s left"


def test_at_most_one_line_in_ten_seconds():
    lines = told([(1, 10, 10)] * 35, 1000, 1000)
    assert [line.split(" of ")[0] for line in lines] == ["embedded 100", "embedded 200", "embedded 300"]


def test_the_end_is_told_though_a_line_has_just_been():
    assert told([(12, 99, 99), (1, 1, 1)], 100, 100)[1:] == ["embedded 100 of 100 texts, 7.7 a second, in 13 s"]


def test_work_of_a_few_seconds_says_nothing():
    assert told([(3, 50, 50), (3, 50, 50)], 100, 100) == []


def test_texts_without_a_character_have_no_remaining_time():
    assert told([(11, 1, 0)], 2, 0) == ["embedded 1 of 2 texts, 0.1 a second, about 0 s left"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5000, "83 min"), (5400, "1.5 h")]
)
def test_durations_are_in_the_unit_a_person_would_use(seconds, shown):
    assert duration(seconds) == shown
