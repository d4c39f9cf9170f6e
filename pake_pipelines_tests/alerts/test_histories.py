"""1,000 random histories of the pure engine: readings, people, reloads and clocks in any order, and what always holds.

Every history ends with everything being good until nothing is left to remember, which takes less than a day; then each
fire that a channel was told has its one resolve.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pake_pipelines.alerts.inhibition import ancestors
from pake_pipelines.model.alert import AlertState, MessageKind, Readings
from pake_pipelines.model.episode import Silence
from pake_pipelines_tests.alerts.bench import BAD, OK, UNKNOWN, World, config, service, services
from pake_pipelines_tests.alerts.bench import rule as of_alerts

pytestmark = pytest.mark.long

HISTORIES = 1000
TREE = {"db": service(), "mcp": service(depends_on=["db"]), "api": service(depends_on=["mcp"]), "solo": service()}
NAMES = tuple(TREE)
CHANNELS = {"log": {"kind": "log"}, "mail": {"kind": "log"}, "phone": {"kind": "log"}}
CONDITIONS = st.sampled_from([OK, OK, BAD, BAD, BAD, UNKNOWN])
STEPS = st.sampled_from([30, 30, 60, 300, 3600])

RULES = {
    "at once": {"down": of_alerts()},
    "patient": {"down": of_alerts(after=2, for_seconds=30, keep_firing_seconds=60)},
    "one by one": {"down": of_alerts(group_by=["rule", "service"])},
    "two rules": {
        "down": of_alerts(match={"service": "d*"}),
        "mild": of_alerts(match={"service": "!d*"}, severity="error"),
    },
    "another rule": {"renamed": of_alerts()},
    "none": {},
}
ROUTES = [
    [{"channels": ["log"]}],
    [{"channels": ["log", "mail"]}],
    [{"match": {"service": "db"}, "channels": ["mail"]}, {"channels": ["log"]}],
]
GROUPINGS = [
    {"wait_seconds": 0, "interval_seconds": 0},
    {"wait_seconds": 30, "interval_seconds": 300, "repeat_seconds": 3600},
]


@cache
def configured(rules, routes, grouping):
    return config(
        services=TREE,
        channels=CHANNELS,
        rules=RULES[rules],
        routes=ROUTES[routes],
        grouping=GROUPINGS[grouping],
        flapping={"enabled": True},
        escalations=[{"after_minutes": 10, "min_severity": "error", "channels": ["phone"]}],
    )


@cache
def parents():
    return ancestors(configured("none", 0, 0).services)


class Histories(RuleBasedStateMachine):
    """The engine, its surroundings, and the invariants after every evaluation."""

    run = 0

    def __init__(self):
        super().__init__()
        type(self).run += 1
        self.settings = {"rules": "at once", "routes": 0, "grouping": 0}
        self.world = World(self._config())
        self.open = {}
        self.fires, self.resolves = Counter(), Counter()
        self.reloaded = self.by_hand = False
        self.silences = 0

    def _config(self):
        return configured(**self.settings)

    @initialize(rules=st.sampled_from(sorted(RULES)), grouping=st.integers(0, 1))
    def begin(self, rules, grouping):
        self.settings |= {"rules": rules, "grouping": grouping}
        self.world.config = self._config()

    @rule(conditions=st.fixed_dictionaries(dict.fromkeys(NAMES, CONDITIONS)), seconds=STEPS)
    def everything_is_read(self, conditions, seconds):
        self._tick(services(**conditions), conditions, seconds)

    @rule(conditions=st.dictionaries(st.sampled_from(NAMES), CONDITIONS, min_size=1), seconds=STEPS)
    def some_is_read(self, conditions, seconds):
        self._tick(services(complete=False, **conditions), conditions, seconds)

    @rule(seconds=STEPS)
    def nothing_can_be_read(self, seconds):
        self._tick(Readings("service", error="timeout"), {}, seconds)

    @rule(name=st.sampled_from(NAMES), turns=st.integers(4, 12))
    def one_changes_again_and_again(self, name, turns):
        for turn in range(turns):
            conditions = {name: BAD if turn % 2 else OK}
            self._tick(services(complete=False, **conditions), conditions, 60)

    @rule(name=st.sampled_from(NAMES))
    def a_person_acknowledges(self, name):
        self.world.change(name, acknowledged_at=self.world.now, acknowledged_by="me")

    @rule(name=st.sampled_from(NAMES), minutes=st.sampled_from([1, 10, 120]))
    def a_person_silences(self, name, minutes):
        self.silences += 1
        now, standing = self.world.now, self.world.standing
        one = Silence(self.silences, {"service": name}, now, now + timedelta(minutes=minutes), "me")
        self.world.standing = replace(standing, silences=(*standing.silences, one))

    @rule(name=st.sampled_from(NAMES))
    def a_person_closes(self, name):
        standing = self.world.standing
        keys = [key for key, one in standing.episodes.items() if one.labels["service"] == name]
        closed = {
            standing.episodes[key].alert_id: replace(
                standing.episodes[key], state=AlertState.RESOLVED, resolved_at=self.world.now, resolved_because="closed"
            )
            for key in keys
        }
        self.open = {alert: key for alert, key in self.open.items() if alert not in closed}
        series = {
            key: replace(one, closed_by_hand=one.condition is BAD) if key in keys else one
            for key, one in standing.series.items()
        }
        episodes = {key: one for key, one in standing.episodes.items() if key not in keys}
        self.world.standing = replace(standing, episodes=episodes, series=series, over={**standing.over, **closed})

    @rule(seconds=st.sampled_from([-7200, -90, 7200]))
    def the_clock_steps(self, seconds):
        self.world.now += timedelta(seconds=seconds)

    @rule(rules=st.sampled_from(sorted(RULES)), routes=st.integers(0, 2), grouping=st.integers(0, 1))
    def the_configuration_is_reloaded(self, rules, routes, grouping):
        self.settings = {"rules": rules, "routes": routes, "grouping": grouping}
        self.world.config = self._config()
        self.reloaded = True

    def teardown(self):
        good = dict.fromkeys(NAMES, OK)
        for seconds in [60] * 30 + [7200] * 5:
            if self.world.standing.series or self.world.standing.groups or self.world.standing.episodes:
                self._tick(services(**good), good, seconds)
        assert self.world.standing.episodes == {}
        assert self.world.standing.series == {}
        assert self.world.standing.groups == {}
        assert self.fires == self.resolves
        assert set(self.fires.values()) <= {1}

    def _tick(self, readings, conditions, seconds):
        before = {one.alert_id: one for one in self.world.standing.episodes.values()}
        messages = len(self.world.sent)
        changes = len(self.world.transitions)
        self.world.tick(readings, seconds=seconds)
        told = self.world.sent[messages:]
        self._one_open_alert_per_series(self.world.transitions[changes:])
        self._only_what_is_good_resolves(before, conditions)
        self._each_fire_and_resolve_once(told)
        self._what_fires_keeps_its_group_firing(told)
        self._no_child_pages_under_a_dead_parent(told, conditions)
        self.reloaded = False

    def _one_open_alert_per_series(self, transitions):
        series = {one.alert_id: key for key, one in self.world.standing.episodes.items()}
        for one in transitions:
            if one.to_state is AlertState.RESOLVED:
                assert one.alert_id in self.open
                del self.open[one.alert_id]
            else:
                assert (one.from_state is None) == (one.alert_id not in self.open)
                self.open[one.alert_id] = series[one.alert_id]
        assert len(set(self.open.values())) == len(self.open)
        assert set(self.open) == set(series)

    def _only_what_is_good_resolves(self, before, conditions):
        if self.reloaded:
            return
        for one in self.world.decision.lives.ended:
            assert conditions.get(before[one.alert_id].labels["service"]) is OK

    def _each_fire_and_resolve_once(self, told):
        for channel, message in told:
            if message.kind in {MessageKind.FIRE, MessageKind.ESCALATION}:
                for line in message.firing:
                    known = self.fires[channel, line.alert_id]
                    assert known == 0 or message.kind is MessageKind.ESCALATION
                    self.fires[channel, line.alert_id] = 1
            for line in message.resolved:
                self.resolves[channel, line.alert_id] += 1
                assert self.fires[channel, line.alert_id] == self.resolves[channel, line.alert_id] == 1

    def _what_fires_keeps_its_group_firing(self, told):
        firing = [one for one in self.world.standing.episodes.values() if one.state is AlertState.FIRING]
        assert not self.world.decision.over.keys() & {one.group_key for one in firing}
        for channel, message in told:
            if message.kind is MessageKind.RESOLVE:
                still = {
                    one.alert_id
                    for one in firing
                    if one.group_key == message.group and self.fires[channel, one.alert_id]
                }
                assert {line.alert_id for line in message.firing} == still

    def _no_child_pages_under_a_dead_parent(self, told, conditions):
        above = parents()
        watched = {one.labels["service"] for one in self.world.standing.episodes.values()}
        looked_at = bool(self.world.config.alerting.rules)
        dead = watched | {name for name, one in conditions.items() if one is BAD and looked_at}
        for _, message in told:
            if message.kind in {MessageKind.FIRE, MessageKind.ESCALATION, MessageKind.REPEAT}:
                for line in message.firing:
                    assert not above[line.labels["service"]] & dead


def test_a_thousand_histories():
    Histories.run = 0
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Histories.run >= HISTORIES
