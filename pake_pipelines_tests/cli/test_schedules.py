"""`pake schedules` tells what is read when, and its ticks are those that Dagster's daemon keeps (ING-21)."""

from datetime import datetime, timedelta, timezone
from itertools import islice, pairwise

import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from pake_pipelines.cli.schedules import next_ticks
from pake_pipelines.config.frequency import frequency_to_cron
from pake_pipelines_tests.conftest import NOW

BASE = """sources:
  a: {name: A, kind: folder, path: a}
  b: {name: B, kind: mailbox, enabled: false, disabled_because: x}
schedules:
  often: {name: Often, sources: [a, b], frequency: every_hour, enabled: true, priority: high, max_items_per_run: 9}
  never: {name: Never, sources: [b], frequency: every_2_hours, enabled: false, priority: low, max_items_per_run: 9}
  all: {name: All, sources: all_enabled, frequency: 'weekly_sunday_at_01:00', enabled: true, priority: low,
        max_items_per_run: 9}
"""

FREQUENCIES = ["every_hour", "every_4_hours", "every_30_minutes", "daily_at_02:00", "weekly_sunday_at_01:00"]


@pytest.mark.parametrize("frequency", FREQUENCIES)
@pytest.mark.parametrize("after", [NOW, datetime(2028, 2, 28, 23, 59, 59, tzinfo=timezone(timedelta(hours=-5)))])
def test_ticks_are_those_of_dagster(frequency, after):
    cron = frequency_to_cron(frequency)
    ours = list(islice(next_ticks(cron, after), 20))
    daemons = schedule_execution_time_iterator(after.timestamp(), cron, "UTC")
    assert ours == list(islice((tick for tick in daemons if tick > after), 20))


def test_people_see_what_is_read_how_often_and_when_next(terminal):
    terminal.configure(BASE)
    done = terminal.pake("schedules")
    assert (done.code, done.stderr) == (0, "")
    often, never, everything = (" ".join(line.split()) for line in done.stdout.splitlines()[1:])
    assert often.startswith("often a (1 disabled) every hour 0 * * * * ")
    assert never == "never (1 disabled) every 2 hours 0 */2 * * * off"
    assert everything.startswith("all all 1 enabled sources weekly sunday at 01:00 0 1 * * 0 Sun ")
    assert everything.endswith(" 01:00")


def test_programs_get_the_next_ticks_as_moments(terminal):
    terminal.configure(BASE)
    often, never, _ = terminal.pake("schedules", "--json").json
    ticks = [datetime.fromisoformat(tick) for tick in often["next_ticks"]]
    assert len(ticks) == 3
    assert {tick.minute for tick in ticks} == {0}
    assert {later - earlier for earlier, later in pairwise(ticks)} == {timedelta(hours=1)}
    assert (often["slug"], often["reads"], often["cron"]) == ("often", ["a"], "0 * * * *")
    assert (never["enabled"], never["next_ticks"]) == (False, [])


def test_with_automation_off_nothing_ticks_and_the_reason_is_said(terminal):
    terminal.configure(BASE)
    terminal.environment(PAKE_AUTOMATION_ENABLED="0")
    assert "PAKE_AUTOMATION_ENABLED is off" in terminal.pake("schedules").stdout
    assert {tuple(one["next_ticks"]) for one in terminal.pake("schedules", "--json").json} == {()}


def test_all_of_them_have_scans_maintenance_analytics_and_reports_too(terminal):
    terminal.configure(BASE)
    lines = {
        line.split()[0]: " ".join(line.split()[1:]) for line in terminal.pake("schedules", "--all").stdout.splitlines()
    }
    assert lines["qa_priority_scan"].startswith("judges what waits every 5 minutes ")
    assert lines["database_backup"].startswith("maintenance daily at 01:00 ")
    assert lines["health_digest"].startswith("monitoring_report 0 */6 * * * ")
    found = {one["slug"]: one for one in terminal.pake("schedules", "--all", "--json").json}
    assert found["often"]["reads"] == ["a"]
    assert found["database_backup"]["maintenance"] is True
    assert found["daily_health_check"]["reports"] == ["health_report", "daily_operations_checklist"]
    assert all(len(one["next_ticks"]) == 3 for one in found.values() if one["enabled"])
