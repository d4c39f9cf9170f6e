"""How an alert lives: pending at once, firing after `after` and `for_seconds`, resolved only by what is good."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.model.alert import AlertState, Reading, Readings
from pake_pipelines_tests.alerts.bench import BAD, OK, UNKNOWN, World, config, metric, rule, services
from pake_pipelines_tests.conftest import NOW


def states(conditions, *, seconds=30, flapping=None, **keys):
    """Return the state of the alert of one service after each of `conditions`: p, f, or a dot for none."""
    world = World(config(rules={"down": rule(**keys)}, flapping=flapping or {"enabled": False}))
    marks = {"x": BAD, ".": OK, "?": UNKNOWN}
    found = ""
    for mark in conditions:
        world.tick(services(db=marks[mark]), seconds=seconds)
        found += world.states().get("db", ".")[0]
    return found


@pytest.mark.parametrize(
    ("keys", "given", "expected"),
    [
        ({}, ".xx..", ".ff.."),
        ({"after": 2}, ".x.xx.", ".p.pf."),
        ({"after": 3}, "xxxx.", "ppff."),
        ({"for_seconds": 60}, "xxxx.", "ppff."),
        ({"for_seconds": 61}, "xxxx.", "pppf."),
        ({"after": 3, "for_seconds": 30}, "xxxx", "ppff"),
        ({"after": 2, "for_seconds": 90}, "xxxx", "pppf"),
        ({"keep_firing_seconds": 60}, "x......", "fff...."),
        ({"keep_firing_seconds": 60}, "x.x....", "fffff.."),
        # unknown changes nothing: it neither counts, nor interrupts, nor resolves
        ({}, "x??????", "fffffff"),
        ({"after": 2}, "x?x", "ppf"),
        ({"after": 2}, "x????", "ppppp"),
        ({"for_seconds": 60}, "x?????x", "ppppppf"),
        ({"keep_firing_seconds": 60}, "x.????.", "ffffff."),
        ({}, "????", "...."),
    ],
)
def test_an_alert_lives_like_this(keys, given, expected):
    assert states(given, **keys) == expected


def test_a_series_that_flaps_keeps_its_alert_open_and_fires_although_it_is_never_bad_twice_in_a_row():
    given = "x." * 8 + "." * 25
    found = states(given, after=2, flapping={"enabled": True})
    assert found.startswith("p.p.p")
    assert found[6:16] == "f" * 10
    assert found[-1] == "."
    assert found.count("f.") == 1


def test_a_series_that_flaps_is_over_only_when_it_has_been_steady():
    steady = states("x." * 12 + "." * 30, flapping={"enabled": True})
    quiet_for = len(steady.rstrip(".")) - len("x." * 12)
    assert 10 <= quiet_for <= 20


def test_a_rule_that_does_not_look_for_flapping_opens_an_alert_each_time():
    assert states("x." * 8) == "f." * 8


def test_every_episode_has_a_name_of_its_own():
    world = World()
    for condition in (BAD, OK, BAD, OK):
        world.tick(services(db=condition))
    assert len({one.alert_id for one in world.transitions}) == 2


def test_the_same_reading_handed_in_again_is_no_new_one():
    world = World(config(rules={"high": {**CPU, "after": 2}}))
    for _ in range(3):
        world.tick(metric("cpu", 99, at=NOW))
    assert [one.state for one in world.standing.episodes.values()] == [AlertState.PENDING]
    world.tick(metric("cpu", 99, at=NOW + timedelta(seconds=60)))
    assert [one.state for one in world.standing.episodes.values()] == [AlertState.FIRING]


CPU = {"input": "metric", "metric": "cpu", "above": 80, "severity": "warning", "summary": "{value:.0f} of {threshold}",
       "keep_firing_seconds": 0, "recommendations": ["less than {threshold:.0f}"]}  # fmt: skip


def test_an_alert_says_what_was_measured():
    world = World(config(rules={"high": CPU}))
    (message,) = world.tick(metric("cpu", 91.7))
    (line,) = message.firing
    assert (line.summary, line.value, line.recommendations) == ("92 of 80.0", 91.7, ("less than 80",))
    (alert,) = world.standing.episodes.values()
    assert dict(alert.metrics_snapshot) == {"cpu": 91.7, "threshold": 80.0, "detail": ""}
    assert alert.alert_id.startswith("alert_")


def test_a_field_that_a_series_does_not_have_shows_and_is_reported():
    world = World(config(rules={"high": {**CPU, "summary": "disk {mount} at {value:.0f}"}}))
    (message,) = world.tick(metric("cpu", 99))
    assert message.title == "disk ?mount? at 99"
    assert world.decision.unfilled == {"high": ("mount",)}


def test_a_service_that_is_gone_ends_its_alert_and_one_that_is_only_missing_does_not():
    world = World()
    world.tick(services(db=BAD))
    world.tick(services(complete=False))
    assert world.states() == {"db": "firing"}
    world.tick(Readings("service", error="timeout"))
    world.tick()
    assert world.states() == {"db": "firing"}
    world.tick(services(complete=True))
    assert world.states() == {}
    assert world.transitions[-1].cause == "what it is about exists no more"
    assert world.kinds() == ["fire", "resolve"]


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        ({}, "its rule is no more"),
        ({"down": rule(enabled=False)}, "its rule is switched off"),
        ({"down": rule(match={"service": "other"})}, "its rule does not look at it any more"),
    ],
)
def test_an_alert_ends_with_its_rule_and_says_why(after, cause):
    world = World()
    world.tick(services(db=BAD))
    world.config = config(rules=after)
    world.tick()
    assert (world.states(), world.transitions[-1].cause, world.kinds()) == ({}, cause, ["fire", "resolve"])


def closed_by_hand(world):
    """Close every alert as a person does, between two evaluations."""
    over = {
        one.alert_id: replace(one, state=AlertState.RESOLVED, resolved_at=world.now, resolved_because="closed by me")
        for one in world.standing.episodes.values()
    }
    closed = {key: replace(one, closed_by_hand=one.condition is BAD) for key, one in world.standing.series.items()}
    world.standing = replace(world.standing, episodes={}, over={**world.standing.over, **over}, series=closed)


def test_what_a_person_has_closed_stays_closed_until_it_was_good_once():
    world = World()
    world.tick(services(db=BAD))
    closed_by_hand(world)
    for condition in (BAD, UNKNOWN, BAD):
        world.tick(services(db=condition))
    assert (world.states(), world.kinds()) == ({}, ["fire", "resolve"])
    world.tick(services(db=OK))
    world.tick(services(db=BAD))
    assert (world.states(), world.kinds()) == ({"db": "firing"}, ["fire", "resolve", "fire"])


def test_a_group_that_a_person_has_closed_is_over_for_incidents():
    world = World()
    world.tick(services(db=BAD))
    closed_by_hand(world)
    world.tick(services(db=BAD))
    assert world.decision.over == {"rule=down": ""}


def test_a_clock_that_steps_back_stops_nothing():
    world = World(config(rules={"down": rule(for_seconds=60, keep_firing_seconds=60)}))
    world.tick(services(db=BAD))
    world.now -= timedelta(hours=1)
    found = ""
    for condition in (BAD, BAD, BAD, OK, OK, OK):
        world.tick(services(db=condition))
        found += world.states().get("db", ".")[0]
    assert found == "ppfff."
    assert world.kinds() == ["fire", "resolve"]


def test_readings_go_on_counting_after_the_clock_has_stepped_back():
    world = World(config(rules={"high": CPU}))
    world.tick(metric("cpu", 99, at=world.now))
    world.now -= timedelta(hours=1)
    world.tick(metric("cpu", 1, at=world.now - timedelta(seconds=1)))
    world.tick(metric("cpu", 1, at=world.now))
    assert world.states() == {}


def test_quiet_series_are_not_remembered():
    world = World()
    world.tick(services(a=OK, b=OK, c=UNKNOWN))
    assert world.standing.series == {}
    world.tick(services(a=BAD))
    for _ in range(21):
        assert world.standing.series
        world.tick(services(a=OK))
    assert world.standing.series == {}


def test_a_steady_alert_is_the_same_from_evaluation_to_evaluation():
    world = World(config(rules={"down": rule(after=3)}))
    for _ in range(21):
        world.tick(services(db=BAD), seconds=1)
    before = world.standing
    world.tick(services(db=BAD), seconds=1)
    assert world.standing.series == before.series
    assert (world.standing.episodes, world.standing.groups) == (before.episodes, before.groups)


def test_a_rule_that_cannot_be_judged_raises_an_alert_of_its_own_and_stops_nothing_else():
    rules = {
        "ghost": {**CPU, "metric": "no_such_metric"},
        "down": rule(),
        "rule-unknown": {"input": "rule", "severity": "info", "for_seconds": 60, "keep_firing_seconds": 0,
                         "summary": "{rule} cannot be judged: {detail}"},
    }  # fmt: skip
    world = World(config(rules=rules))
    for _ in range(3):
        world.tick(metric("cpu", 1), services(db=BAD))
    titles = [message.title for _, message in world.sent]
    assert titles == ["db is down: refused", "ghost cannot be judged: there is no sample of the metric no_such_metric"]
    world.tick(metric("no_such_metric", 1), services(db=BAD))
    assert world.states() == {"db": "firing"}


def test_readings_of_an_objective_are_alerts_as_grave_as_their_window():
    slo = {"good": "g", "total": "t", "objective": 0.9,
           "windows": [{"long_minutes": 60, "short_minutes": 5, "factor": 2, "severity": "critical"}]}  # fmt: skip
    made = config(
        rules={"budget": {"input": "slo", "slo": "runs", "severity": "info", "summary": "{slo} {window} {severity}"}},
        slos={"runs": slo},
    )
    world = World(made)
    labels = {"slo": "runs", "window": "60m/5m", "severity": "critical"}
    (message,) = world.tick(Readings("slo", (Reading(labels, value=9.0, condition=BAD),)))
    assert (message.severity, message.title) == ("critical", "runs 60m/5m critical")
