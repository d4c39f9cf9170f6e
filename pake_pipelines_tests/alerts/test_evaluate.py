"""An evaluation is one transaction: states, groups and messages together, one evaluation at a time."""

import asyncio
import time
from datetime import timedelta

import pytest

from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.model.alert import AlertState, Condition, MessageKind, Reading, Readings
from pake_pipelines.store import alert_groups, alert_rounds, alert_series, alerts, notifications, silences
from pake_pipelines_tests.alerts.bench import BAD, OK, UNKNOWN, config, metric, rule, services
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
