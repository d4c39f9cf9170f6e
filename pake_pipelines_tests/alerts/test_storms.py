"""Much at once, and the same again and again: what people hear of it."""

import pytest

from pake_pipelines_tests.alerts.bench import BAD, OK, World, config, rule, service, services

PATTERNS = {
    "every minute, probed every minute": (60, 1),
    "every minute, probed twice in it": (30, 2),
}
RULES = {
    "without patience": rule(keep_firing_seconds=0),
    "as shipped for critical services": rule(for_seconds=30, after=2, keep_firing_seconds=60),
    "as shipped for all others": rule(for_seconds=60, after=2, keep_firing_seconds=60, severity="warning"),
}
GROUPINGS = {"as shipped": {}, "at once": {"wait_seconds": 0, "interval_seconds": 0}}


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("patience", RULES)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_service_that_alternates_for_24_hours_sends_at_most_4_messages_and_the_last_is_a_resolve(
    pattern, patience, grouping
):
    seconds, readings = PATTERNS[pattern]
    world = World(config(rules={"down": RULES[patience]}, grouping=GROUPINGS[grouping], flapping={"enabled": True}))
    for number in range(24 * 3600 // seconds):
        world.tick(services(db=BAD if number // readings % 2 == 0 else OK), seconds=seconds)
    fired = {line.alert_id for _, one in world.sent if one.kind == "fire" for line in one.firing}
    for _ in range(40):
        world.tick(services(db=OK), seconds=seconds)
    allowed = 4 if grouping == "as shipped" else 7
    assert len(world.sent) <= allowed
    resolved = [line.alert_id for _, one in world.sent for line in one.resolved]
    assert sorted(resolved) == sorted(fired)
    assert (world.kinds() or ["resolve"])[-1] == "resolve"


def test_without_flap_detection_the_same_service_would_send_hundreds():
    world = World(config(rules={"down": rule()}))
    for number in range(1440):
        world.tick(services(db=BAD if number % 2 else OK), seconds=60)
    assert len(world.sent) == 1440 - 1


@pytest.mark.parametrize("together", [True, False], ids=["all at once", "the root a round later"])
def test_200_services_behind_one_dead_database_are_1_page_that_names_the_root_and_1_resolve(together):
    children = {f"c{number}": service(depends_on=["db"]) for number in range(200)}
    world = World(config(services={"db": service(critical=True), **children}, rules=RULES_OF_SERVICES, grouping={}))
    down, up = dict.fromkeys(children, BAD), dict.fromkeys(children, OK)
    if not together:
        world.tick(services(db=OK, **down))
    for _ in range(20):
        world.tick(services(db=BAD, **down))
    for _ in range(2):
        world.tick(services(db=OK, **down))
    for _ in range(40):
        world.tick(services(db=OK, **up))
    assert world.kinds() == ["fire", "resolve"]
    page = world.sent[0][1]
    assert [line.labels["service"] for line in page.firing] == ["db"]
    assert page.title == "db is down: refused (200 more held back behind it)"
    assert page.held_back == 200
    assert world.states() == {}


RULES_OF_SERVICES = {"down": rule(for_seconds=30, after=2, keep_firing_seconds=60)}
