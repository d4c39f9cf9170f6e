"""An evaluation is one transaction: states, groups and messages together, one evaluation at a time."""

import asyncio
import time
from datetime import timedelta

import pytest

from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.alerts.retention import prune
from pake_pipelines.model.alert import MessageKind, Reading, Readings
from pake_pipelines.store import alert_rounds, alerts, incidents, notifications, silences
from pake_pipelines.store.errors import UnstorableError
from pake_pipelines_tests.alerts.bench import BAD, OK, UNKNOWN, config, metric, rule, service, services
from pake_pipelines_tests.conftest import NOW


class Clocked:
    """Evaluates on the real database, half a minute further each time."""

    def __init__(self, database, made=None):
        self.database, self.config, self.now = database, made or config(), NOW

    async def tick(self, *inputs, seconds=30):
        done = await evaluate(self.database, self.config, inputs, self.now)
        self.now += timedelta(seconds=seconds)
        return done

    async def rows(self, query, *arguments):
        async with self.database.connection() as connection:
            return [dict(row) for row in await connection.fetch(query, *arguments)]

    async def messages(self):
        rows = await self.rows("SELECT channel, message FROM notifications ORDER BY notification_id")
        return [(row["channel"], notifications.message_of(row["message"])) for row in rows]


@pytest.fixture
def clocked(database):
    return lambda made=None: Clocked(database, made)


async def test_an_episode_is_told_once_when_it_fires_and_once_when_it_is_over(clocked):
    world = clocked()
    for condition in (OK, BAD, BAD, UNKNOWN, OK, OK):
        await world.tick(services(db=condition))
    told = await world.messages()
    assert [(channel, message.kind) for channel, message in told] == [
        ("log", MessageKind.FIRE), ("log", MessageKind.RESOLVE),
    ]  # fmt: skip
    assert told[0][1].firing[0].alert_id == told[1][1].resolved[0].alert_id
    rows = await world.rows("SELECT from_state, to_state, at FROM alert_transitions ORDER BY transition_id")
    assert [(row["from_state"], row["to_state"]) for row in rows] == [
        (None, "pending"), ("pending", "firing"), ("firing", "resolved"),
    ]  # fmt: skip
    assert rows[2]["at"] == NOW + timedelta(seconds=120)


