"""What is held back: children of a dead parent, and what configured inhibitions explain."""

import pytest

from pake_pipelines.alerts.inhibition import ancestors
from pake_pipelines.model.alert import Reading, Readings
from pake_pipelines_tests.alerts.bench import BAD, OK, UNKNOWN, World, config, metric, rule, service, services, told

CHAIN = {"db": service(), "mcp": service(depends_on=["db"]), "api": service(depends_on=["mcp"]), "other": service()}


def chain(**keys):
    return World(config(services=CHAIN, **keys))


def test_everything_above_a_service_is_its_ancestor():
    above = ancestors(config(services=CHAIN).services)
    assert above == {"db": frozenset(), "mcp": {"db"}, "api": {"db", "mcp"}, "other": frozenset()}


def test_a_dead_parent_is_told_and_its_children_are_not_even_when_all_turn_bad_at_once():
    world = chain()
    messages = world.tick(services(api=BAD, mcp=BAD, db=BAD, other=BAD))
    assert told(messages) == ["db", "other"]
    assert messages[0].held_back == 2
    assert world.states() == dict.fromkeys(("api", "mcp", "db", "other"), "firing")


def test_a_grandparent_holds_back_although_the_parent_is_good():
    assert told(chain().tick(services(db=BAD, mcp=OK, api=BAD))) == ["db"]


def test_a_parent_that_is_only_pending_holds_back():
    rules = {"down": rule(after=3, match={"service": "db"}), "now": rule(match={"service": "!db"})}
    world = chain(rules=rules)
    assert told(world.tick(services(db=BAD, api=BAD))) == []
    assert world.states() == {"db": "pending", "api": "firing"}


def test_a_parent_of_which_nothing_is_known_holds_nothing_back():
    assert told(chain().tick(services(db=UNKNOWN, api=BAD))) == ["api"]


def test_a_parent_that_fires_holds_back_although_nothing_is_known_of_it_any_more():
    world = chain()
    world.tick(services(db=BAD, api=OK))
    assert told(world.tick(services(db=UNKNOWN, api=BAD))) == []


def test_a_parent_that_no_rule_looks_at_holds_nothing_back_for_nobody_would_be_told():
    world = chain(rules={"down": rule(match={"service": "!db"})})
    assert told(world.tick(services(db=BAD, api=BAD))) == ["api"]


def test_a_child_is_not_told_at_once_when_its_parent_is_back_but_is_when_it_stays_away():
    world = chain(rules={"down": rule(keep_firing_seconds=60)})
    world.tick(services(db=BAD, api=BAD), seconds=30)
    told_at = [
        second for second in range(0, 180, 30) if "api" in told(world.tick(services(db=OK, api=BAD), seconds=30))
    ]
    assert told_at == [120]  # good for 60 s, and then the grace


def test_a_child_that_comes_back_with_its_parent_is_never_told():
    world = chain()
    world.tick(services(db=BAD, mcp=BAD, api=BAD))
    world.tick(services(db=OK, mcp=BAD, api=BAD))
    for _ in range(5):
        world.tick(services(db=OK, mcp=OK, api=OK))
    assert world.kinds() == ["fire", "resolve"]


def test_a_child_that_was_told_before_its_parent_died_is_told_as_resolved():
    world = chain()
    world.tick(services(db=OK, api=BAD))
    world.tick(services(db=BAD, api=BAD))
    messages = world.tick(services(db=BAD, api=OK))
    assert told(messages, "resolve") == ["api"]
    assert "still firing" in messages[0].title


def test_a_slow_child_waits_behind_its_dead_parent_and_the_end_of_healing_does_not():
    rules = {
        "down": rule(),
        "slow": {"input": "metric", "metric": "ms", "above": 1, "severity": "warning", "summary": "{service}"},
        "gave-up": {"input": "healing", "severity": "critical", "summary": "{service}"},
    }
    world = chain(rules=rules)
    surrender = Readings("healing", (Reading({"service": "api"}, condition=BAD),))
    messages = world.tick(services(db=BAD), metric("ms", 9, labels={"service": "api"}), surrender)
    assert sorted((line.rule, line.labels["service"]) for one in messages for line in one.firing) == [
        ("down", "db"), ("gave-up", "api"),
    ]  # fmt: skip


def inhibited(inhibition, *, services_read):
    rules = {"grave": rule(match={"service": "a*"}), "mild": rule(match={"service": "b*"}, severity="warning")}
    world = World(config(rules=rules, inhibitions=[inhibition]))
    return told(world.tick(services_read))


@pytest.mark.parametrize(
    ("inhibition", "expected"),
    [
        ({"source": {"rule": "grave"}, "target": {"rule": "mild"}}, ["a1"]),
        ({"source": {"severity": "critical"}, "target": {"severity": "warning"}, "equal": ["kind"]}, ["a1"]),
        ({"source": {"rule": "grave"}, "target": {"rule": "mild"}, "equal": ["service"]}, ["a1", "b1"]),
        ({"source": {"rule": "other"}, "target": {"rule": "mild"}}, ["a1", "b1"]),
        ({"source": {}, "target": {"service": "a1"}}, ["b1"]),
    ],
)
def test_a_configured_inhibition_holds_back_what_it_explains(inhibition, expected):
    assert inhibited(inhibition, services_read=services(a1=BAD, b1=BAD)) == expected


def test_nothing_inhibits_itself():
    one = {"source": {"rule": "grave"}, "target": {"rule": "grave"}}
    assert inhibited(one, services_read=services(a1=BAD)) == ["a1"]


def test_of_an_objective_only_the_gravest_window_is_told():
    windows = [{"long_minutes": 60, "short_minutes": 5, "factor": 2, "severity": "critical"}]
    inhibitions = [
        {"source": {"slo": "?*", "severity": "critical"}, "target": {"slo": "?*", "severity": "!critical"},
         "equal": ["rule", "slo"]},
    ]  # fmt: skip
    rules = {"budget": {"input": "slo", "slo": "runs", "severity": "info", "summary": "{window}"}, "down": rule()}
    slos = {"runs": {"good": "g", "total": "t", "objective": 0.9, "windows": windows}}
    world = World(config(rules=rules, slos=slos, inhibitions=inhibitions))
    burning = [
        Reading({"slo": "runs", "window": window, "severity": severity}, value=9.0, condition=BAD)
        for window, severity in (("fast", "critical"), ("slow", "warning"))
    ]
    messages = world.tick(Readings("slo", tuple(burning)), services(a=BAD))
    assert sorted(message.title for message in messages) == ["a is down: refused", "fast"]


def test_a_parent_holds_back_through_one_that_is_not_watched():
    tree = {"db": service(), "mcp": service(depends_on=["db"], enabled=False), "api": service(depends_on=["mcp"])}
    assert told(World(config(services=tree)).tick(services(db=BAD, api=BAD))) == ["db"]
