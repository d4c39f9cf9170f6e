"""Whatever groups and people do, and in whatever order: the rules of incidents hold in the database."""

import asyncio

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pake_pipelines.alerts.incident_steps import IncidentError
from pake_pipelines.model.alert import Severity
from pake_pipelines.store import incidents as store
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.alerts.incident_desk import Desk, fired

GROUPS = st.sampled_from(["g", "h"])
NUMBERS = st.integers(0, 9)
STATUSES = st.sampled_from(["investigating", "contained", "resolved", "false_positive", "open"])


class Histories(RuleBasedStateMachine):
    """What a person would expect of incidents, beside what the database says of them."""

    def __init__(self, runner, database):
        super().__init__()
        self.runner, self.database = runner, database

    @initialize()
    def begin(self):
        self.desk = Desk(self.database)
        self.firing = {"g": set(), "h": set()}
        self.alerts = 0
        self.open, self.taken, self.closed = {}, set(), {}
        self.latest, self.past = {}, []
        self.by_hand = 0
        self.runner.run(self._empty())

    async def _empty(self):
        async with self.database.transaction() as connection:
            await connection.execute("DELETE FROM incidents; DELETE FROM audit_events")

    def _close(self, group):
        incident = self.open.pop(group)
        self.past.append((group, self.latest[group]))
        self.closed[incident] = self.runner.run(self.desk.one(incident)).resolved_at

    @rule(minutes=st.integers(-20, 2000))
    def time_passes(self, minutes):
        self.desk.later(minutes)

    def _an_open_one(self, number):
        return sorted(self.open)[number % len(self.open)]

    @rule(group=GROUPS, severity=st.sampled_from([Severity.CRITICAL, Severity.CRITICAL, Severity.WARNING]))
    def an_alert_fires(self, group, severity):
        self.alerts += 1
        alert = f"a{self.alerts}"
        self.firing[group].add(alert)
        told = self.runner.run(self.desk.follow(fired(group, alert, severity=severity)))
        assert bool(told.opened) == (group not in self.open and severity is Severity.CRITICAL)
        assert bool(told.joined) == (group in self.open)
        if told.opened:
            self.open[group] = told.opened[0]
        if group in self.open:
            self.latest[group] = alert

    @precondition(lambda self: self.open)
    @rule(number=NUMBERS)
    def the_same_is_told_again(self, number):
        group = self._an_open_one(number)
        told = self.runner.run(self.desk.follow(fired(group, *self._part_of(group))))
        assert (told.opened, told.joined, told.over) == ((), (), ())

    @precondition(lambda self: self.past)
    @rule(number=NUMBERS)
    def what_was_in_a_closed_one_is_told_again(self, number):
        group, alert = self.past[number % len(self.past)]
        if group not in self.open and self.latest.get(group) == alert:
            assert self.runner.run(self.desk.follow(fired(group, alert))).opened == ()

    def _part_of(self, group):
        async def ask():
            async with self.database.connection() as connection:
                return (await store.alerts_of(connection, [self.open[group]]))[self.open[group]]

        return sorted(self.runner.run(ask()))

    @precondition(lambda self: any(self.firing.values()))
    @rule(number=NUMBERS)
    def its_alerts_are_over(self, number):
        busy = sorted(group for group, alerts in self.firing.items() if alerts)
        group = busy[number % len(busy)]
        self.firing[group].clear()
        told = self.runner.run(self.desk.follow(over=[group]))
        alone = group in self.open and self.open[group] not in self.taken
        assert bool(told.closed) == alone
        if alone:
            self._close(group)

    @precondition(lambda self: self.open)
    @rule(number=NUMBERS)
    def an_alert_is_acknowledged(self, number):
        group = self._an_open_one(number)
        told = self.runner.run(self.desk.take_up_alert(self._part_of(group)[-1]))
        assert bool(told) == (self.open[group] not in self.taken)
        self.taken.add(self.open[group])

    @precondition(lambda self: self.open)
    @rule(number=NUMBERS, status=STATUSES)
    def a_person_sets_a_status(self, number, status):
        group = self._an_open_one(number)
        incident = self.open[group]
        before = self.runner.run(self.desk.one(incident)).status.value
        if status in {before, "open"}:
            with pytest.raises(IncidentError):
                self.runner.run(self.desk.update(incident, status=status))
            return
        self.runner.run(self.desk.update(incident, status=status))
        self.by_hand += 1
        self.taken.add(incident)
        if status in {"resolved", "false_positive"}:
            self._close(group)

    @precondition(lambda self: self.closed)
    @rule(number=NUMBERS, status=st.sampled_from(["investigating", "contained", "open"]))
    def a_closed_one_is_never_opened_again(self, number, status):
        incident = sorted(self.closed)[number % len(self.closed)]
        with pytest.raises(IncidentError):
            self.runner.run(self.desk.update(incident, status=status))

    @invariant()
    def the_rules_hold(self):
        self.runner.run(self._look())

    async def _look(self):
        async with self.database.connection() as connection:
            found = await store.list_incidents(connection, closed=True)
            alerts = await store.alerts_of(connection, [one.incident_id for one in found])
            timelines = {one.incident_id: await store.timeline(connection, one.incident_id) for one in found}
            audited = await connection.fetchval("SELECT count(*) FROM audit_events")
        assert {one.incident_id for one in found if not one.is_closed} == set(self.open.values())
        assert {one.incident_id: one.resolved_at for one in found if one.is_closed} == self.closed
        assert {one.incident_id for one in found if one.acknowledged_at} == self.taken
        assert sum(map(len, alerts.values())) == len(frozenset().union(*alerts.values()))
        assert audited == self.by_hand
        for one in found:
            kinds = [event.kind.value for event in timelines[one.incident_id]]
            assert kinds[0] == "opened"
            assert kinds.count("opened") == 1
            assert kinds.count("acknowledged") == (one.acknowledged_at is not None)
            assert kinds.count("resolved") == one.is_closed
            if not one.is_closed:
                assert (one.alerts_over_at is None) == bool(self.firing[one.group_key])


def test_incidents_keep_their_rules_in_every_history(database_url):
    with asyncio.Runner() as runner:
        opened = open_database(database_url)
        database = runner.run(opened.__aenter__())
        try:
            run_state_machine_as_test(
                lambda: Histories(runner, database),
                settings=settings(
                    max_examples=60,
                    stateful_step_count=30,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