async def test_without_anything_to_do_nothing_is_written_but_that_it_was_looked(clocked):
    world = clocked()
    await world.tick(services(a=OK, b=UNKNOWN))
    tables = ("alert_series", "alerts", "alert_transitions", "alert_groups", "notifications", "incidents")
    counts = [(await world.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in tables]
    assert counts == [0] * len(tables)
    (tick,) = await world.rows("SELECT name, ticked_at FROM monitor_ticks")
    assert (tick["name"], tick["ticked_at"]) == (alert_rounds.NAME, NOW)


async def test_a_series_is_forgotten_after_21_good_readings(clocked):
    world = clocked()
    for condition in [BAD, *[OK] * 21]:
        assert (await world.tick(services(db=condition))).overlapped is False
    assert await world.rows("SELECT * FROM alert_series") == []


async def test_what_it_saw_is_told_rule_by_rule(clocked):
    rules = {"down": rule(), "ghost": {**CPU, "metric": "no_such_metric"}, "slow": {**CPU, "metric": "ms"}}
    seen = await clocked(config(rules=rules)).tick(services(a=BAD, b=UNKNOWN, c=OK), metric("cpu", 1))
    by_rule = {one.rule: one for one in seen.rules}
    assert (by_rule["down"].series, by_rule["down"].bad, by_rule["down"].unknown) == (3, 1, 1)
    assert by_rule["ghost"].unjudged == "there is no sample of the metric no_such_metric"
    assert (seen.pending, seen.firing, seen.messages, len(seen.transitions)) == (0, 1, 1, 2)


CPU = {"input": "metric", "metric": "cpu", "above": 80, "severity": "warning", "summary": "{value:.0f}",
       "keep_firing_seconds": 0}  # fmt: skip


async def test_an_evaluation_that_comes_right_after_another_changes_nothing(clocked):
    world = clocked(config(rules={"down": rule(after=2)}))
    await world.tick(services(db=BAD), seconds=4)
    second = await world.tick(services(db=BAD), seconds=2)
    assert second.overlapped
    assert [row["state"] for row in await world.rows("SELECT state FROM alerts")] == ["pending"]
    assert not (await world.tick(services(db=BAD))).overlapped
    assert [row["state"] for row in await world.rows("SELECT state FROM alerts")] == ["firing"]


async def test_of_evaluations_at_the_same_time_only_one_does_anything(clocked):
    world = clocked()
    done = await asyncio.gather(*(evaluate(world.database, world.config, [services(db=BAD)], NOW) for _ in range(4)))
    assert sorted(one.overlapped for one in done) == [False, True, True, True]
    assert len(await world.messages()) == 1


async def test_it_does_not_wait_for_another_that_is_under_way(clocked):
    world = clocked()
    async with world.database.transaction() as connection:
        assert await alert_rounds.try_lock(connection)
        done = await asyncio.wait_for(world.tick(services(db=BAD)), timeout=5)
    assert done.overlapped
    assert not (await world.tick(services(db=BAD))).overlapped


async def test_a_clock_that_steps_back_an_hour_does_not_stop_evaluations(clocked):
    world = clocked(config(rules={"down": rule(for_seconds=60, keep_firing_seconds=60)}))
    await world.tick(services(db=BAD))
    world.now -= timedelta(hours=1)
    done = [await world.tick(services(db=condition)) for condition in (BAD, BAD, BAD, OK, OK, OK)]
    assert not any(one.overlapped for one in done)
    assert [message.kind for _, message in await world.messages()] == ["fire", "resolve"]
    assert (await world.rows("SELECT started_at, resolved_at FROM alerts"))[0]["started_at"] < NOW


async def test_when_messages_cannot_be_written_nothing_is(clocked, monkeypatch):
    async def full(*_):
        raise UnstorableError("no room")

    world = clocked()
    with monkeypatch.context() as patched:
        patched.setattr(notifications, "put", full)
        with pytest.raises(UnstorableError):
            await world.tick(services(db=BAD))
    assert await world.rows("SELECT * FROM alerts") == []
    assert await world.rows("SELECT * FROM monitor_ticks") == []
    await world.tick(services(db=BAD))
    assert len(await world.messages()) == 1


async def test_a_change_that_somebody_else_was_faster_with_undoes_the_round_and_the_next_one_goes_on(
    clocked, monkeypatch
):
    world = clocked()
    await world.tick(services(db=BAD))
    load_open = alerts.load_open

    async def and_then_somebody_resolves_it(connection):
        found = await load_open(connection)
        await connection.execute("UPDATE alerts SET state = 'resolved', resolved_at = $1", world.now)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(alerts, "load_open", and_then_somebody_resolves_it)
        assert (await world.tick(services(db=OK))).overlapped
    assert (await world.rows("SELECT count(*) AS n FROM alert_transitions"))[0]["n"] == 2
    assert not (await world.tick(services(db=OK))).overlapped
    assert [message.kind for _, message in await world.messages()] == ["fire", "resolve"]


@pytest.mark.parametrize("detail", ["nul \0 byte", "half \ud800 of a pair", "x" * 50_000, "{service} %s \u202e"])
async def test_whatever_a_service_answers_can_be_stored(clocked, detail):
    world = clocked()
    await world.tick(Readings("service", (Reading({"service": "db\0"}, condition=BAD, detail=detail),)))
    ((_, message),) = await world.messages()
    assert message.firing[0].summary.startswith("db")


async def test_a_silence_is_read_and_what_it_hides_has_a_state_all_the_same(clocked):
    world = clocked()
    async with world.database.transaction() as connection:
        await silences.add(connection, {"service": "d*"}, NOW, NOW + timedelta(hours=1), "me", "known")
    done = await world.tick(services(db=BAD))
    assert (done.firing, done.held_back, await world.messages()) == (1, 1, [])


async def test_acknowledged_alerts_stay_acknowledged_and_are_not_repeated(clocked):
    world = clocked(config(grouping={"wait_seconds": 0, "interval_seconds": 0, "repeat_seconds": 600}))
    await world.tick(services(db=BAD))
    (row,) = await world.rows("SELECT alert_id FROM alerts")
    async with world.database.transaction() as connection:
        assert await alerts.acknowledge(connection, [row["alert_id"]], "me", "on it", world.now) == [row["alert_id"]]
        assert await alerts.acknowledge(connection, [row["alert_id"]], "you", "too", world.now) == []
    await world.tick(services(db=BAD), seconds=900)
    await world.tick(services(db=BAD))
    assert len(await world.messages()) == 1
    rows = await world.rows("SELECT acknowledged_by, last_seen_at FROM alerts")
    assert (rows[0]["acknowledged_by"], rows[0]["last_seen_at"] > NOW) == ("me", True)
    (event,) = await world.rows("SELECT actor, action, subject FROM audit_events")
    assert event == {"actor": "me", "action": "alert.acknowledge", "subject": row["alert_id"]}


async def test_one_closed_by_hand_is_told_as_resolved_and_stays_closed_until_it_was_good_once(clocked):
    world = clocked()
    await world.tick(services(db=BAD))
    (row,) = await world.rows("SELECT alert_id FROM alerts")
    async with world.database.transaction() as connection:
        assert await alerts.resolve_by_hand(connection, [row["alert_id"]], "me", "planned", world.now) == [
            row["alert_id"]
        ]
        assert await alerts.resolve_by_hand(connection, [row["alert_id"]], "me", "again", world.now) == []
    for condition in (BAD, BAD, OK, BAD):
        await world.tick(services(db=condition))
    assert [message.kind for _, message in await world.messages()] == ["fire", "resolve", "fire"]
    rows = await world.rows(
        "SELECT to_state, cause FROM alert_transitions WHERE alert_id = $1 ORDER BY 1", row["alert_id"]
    )
    assert {"to_state": "resolved", "cause": "closed by me: planned"} in rows


async def test_a_critical_group_that_is_told_opens_an_incident_and_its_end_is_noted(clocked):
    world = clocked(config(services={"db": service(), "api": service(depends_on=["db"])}))
    await world.tick(services(db=BAD, api=BAD))
    (one,) = await world.rows("SELECT title, status, group_key FROM incidents")
    assert (one["title"], one["status"], one["group_key"]) == ("db is down: refused", "open", "rule=down")
    await world.tick(services(db=OK, api=OK))
    async with world.database.connection() as connection:
        assert await incidents.overdue(connection, world.now + timedelta(days=1)) == []


async def test_an_action_is_asked_for_once_in_its_cool_down_over_restarts(clocked):
    made = config(rules={"down": rule()})
    acting = made.alerting.rules["down"].model_copy(
        update={"action": made.alerting.rules["down"].model_validate(rule(action={"recovery": "tidy"})).action}
    )
    made = made.model_copy(update={"alerting": made.alerting.model_copy(update={"rules": {"down": acting}})})
    world = clocked(made)
    asked = [len((await world.tick(services(db=BAD), seconds=600)).actions) for _ in range(13)]
    assert asked == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]


