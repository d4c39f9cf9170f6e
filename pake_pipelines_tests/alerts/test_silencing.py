"""Silences are in force from their start until before their end; windows come again by cron, in UTC."""

from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.alerts.silencing import in_force, is_open, silenced
from pake_pipelines.config.alerting import MaintenanceWindow
from pake_pipelines.model.episode import Silence
from pake_pipelines_tests.conftest import NOW


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-22T02:59:59", False),
        ("2026-11-22T03:00:00", True),
        ("2026-11-22T03:29:59.999", True),
        ("2026-11-22T03:30:00", False),
        ("2026-11-23T03:10:00", False),  # a Monday
    ],
)
def test_a_window_is_open_from_its_tick_for_its_minutes(moment, expected):
    assert is_open(MaintenanceWindow(cron="0 3 * * 0", minutes=30), at(moment)) is expected


def test_a_window_longer_than_its_rhythm_is_always_open():
    window = MaintenanceWindow(cron="0 * * * *", minutes=90)
    assert all(is_open(window, NOW + timedelta(minutes=minute)) for minute in range(120))


def test_a_silence_is_in_force_from_its_start_until_before_its_end():
    one = Silence(1, {"service": "redis"}, NOW, NOW + timedelta(minutes=1), "me")
    found = [bool(in_force([one], [], NOW + timedelta(seconds=seconds))) for seconds in (-1, 0, 59, 60)]
    assert found == [False, True, True, False]


def test_any_silence_that_fits_silences():
    assert silenced({"service": "redis"}, [{"service": "x"}, {"service": "re*"}])
    assert not silenced({"service": "redis"}, [])
