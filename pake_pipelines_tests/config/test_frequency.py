import pytest

from pake_pipelines.config.frequency import frequency_to_cron


@pytest.mark.parametrize(
    ("frequency", "cron"),
    [
        ("every_hour", "0 * * * *"),
        ("every_2_hours", "0 */2 * * *"),
        ("every_24_hours", "0 0 * * *"),
        ("every_30_minutes", "*/30 * * * *"),
        ("every_60_minutes", "0 * * * *"),
        ("daily_at_02:00", "0 2 * * *"),
        ("weekly_sunday_at_01:00", "0 1 * * 0"),
        ("weekly_saturday_at_23:59", "59 23 * * 6"),
    ],
)
def test_the_grammar_of_the_guides_becomes_cron(frequency, cron):
    assert frequency_to_cron(frequency) == cron


@pytest.mark.parametrize(
    "text",
    ["", "hourly", "every_0_hours", "every_7_hours", "every_45_minutes", "daily_at_24:00", "daily_at_2",
     "weekly_at_01:00", "weekly_someday_at_01:00", "every_hour ", "EVERY_HOUR"],
)  # fmt: skip
def test_an_unknown_or_impossible_frequency_is_refused_by_name(text):
    with pytest.raises(ValueError, match=r"unknown frequency|cannot be kept"):
        frequency_to_cron(text)
