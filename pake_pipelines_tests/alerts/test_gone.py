"""A series that is sampled no more ends its alert, with a reason of its own; an outage of our measuring ends none."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.alerts.inputs.gather import Round, gather
from pake_pipelines.alerts.inputs.metric import metric_readings
from pake_pipelines.alerts.text import plain, subject
from pake_pipelines.model.alert import SERIES_GONE
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import incidents, metric_samples, notifications, recent_events
from pake_pipelines_tests.alerts.bench import World, config
from pake_pipelines_tests.conftest import NOW

FULL = {"input": "metric", "metric": "disk_usage_percent", "above": 90, "severity": "critical",
        "summary": "{mount} at {value:.0f} %", "keep_firing_seconds": 0}  # fmt: skip
HOUR = timedelta(hours=1)
REASON = f"{SERIES_GONE}: no sample for 24 hours, while others were taken"


def disk(at, mount, value):
    status = CheckStatus.UNKNOWN if value is None else CheckStatus.OK
    return MetricSample("disk_usage_percent", value, "percent", at, {"mount": mount}, status)


class Collector:
    """Measures, keeps the newest sample of each disk, and has the rule judge what it would read."""

    def __init__(self):
        self.world = World(config(rules={"disk-full": FULL}))
        self.newest, self.rounds = {}, []

    def measure(self, disks):
        """Measure `disks` (mount -> percent, None where it cannot be read)."""
        now = self.world.now
        self.newest |= {mount: disk(now, mount, value) for mount, value in disks.items()}
        self.rounds.append(now)
        self.judge()

    def judge(self):
        before = min(self.rounds[-25], self.world.now - 24 * HOUR) if len(self.rounds) > 24 else None
        self.world.tick(metric_readings(self.newest.values(), before), seconds=3600)

    @property
    def alerts(self):
        return sorted(one.labels["mount"] for one in self.world.standing.episodes.values())


@pytest.fixture
def full():
    """A collector that has measured every hour for a day, and found both disks full at last."""
    collector = Collector()
    for _ in range(24):
        collector.measure({"/": 50, "/mnt": 50})
    collector.measure({"/": 95, "/mnt": 95})
    assert collector.alerts == ["/", "/mnt"]
    return collector


def test_an_alert_of_a_series_without_a_sample_for_a_day_ends_once_and_says_why(full):
    for _ in range(23):
        full.measure({"/": 95})
        assert full.alerts == ["/", "/mnt"]
    full.measure({"/": 95})
    assert full.alerts == ["/"]
    assert full.world.transitions[-1].cause == REASON
    for _ in range(24):
        full.measure({"/": 95})
    told = [message for _, message in full.world.sent if message.resolved]
    assert [line.labels["mount"] for message in told for line in message.resolved] == ["/mnt"]
    full.measure({"/": 95, "/mnt": 95})
    assert full.alerts == ["/", "/mnt"], "it is back, and as full as it was"


def test_what_is_not_measured_is_not_told_as_good(full):
    for _ in range(23):
        full.measure({"/": 95})
    full.measure({"/": 20})
    resolved, gone = full.world.sent[-1][1], replace(full.world.sent[-1][1], resolved=())
    for line in resolved.resolved:
        one = replace(gone, resolved=(line,), title=line.summary)
        good = line.labels["mount"] == "/"
        assert ("[RESOLVED]" if good else "[NO LONGER MEASURED]") in subject(one)
        assert ("Resolved: " if good else f"No longer measured: 2026-11-24 12:00:00 UTC: {REASON}") in plain(one)
    assert full.world.decision.over == {"rule=disk-full": REASON}


def test_a_sample_without_a_value_is_a_sample(full):
    for _ in range(30):
        full.measure({"/": 95, "/mnt": None})
    assert full.alerts == ["/", "/mnt"]


def test_while_nobody_measures_nothing_is_gone(full):
    for _ in range(100):
        full.judge()
    full.world.now += 1000 * HOUR
    full.measure({"/": 95})
    assert full.alerts == ["/", "/mnt"], "it has missed a single round"
    for _ in range(23):
        full.measure({"/": 95})
    assert full.alerts == ["/"]


def test_a_collector_that_is_new_cannot_tell_what_is_gone():
    collector = Collector()
    collector.measure({"/": 95, "/mnt": 95})
    collector.world.now += 100 * HOUR
    collector.measure({"/": 95})
    assert collector.alerts == ["/", "/mnt"]


def test_a_series_that_only_a_clock_ahead_has_read_is_gone_no_sooner_than_another(full):
    full.world.now += 100 * HOUR
    full.measure({"/": 95, "/mnt": 95, "/new": 95})
    full.world.now -= 101 * HOUR
    del full.newest["/new"]
    full.rounds.pop()
    for _ in range(23):
        full.measure({"/": 95, "/mnt": 95})
        assert "/new" in full.alerts
    for _ in range(2):
        full.measure({"/": 95, "/mnt": 95})
    assert full.alerts == ["/", "/mnt"]


def test_a_rule_that_believes_values_for_longer_waits_as_long():
    collector = Collector()
    collector.world.config = config(rules={"disk-full": {**FULL, "stale_seconds": 48 * 3600}})
    for _ in range(25):
        collector.measure({"/": 95, "/mnt": 95})
    for _ in range(47):
        collector.measure({"/": 95})
        assert collector.alerts == ["/", "/mnt"]
    collector.measure({"/": 95})
    assert collector.alerts == ["/"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["measured", "measured", "judged", "off"]),
        st.integers(1, 9),
        st.dictionaries(st.sampled_from(["/", "/mnt"]), st.sampled_from([95, 95, 20, None])),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_is_measured_an_alert_ends_only_by_a_good_value_or_after_a_day_of_measuring_without_it(steps):
    collector = Collector()
    for what, times, disks in steps:
        for _ in range(times):
            before, ended = collector.alerts, len(collector.world.transitions)
            if what == "measured":
                collector.measure(disks)
            elif what == "judged":
                collector.judge()
            else:
                collector.world.now += HOUR
            for one in collector.world.transitions[ended:]:
                if one.to_state == "resolved" and one.cause != REASON:
                    assert what == "measured"
                    assert 20 in disks.values()
            for mount in {*before} - {*collector.alerts}:
                newest = collector.newest[mount]
                missed = sum(one > newest.at for one in collector.rounds)
                now = collector.world.now - HOUR
                assert newest.value == 20 or (missed >= 24 and now - newest.at >= 24 * HOUR)


async def test_from_samples_in_the_store_to_the_message_and_the_timelines(database):
    made = config(rules={"disk-full": FULL}, gone_hours=2)
    made = made.model_copy(update={"metrics": made.metrics.model_copy(update={"every_minutes": 30})})

    async def measure(number, **disks):
        now = NOW + number * HOUR / 2
        samples = [disk(now, f"/{mount}", value) for mount, value in disks.items()]
        async with database.transaction() as connection:
            await metric_samples.save(connection, [*samples, MetricSample("cpu_count", 2, "count", now)])
            inputs = await gather(connection, made, Round(now, None, None, (), metrics_due=True))
        return await evaluate(database, made, inputs, now)

    assert (await measure(0, a=95, b=50)).firing == 1
    for number in (100, 101, 102):
        assert (await measure(number, b=50)).firing == 1, "two hours have four rounds, however long nobody measured"
    done = await measure(103, b=50)
    assert (done.firing, done.messages) == (0, 1)
    assert (await measure(104, b=50)).messages == 0
    async with database.connection() as connection:
        alert = await connection.fetchrow("SELECT resolved_because, state FROM alerts")
        assert alert["resolved_because"] == REASON.replace("24", "2")
        stored = await connection.fetchval("SELECT message FROM notifications ORDER BY notification_id DESC LIMIT 1")
        message = notifications.message_of(stored)
        assert message.title == "no longer measured: /a at 95 %"
        assert message.resolved[0].resolved_because == alert["resolved_because"]
        (incident,) = await incidents.list_incidents(connection, closed=True)
        timeline = await incidents.timeline(connection, incident.incident_id)
        assert timeline[1].note == f"its alerts are over ({alert['resolved_because']})"
        events = await recent_events.recent_events(connection, NOW, NOW + 99 * HOUR, 9)
        assert ("no longer measured", "notice") in [(one.what, one.gravity) for one in events if one.kind == "alert"]
