"""The figures of incidents, and which ones are shown."""

from datetime import timedelta

import pytest

from pake_pipelines.config.alerting import Incidents
from pake_pipelines.model.alert import Severity
from pake_pipelines.store import incidents as store
from pake_pipelines_tests.alerts.incident_desk import Desk
from pake_pipelines_tests.conftest import NOW

ALL = Incidents(open_at=Severity.INFO)


@pytest.fixture
async def week(database):
    """Incidents of a week: resolved, resolved by itself, false positive, late and still open."""
    desk = Desk(database)
    ids = {}
    ids["taken"] = await desk.open("taken", severity=Severity.ERROR, config=ALL)
    ids["itself"] = await desk.open("itself", severity=Severity.WARNING, config=ALL)
    ids["drill"] = await desk.open("drill", severity=Severity.ERROR, config=ALL)
    ids["late"] = await desk.open("late", severity=Severity.ERROR, config=ALL)
    ids["critical"] = await desk.open("critical", config=ALL)
    desk.later(10)
    await desk.update(ids["taken"], owner="ann")
    await desk.update(ids["drill"], status="false_positive")
    await desk.follow(over=["itself"], config=ALL)
    desk.later(30)
    await desk.update(ids["taken"], status="resolved")
    desk.later(60)
    return desk, ids


async def test_figures_of_a_window_are_of_what_was_opened_in_it(week):
    desk, _ = week
    async with desk.database.connection() as connection:
        told = await store.statistics(connection, NOW - timedelta(days=7), desk.now)
        before = await store.statistics(connection, NOW - timedelta(days=7), NOW)
    assert told.total_incidents == 5
    assert told.by_severity == {"critical": 1, "high": 3, "medium": 1}
    assert told.by_status == {"resolved": 2, "false_positive": 1, "open": 2}
    assert told.still_open == told.overdue == 2
    assert told.missed_target == 2
    assert told.mean_minutes_to_acknowledge == 10
    assert told.mean_minutes_to_resolve == 25
    assert (before.total_incidents, before.mean_minutes_to_acknowledge, before.mean_minutes_to_resolve) == (
        0,
        None,
        None,
    )


async def test_overdue_ones_come_with_the_longest_first(week):
    desk, ids = week
    async with desk.database.connection() as connection:
        assert [one.incident_id for one in await store.overdue(connection, desk.now)] == [ids["critical"], ids["late"]]
        assert [one.incident_id for one in await store.overdue(connection, NOW)] == [ids["critical"]]


async def test_open_ones_come_first_and_the_gravest_of_them(week):
    desk, ids = week
    async with desk.database.connection() as connection:
        shown = await store.list_incidents(connection)
        everything = await store.list_incidents(connection, closed=True)
        grave = await store.list_incidents(connection, closed=True, severities=["high"], limit=2)
    assert [one.incident_id for one in shown] == [ids["critical"], ids["late"]]
    assert len(everything) == 5
    assert everything[:2] == shown
    assert [one.severity for one in grave] == ["high", "high"]


async def test_a_beginning_finds_all_that_have_it(week):
    desk, ids = week
    async with desk.database.connection() as connection:
        assert len(await store.find(connection, "inc_")) == 5
        assert [one.incident_id for one in await store.find(connection, ids["late"])] == [ids["late"]]
        assert await store.find(connection, "inc_%") == []


async def test_a_clock_that_was_set_back_makes_no_negative_times(database):
    desk = Desk(database)
    incident_id = await desk.open()
    desk.later(-30)
    await desk.update(incident_id, status="resolved")
    async with database.connection() as connection:
        told = await store.statistics(connection, NOW - timedelta(days=1), NOW + timedelta(seconds=1))
    assert (told.mean_minutes_to_acknowledge, told.mean_minutes_to_resolve) == (0, 0)
