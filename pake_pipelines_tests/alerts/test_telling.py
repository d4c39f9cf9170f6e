"""What channels are told: in groups, in a rhythm, each episode's fire once and its resolve once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.alerts.grouping import group_key
from pake_pipelines.model.alert import MessageKind
from pake_pipelines.model.episode import Silence
from pake_pipelines_tests.alerts.bench import BAD, OK, World, config, rule, services

RHYTHM = {"wait_seconds": 30, "interval_seconds": 300, "repeat_seconds": 3600}
LOGS = {name: {"kind": "log"} for name in ("log", "mail", "phone")}


def world(**keys):
    return World(config(**{"grouping": RHYTHM, **keys}))


def moments(one, until, given, seconds=30):
    """Let `given` (second -> readings) happen until `until`; return (second, kind, told) of every message."""
    now, found = services(), []
    for second in range(0, until + 1, seconds):
        now = given.get(second, now)
        for message in one.tick(now, seconds=seconds):
            lines = message.resolved if message.kind is MessageKind.RESOLVE else message.firing
            names = "+".join(sorted(line.labels["service"] for line in lines))
            found.append((second, message.kind.value, names))
    return found


def test_a_new_group_waits_for_others_that_belong_to_it():
    found = moments(world(), 120, {0: services(a=BAD), 30: services(a=BAD, b=BAD)})
    assert found == [(30, "fire", "a+b")]


def test_what_joins_a_group_that_was_told_is_told_at_the_next_interval_together():
    given = {0: services(a=BAD), 60: services(a=BAD, b=BAD), 90: services(a=BAD, b=BAD, c=BAD)}
    assert moments(world(), 400, given) == [(30, "fire", "a"), (330, "fire", "b+c")]


def test_an_alert_that_is_over_before_its_group_speaks_is_never_told():
    assert moments(world(), 600, {0: services(a=BAD), 30: services(a=OK)}) == []


def test_resolves_are_told_together_at_the_next_interval():
    given = {0: services(a=BAD, b=BAD), 60: services(a=OK, b=BAD), 120: services(a=OK, b=OK)}
    assert moments(world(), 700, given) == [(30, "fire", "a+b"), (330, "resolve", "a+b")]


def test_a_member_that_still_fires_keeps_its_group_firing():
    one = world()
    found = moments(one, 700, {0: services(a=BAD, b=BAD), 60: services(a=OK, b=BAD)})
    assert found == [(30, "fire", "a+b"), (330, "resolve", "a")]
    _, message = one.sent[-1]
    assert [line.labels["service"] for line in message.firing] == ["b"]
    assert message.title == "resolved: a is down: refused (1 still firing)"


def test_a_group_that_is_over_is_a_new_one_when_it_fires_again():
    given = {0: services(a=BAD), 60: services(a=OK), 360: services(a=BAD)}
    assert moments(world(), 500, given) == [(30, "fire", "a"), (330, "resolve", "a"), (390, "fire", "a")]


def test_one_that_fires_again_before_its_resolve_was_told_is_told_as_both():
    one = world()
    found = moments(one, 400, {0: services(a=BAD), 60: services(a=OK), 120: services(a=BAD)})
    assert found == [(30, "fire", "a"), (330, "fire", "a")]
    first, second = one.sent[0][1], one.sent[1][1]
    assert [line.alert_id for line in second.resolved] == [line.alert_id for line in first.firing]
    assert second.firing[0].alert_id != first.firing[0].alert_id
    assert second.title == "a is down: refused (1 resolved)"


def test_what_goes_on_firing_is_told_again():
    found = moments(world(), 2 * 3600 + 100, {0: services(a=BAD)})
    assert found == [(30, "fire", "a"), (3630, "repeat", "a"), (7230, "repeat", "a")]


def test_an_acknowledgement_stops_repeats_and_escalations_and_not_the_resolve():
    one = world(channels=LOGS, routes=[{"channels": ["log"]}],
                escalations=[{"after_minutes": 30, "min_severity": "critical", "channels": ["phone"]}])  # fmt: skip
    moments(one, 60, {0: services(a=BAD)})
    one.change("a", acknowledged_at=one.now, acknowledged_by="me")
    assert moments(one, 7200, {0: services(a=BAD), 7000: services(a=BAD), 7200: services(a=OK)}) == [
        (7200, "resolve", "a")
    ]


def test_what_nobody_acknowledges_is_escalated_once_and_the_further_channel_is_told_the_resolve_too():
    one = world(channels=LOGS, routes=[{"channels": ["log"]}],
                escalations=[{"after_minutes": 10, "min_severity": "critical", "channels": ["phone"]}])  # fmt: skip
    moments(one, 1200, {0: services(a=BAD), 1020: services(a=OK)})
    assert one.kinds("log") == ["fire", "resolve"]
    assert one.kinds("phone") == ["escalation", "resolve"]
    assert one.sent[1][1].title == "nobody has acknowledged: a is down: refused"


def test_a_channel_that_knows_already_is_told_of_an_escalation_and_of_one_fire_and_one_resolve():
    one = world(escalations=[{"after_minutes": 10, "min_severity": "critical", "channels": ["log"]}])
    moments(one, 1500, {0: services(a=BAD), 1020: services(a=OK)})
    assert one.kinds() == ["fire", "escalation", "resolve"]


def test_a_less_grave_alert_is_not_escalated():
    one = world(rules={"down": rule(severity="error")},
                escalations=[{"after_minutes": 10, "min_severity": "critical", "channels": ["log"]}])  # fmt: skip
    moments(one, 1500, {0: services(a=BAD)})
    assert one.kinds() == ["fire"]


def silence(one, seconds, **matchers):
    until = one.now + timedelta(seconds=seconds)
    one.standing = replace(one.standing, silences=(Silence(1, matchers, one.now, until, "me"),))


def test_what_is_silenced_is_not_told_and_is_told_when_it_still_fires_afterwards():
    one = world()
    silence(one, 601, service="a")
    assert moments(one, 600, {0: services(a=BAD, b=BAD)}) == [(30, "fire", "b")]
    assert moments(one, 300, {0: services(a=BAD, b=BAD)}) == [(0, "fire", "a")]


def test_an_alert_that_came_and_went_while_it_was_silenced_is_never_told():
    one = world()
    silence(one, 9999, rule="down")
    assert moments(one, 600, {0: services(a=BAD), 300: services(a=OK)}) == []


def test_one_that_is_silenced_after_it_was_told_is_not_repeated_and_is_told_as_resolved():
    one = world()
    moments(one, 60, {0: services(a=BAD)})
    silence(one, 99999, severity="critical")
    assert moments(one, 7500, {0: services(a=BAD), 7200: services(a=OK)}) == [(7200, "resolve", "a")]


def test_a_maintenance_window_silences_what_fits_it():
    window = {"cron": "0 12 * * *", "minutes": 10, "match": {"service": "a"}}
    assert moments(world(maintenance_windows=[window]), 900, {0: services(a=BAD)}) == [(630, "fire", "a")]


def test_a_channel_that_wants_no_resolves_gets_none_and_is_told_of_the_next_fire():
    one = world(channels={"log": {"kind": "log", "send_resolved": False}})
    given = {0: services(a=BAD), 60: services(a=OK), 600: services(a=BAD)}
    assert moments(one, 900, given) == [(30, "fire", "a"), (630, "fire", "a")]


def test_a_channel_that_was_told_gets_the_resolve_although_the_route_goes_elsewhere_by_then():
    one = world(channels=LOGS, routes=[{"channels": ["log"]}])
    moments(one, 60, {0: services(a=BAD)})
    one.config = config(grouping=RHYTHM, channels=LOGS, routes=[{"channels": ["mail"]}],
                        rules={"down": rule(group_by=["service"])})  # fmt: skip
    moments(one, 600, {0: services(a=BAD), 60: services(a=OK)})
    assert one.kinds("log") == ["fire", "resolve"]
    assert one.kinds("mail") in ([], ["fire", "resolve"])


def test_a_change_of_grouping_does_not_tell_anything_twice():
    one = world()
    moments(one, 60, {0: services(a=BAD)})
    one.config = config(grouping=RHYTHM, rules={"down": rule(group_by=["service"])})
    moments(one, 900, {0: services(a=BAD), 600: services(a=OK)})
    assert one.kinds() == ["fire", "resolve"]


def test_a_channel_that_is_switched_off_is_told_of_the_resolve_when_it_is_back():
    one = world()
    moments(one, 60, {0: services(a=BAD)})
    on, one.config = one.config, config(grouping=RHYTHM, channels={"log": {"kind": "log", "enabled": False}})
    assert moments(one, 600, {0: services(a=OK)}) == []
    one.config = on
    assert moments(one, 60, {0: services(a=OK)}) == [(0, "resolve", "a")]


def test_each_channel_is_told_of_its_own():
    rules = {"down": rule(match={"service": "a"}, channels=["mail"]), "other": rule(match={"service": "b"})}
    one = world(channels=LOGS, routes=[{"channels": ["log", "phone"]}], rules=rules)
    moments(one, 60, {0: services(a=BAD, b=BAD)})
    assert sorted((channel, message.title[0]) for channel, message in one.sent) == [
        ("log", "b"), ("mail", "a"), ("phone", "b"),
    ]  # fmt: skip


def test_groups_are_told_apart_by_the_labels_that_the_rule_names():
    one = world(rules={"down": rule(group_by=["rule", "service"])})
    assert moments(one, 60, {0: services(a=BAD, b=BAD)}) == [(30, "fire", "a"), (30, "fire", "b")]


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        (("rule",), "rule=down"),
        (("rule", "service"), "rule=down&service=a%26b%3Dc d"),
        (("rack",), "rack="),
        ((), "all"),
    ],
)
def test_a_group_is_named_by_its_labels(group_by, expected):
    assert group_key("down", group_by, {"service": "a&b=c d", "rule": "a label"}) == expected


def test_no_two_messages_have_the_same_key():
    one = world(channels=LOGS, routes=[{"channels": ["log", "mail"]}], rules={"down": rule(group_by=["service"])})
    for start in range(4):
        moments(one, 4000, {0: services(a=BAD, b=BAD), 1000 + 30 * start: services(a=BAD, b=OK), 3900: services(a=OK)})
    keys = [message.key for _, message in one.sent]
    assert len(keys) > 20
    assert len(set(keys)) == len(keys)


def test_a_clock_that_steps_back_does_not_make_a_group_wait_for_ever():
    one = world()
    moments(one, 0, {0: services(a=BAD)})
    one.now -= timedelta(hours=2)
    assert moments(one, 60, {0: services(a=BAD)}) == [(30, "fire", "a")]
    one.now -= timedelta(hours=2)
    assert moments(one, 400, {0: services(a=OK)}) == [(300, "resolve", "a")]


def flapping_world(**keys):
    return world(rules={"down": rule(after=2, keep_firing_seconds=120)}, flapping={"enabled": True}, **keys)


def alternating(one, turns, seconds=60):
    for turn in range(turns):
        one.tick(services(a=BAD if turn % 2 == 0 else OK), seconds=seconds)


def test_one_that_flaps_before_it_is_told_is_told_as_such_and_never_repeated():
    one = flapping_world()
    alternating(one, 400)
    assert one.kinds() == ["fire"]
    assert one.sent[0][1].title == "changes again and again: a is down: refused"


def test_one_that_begins_to_flap_after_it_was_told_is_told_so_once():
    one = flapping_world()
    moments(one, 60, {0: services(a=BAD)})
    alternating(one, 400)
    assert one.kinds() == ["fire", "repeat"]
    assert one.sent[1][1].title == "changes again and again: a is down: refused"
