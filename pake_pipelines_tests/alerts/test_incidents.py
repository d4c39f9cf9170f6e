"""Incidents follow the alerts and people, in the database."""

import re

import pytest

from pake_pipelines.alerts.incident_steps import IncidentError
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.incident import IncidentStatus
from pake_pipelines.store import incidents as store
from pake_pipelines_tests.alerts.incident_desk import Desk, fired


@pytest.fixture
def desk(database):
    return Desk(database)


async def test_a_grave_group_opens_one_with_its_timeline(desk):
    incident_id = await desk.open("g", "a1")
    one = await desk.one(incident_id)
    assert re.fullmatch(rf"inc_{int(desk.now.timestamp())}_[0-9a-f]{{4}}", incident_id)
    assert (one.title, one.severity, one.owner, one.target_minutes) == ("g is down", "critical", "on-call", 0)
    assert await desk.kinds(incident_id) == ["opened"]


async def test_groups_below_the_bound_open_none(desk):
    assert (await desk.follow(fired("g", "a1", severity=Severity.ERROR))).opened == ()


async def test_the_same_call_again_changes_nothing(desk):
    incident_id = await desk.open("g", "a1")
    again = await desk.follow(fired("g", "a1"))
    assert (again.opened, again.joined) == ((), ())
    await desk.follow(over=["g"])
    assert (await desk.follow(over=["g"])).over == ()
    assert await desk.kinds(incident_id) == ["opened", "alerts_over", "resolved"]


async def test_many_opened_within_a_second_all_have_their_own_names(desk):
    followed = await desk.follow(*(fired(f"g{number}", f"a{number}") for number in range(600)))
    assert len(set(followed.opened)) == 600
    more = await desk.follow(*(fired(f"h{number}", f"b{number}") for number in range(600)))
    assert len({*followed.opened, *more.opened}) == 1200


async def test_alerts_join_and_end_together(desk):
    incident_id = await desk.open("g", "a1")
    assert (await desk.follow(fired("g", "a2"))).joined == (incident_id,)
    ended = await desk.follow(over=["g"])
    assert (ended.over, ended.closed) == ((incident_id,), (incident_id,))
    assert await desk.kinds(incident_id) == ["opened", "alerts_joined", "alerts_over", "resolved"]


async def test_a_group_that_fires_is_not_over_even_when_both_are_said(desk):
    incident_id = await desk.open("g", "a1")
    assert (await desk.follow(fired("g", "a2"), over=["g"])).over == ()
    assert not (await desk.one(incident_id)).is_closed


async def test_a_person_who_has_it_closes_it(desk):
    incident_id = await desk.open("g", "a1")
    desk.later(4)
    await desk.update(incident_id, status="investigating", owner="ann", note="looking")
    desk.later(6)
    assert (await desk.follow(over=["g"])).closed == ()
    await desk.update(incident_id, status="resolved", note="disk replaced")
    one = await desk.one(incident_id)
    assert (one.status, one.owner, one.alerts_over_at) == (IncidentStatus.RESOLVED, "ann", one.resolved_at)
    assert await desk.kinds(incident_id) == [
        "opened", "acknowledged", "owner_changed", "status_changed", "alerts_over", "resolved",
    ]  # fmt: skip


async def test_every_change_by_hand_is_in_the_audit(desk):
    incident_id = await desk.open("g", "a1")
    await desk.update(incident_id, status="contained", note="switched over", actor="bob")
    async with desk.database.connection() as connection:
        row = await connection.fetchrow("SELECT actor, action, subject, details FROM audit_events")
    assert (row["actor"], row["action"], row["subject"]) == ("bob", "incident.update", incident_id)
    assert row["details"] == {
        "status": "contained", "owner": "on-call", "note": "switched over",
        "events": ["acknowledged", "status_changed"],
    }  # fmt: skip


async def test_an_acknowledged_alert_takes_up_the_incident_it_is_part_of(desk):
    first, second = await desk.open("g", "a1"), await desk.open("h", "b1")
    await desk.follow(fired("g", "a2"))
    assert await desk.take_up_alert("a2") == (first,)
    assert await desk.take_up_alert("a1") == ()
    assert (await desk.one(second)).acknowledged_at is None