async def test_what_is_over_for_long_is_deleted_and_what_is_open_is_not(clocked):
    world = clocked(config(rules={"down": rule(group_by=["service"])}))
    await world.tick(services(a=BAD, b=BAD))
    await world.tick(services(a=OK, b=BAD))
    async with world.database.transaction() as connection:
        pruned = await prune(connection, NOW + timedelta(days=100), 93)
    assert (pruned.alerts, pruned.series, pruned.groups) == (1, 1, 0)
    assert [row["labels"]["service"] for row in await world.rows("SELECT labels FROM alerts")] == ["b"]
    assert len(await world.rows("SELECT * FROM alert_groups")) == 1


def many(bad, series=10_000):
    values = (Reading({"metric": "cpu", "host": str(n)}, value=99.0 if n < bad else 1.0) for n in range(series))
    return Readings("metric", tuple(values))


async def test_10000_series_are_evaluated_within_2_seconds_and_quiet_ones_are_not_written(clocked):
    world = clocked(config(rules={"high": CPU, **{f"rule-{n}": {**CPU, "metric": f"m{n}"} for n in range(30)}}))
    took = []
    for bad in (0, 100, 100, 1000, 0):
        began = time.process_time()
        done = await world.tick(many(bad))
        took.append(time.process_time() - began)
        assert done.firing == bad
    assert max(took) <= 2, took
    assert len(await world.rows("SELECT * FROM alert_series")) == 1000


async def test_2000_series_that_turn_bad_at_once_are_one_message(clocked):
    world = clocked(config(rules={"high": CPU}))
    assert (await world.tick(many(2000, 2000))).firing == 2000
    ((_, message),) = await world.messages()
    assert (message.kind, len(message.firing)) == (MessageKind.FIRE, 2000)
    assert message.title == "99 and 1999 more"
    await world.tick(many(0, 2000))
    assert (await world.rows("SELECT count(*) AS n FROM alerts WHERE state = 'resolved'"))[0]["n"] == 2000
