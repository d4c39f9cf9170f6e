"""Alerts and silences as people look at them and deal with them."""

from datetime import timedelta

import pytest

from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.model.alert import AlertState, Severity
from pake_pipelines.store import alert_series, alert_views, alerts, silences
from pake_pipelines_tests.alerts.bench import BAD, OK, config, rule, services
from pake_pipelines_tests.conftest import NOW

MINUTE = timedelta(minutes=1)
RULES = {
    "down": rule(match={"service": "d*"}, labels={"team": "db"}),
    "mild": rule(match={"service": "m*"}, severity="warning", after=2),
}


@pytest.fixture
async def alerted(database):
    """A past in which `db` fired twice and is over, `disk` fires, `mail` is pending, `menu` never fired."""
    made = config(rules=RULES)
    past = [
        {"db": BAD, "disk": OK, "mail": OK, "menu": BAD},
        {"db": OK, "disk": OK, "mail": OK, "menu": OK},
        {"db": BAD, "disk": BAD, "mail": OK, "menu": OK},
        {"db": BAD, "disk": BAD, "mail": OK, "menu": OK},
        {"db": OK, "disk": BAD, "mail": BAD, "menu": OK},
    ]
    for number, conditions in enumerate(past):
        await evaluate(database, made, [services(**conditions)], NOW + number * MINUTE)
    return database


def names(found):
    return [(one.labels["service"], one.state.value) for one in found]


async def test_open_alerts_are_listed_the_gravest_first(alerted):
    async with alerted.connection() as connection:
        found = await alert_views.list_alerts(connection)
    assert names(found) == [("disk", "firing"), ("mail", "pending")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"states": tuple(AlertState)}, ["disk", "db", "db", "mail", "menu"]),
        ({"states": (AlertState.RESOLVED,), "min_severity": Severity.ERROR}, ["db", "db"]),
        ({"rule": "mild"}, ["mail"]),
        ({"labels": {"team": "db"}}, ["disk"]),
        ({"labels": {"team": "web"}}, []),
        ({"states": tuple(AlertState), "since": NOW + 2 * MINUTE}, ["disk", "db", "mail"]),
        ({"states": tuple(AlertState), "limit": 1}, ["disk"]),
    ],
)
async def test_alerts_are_found_by(alerted, asked, expected):
    async with alerted.connection() as connection:
        found = await alert_views.list_alerts(connection, **asked)
    assert sorted(one.labels["service"] for one in found) == sorted(expected)


async def test_an_alert_shows_its_changes_and_the_messages_that_told_of_it(alerted):
    async with alerted.connection() as connection:
        over = await alert_views.list_alerts(connection, states=(AlertState.RESOLVED,), rule="down")
        shown = await alert_views.view(connection, over[0].alert_id)
        assert await alert_views.view(connection, "alert_none") is None
    assert [one.to_state.value for one in shown.transitions] == ["pending", "firing", "resolved"]
    assert [(one.channel, one.kind, one.state) for one in shown.messages] == [
        ("log", "fire", "waiting"), ("log", "resolve", "waiting"),
    ]  # fmt: skip
    assert shown.alert.resolved_because == "good for 0 s"


async def test_an_alert_is_found_by_the_beginning_of_its_name(alerted):
    async with alerted.connection() as connection:
        (one, *_) = await alert_views.list_alerts(connection)
        beginning = one.alert_id.removeprefix("alert_")[:8]
        assert await alert_views.find(connection, beginning) == [one.alert_id]
        assert await alert_views.find(connection, one.alert_id) == [one.alert_id]
        assert await alert_views.find(connection, "zzz") == []


async def test_statistics_say_what_each_rule_did(alerted):
    async with alerted.transaction() as connection:
        (disk, *_) = await alert_views.list_alerts(connection)
        await alerts.acknowledge(connection, [disk.alert_id], "me", "", NOW + 12 * MINUTE)
        down, mild = await alert_views.statistics(connection, NOW, NOW + 60 * MINUTE)
        assert await alert_views.statistics(connection, NOW + 60 * MINUTE, NOW + 90 * MINUTE) == []
    assert (down.rule, down.fired, down.passed, down.open_now, down.acknowledged) == ("down", 3, 0, 1, 1)
    assert (down.minutes_to_acknowledge, down.minutes_to_resolve) == (10, 1.5)
    assert (mild.fired, mild.passed, mild.open_now, mild.minutes_to_resolve) == (0, 1, 1, None)


async def test_closing_one_that_is_good_by_now_does_not_keep_its_series_closed(alerted):
    async with alerted.transaction() as connection:
        found = await alert_views.list_alerts(connection)
        await alerts.resolve_by_hand(connection, [one.alert_id for one in found], "me", "", NOW + 5 * MINUTE)
        series = await alert_series.load(connection)
    closed = {one.labels["service"]: one.closed_by_hand for one in series.values()}
    assert closed == {"db": False, "disk": True, "mail": True, "menu": False}


async def test_what_is_over_can_be_neither_acknowledged_nor_closed(alerted):
    async with alerted.transaction() as connection:
        over = await alert_views.list_alerts(connection, states=(AlertState.RESOLVED,))
        ids = [one.alert_id for one in over]
        assert await alerts.acknowledge(connection, ids, "me", "", NOW) == []
        assert await alerts.resolve_by_hand(connection, ids, "me", "", NOW) == []
        assert await connection.fetchval("SELECT count(*) FROM audit_events") == 0


async def test_silences_are_listed_until_they_are_over_and_can_be_ended_before(database):
    async with database.transaction() as connection:
        first = await silences.add(connection, {"service": "a"}, NOW, NOW + MINUTE, "me", "why")
        later = await silences.add(connection, {"service": "b"}, NOW + MINUTE, NOW + 9 * MINUTE, "me")
        assert await silences.in_force(connection, NOW) == [first]
        assert await silences.list_silences(connection, NOW) == [first, later]
        assert await silences.end(connection, [first.silence_id, later.silence_id, 99], "you", NOW + MINUTE / 2) == [
            first.silence_id, later.silence_id,
        ]  # fmt: skip
        assert await silences.in_force(connection, NOW + MINUTE / 2) == []
        assert await silences.in_force(connection, NOW + 2 * MINUTE) == []
        assert len(await silences.list_silences(connection, NOW + 9 * MINUTE, ended=True)) == 2
        actions = await connection.fetch("SELECT actor, action FROM audit_events ORDER BY event_id")
        assert await silences.prune(connection, NOW + 9 * MINUTE) == 2
    assert [tuple(row) for row in actions] == [("me", "silence.add")] * 2 + [("you", "silence.end")] * 2


async def test_a_silence_that_ends_before_it_starts_is_refused(database):
    async with database.transaction() as connection:
        with pytest.raises(ValueError, match="ends after it starts"):
            await silences.add(connection, {}, NOW, NOW, "me")