async def test_an_alert_of_no_incident_takes_up_nothing(desk):
    await desk.open("g", "a1")
    assert await desk.take_up_alert("other") == ()


async def test_an_alert_about_an_overdue_incident_opens_none_and_is_told_in_its_timeline(desk):
    incident_id = await desk.open("g", "a1")
    await desk.alert("late", incident=incident_id, severity="critical")
    followed = await desk.follow(fired("incident-overdue", "late"))
    assert followed.opened == ()
    assert await desk.kinds(incident_id) == ["opened", "overdue"]
    assert await desk.take_up_alert("late") == (incident_id,)


async def test_being_told_overdue_and_ending_in_one_tick_still_ends(desk):
    incident_id = await desk.open("g", "a1")
    await desk.alert("late", incident=incident_id, severity="critical")
    await desk.follow(fired("incident-overdue", "late"), over=["g"])
    assert await desk.kinds(incident_id) == ["opened", "overdue", "alerts_over", "resolved"]
    assert (await desk.one(incident_id)).is_closed


async def test_a_group_that_fires_again_opens_a_new_one_that_is_linked_both_ways(desk):
    first = await desk.open("g", "a1")
    await desk.follow(over=["g"])
    desk.later(30)
    second = await desk.open("g", "a2")
    assert second != first
    assert (await desk.kinds(first))[-1] == "fired_again"
    async with desk.database.connection() as connection:
        assert (await store.timeline(connection, second))[0].details == {"alert_ids": ["a2"], "previous": first}
    assert (await desk.one(first)).is_closed


async def test_an_unknown_one_is_refused(desk):
    with pytest.raises(IncidentError, match="no incident inc_1_0000"):
        await desk.update("inc_1_0000", note="x")


async def test_an_alert_about_an_incident_takes_it_up_before_anybody_was_told_of_it(desk):
    incident_id = await desk.open("g", "a1")
    await desk.alert("late", incident=incident_id, severity="critical")
    assert await desk.take_up_alert("late") == (incident_id,)


async def test_an_alert_that_somebody_has_already_opens_an_incident_that_is_taken_up(desk):
    await desk.alert("a1", service="g")
    await desk.acknowledge("a1", "bob")
    incident_id = await desk.open("g", "a1")
    assert (await desk.one(incident_id)).acknowledged_at == desk.now
    assert await desk.kinds(incident_id) == ["opened", "acknowledged"]
    async with desk.database.connection() as connection:
        assert (await store.timeline(connection, incident_id))[1].actor == "bob"


async def test_an_alert_that_somebody_has_takes_up_the_incident_that_it_joins(desk):
    incident_id = await desk.open("g", "a1")
    await desk.alert("a2", service="g")
    await desk.acknowledge("a2", "bob")
    await desk.follow(fired("g", "a2"))
    assert await desk.kinds(incident_id) == ["opened", "alerts_joined", "acknowledged"]


async def test_closing_all_alerts_of_a_group_by_hand_takes_its_incident_up_and_leaves_it_open(desk):
    incident_id = await desk.open("g", "a1", "a2")
    for alert in ("a1", "a2"):
        await desk.alert(alert, group="g")
    assert await desk.resolve("a1") == (incident_id,)
    assert (await desk.one(incident_id)).alerts_over_at is None
    await desk.resolve("a2")
    one = await desk.one(incident_id)
    assert (one.is_closed, one.alerts_over_at) == (False, desk.now)
    assert await desk.kinds(incident_id) == ["opened", "acknowledged", "alerts_over"]


async def test_after_the_clock_was_set_back_the_latest_one_is_still_known(desk):
    await desk.open("g", "a1")
    await desk.follow(over=["g"])
    desk.later(-20)
    second = await desk.open("g", "a2")
    await desk.update(second, status="false_positive")
    assert (await desk.follow(fired("g", "a2"))).opened == ()
