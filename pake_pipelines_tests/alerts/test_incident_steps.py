"""An incident is opened by grave groups, taken up by people, and closed by whoever has it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.alerts.incident_steps import (
    IncidentError,
    Wanted,
    alerts_over,
    joined,
    new_id,
    opened,
    opens,
    taken_up_by_alert,
    updated,
)
from pake_pipelines.config.alerting import Incidents
from pake_pipelines.model.alert import GroupFired, Severity
from pake_pipelines.model.incident import IncidentEventKind as Kind
from pake_pipelines.model.incident import IncidentStatus as Status
from pake_pipelines_tests.conftest import NOW

CONFIG = Incidents(owners={"critical": "on-call", "high": "team lead"})
LATER = NOW + timedelta(minutes=7)


def fired(severity=Severity.CRITICAL, *alerts, group="g"):
    return GroupFired(group, "Database is down", severity, alerts or ("a1",), "service-down", "it is down")


def incident(severity=Severity.CRITICAL, config=CONFIG):
    return opened(config, fired(severity), "inc_1_0000", None, NOW)[0].incident


def kinds(change):
    return [event.kind for event in change.events]


def test_a_name_tells_the_second_in_which_it_was_opened():
    assert new_id(NOW, "abcd") == f"inc_{int(NOW.timestamp())}_abcd"


@pytest.mark.parametrize(
    ("alert", "severity", "target", "owner"),
    [
        (Severity.CRITICAL, "critical", 0, "on-call"),
        (Severity.ERROR, "high", 60, "team lead"),
        (Severity.WARNING, "medium", 240, None),
        (Severity.INFO, "low", 1440, None),
    ],
)
def test_severity_target_and_owner_come_from_the_gravest_alert(alert, severity, target, owner):
    one = incident(alert)
    assert (one.severity, one.target_minutes, one.owner) == (severity, target, owner)
    assert (one.status, one.opened_at, one.acknowledged_at, one.runbook) == (Status.OPEN, NOW, None, "service-down")


def test_a_target_that_is_not_configured_keeps_its_default():
    config = Incidents(target_minutes={"critical": 15})
    assert [incident(one, config).target_minutes for one in (Severity.CRITICAL, Severity.ERROR)] == [15, 60]


@pytest.mark.parametrize(("severity", "expected"), [(Severity.CRITICAL, True), (Severity.ERROR, False)])
def test_only_groups_that_are_grave_enough_open_one(severity, expected):
    assert opens(CONFIG, fired(severity), None, ()) is expected


def test_no_second_one_is_opened_while_the_first_is_open():
    assert not opens(CONFIG, fired(Severity.CRITICAL, "a2"), incident(), {"a1"})


def test_an_alert_whose_incident_a_person_closed_opens_no_other():
    closed = updated(incident(), Wanted(Status.FALSE_POSITIVE), "ann", LATER).incident
    assert not opens(CONFIG, fired(), closed, {"a1"})
    assert opens(CONFIG, fired(Severity.CRITICAL, "a2"), closed, {"a1"})


def test_the_same_group_soon_again_opens_a_new_one_and_links_both():
    closed = alerts_over(incident(), LATER).incident
    new, old = opened(CONFIG, fired(Severity.CRITICAL, "a2"), "inc_2_0000", closed, LATER + timedelta(hours=1))
    assert new.events[0].details["previous"] == "inc_1_0000"
    assert "inc_1_0000 was closed at 2026-11-22 12:07 UTC" in new.events[0].note
    assert (old.incident, kinds(old)) == (closed, [Kind.FIRED_AGAIN])
    assert old.events[0].details == {"next": "inc_2_0000"}


def test_the_same_group_much_later_is_another_matter():
    closed = alerts_over(incident(), LATER).incident
    only = opened(CONFIG, fired(Severity.CRITICAL, "a2"), "inc_2_0000", closed, LATER + timedelta(hours=25))
    assert [(one.incident.incident_id, "previous" in one.events[0].details) for one in only] == [("inc_2_0000", False)]


def test_further_alerts_join_and_only_the_new_ones_are_told_of():
    change = joined(CONFIG, incident(), fired(Severity.CRITICAL, "a1", "a2"), {"a1"}, LATER)
    assert kinds(change) == [Kind.ALERTS_JOINED]
    assert change.events[0].details == {"alert_ids": ["a2"]}
    assert joined(CONFIG, incident(), fired(), {"a1"}, LATER) is None


def test_alerts_of_less_weight_join_too_and_do_not_lower_it():
    assert joined(CONFIG, incident(), fired(Severity.INFO, "a2"), {"a1"}, LATER).incident.severity == "critical"


def test_graver_alerts_raise_its_severity_and_shorten_its_target():
    config = replace_open_at(Severity.WARNING)
    change = joined(config, incident(Severity.WARNING, config), fired(Severity.CRITICAL, "a2"), {"a1"}, LATER)
    assert kinds(change) == [Kind.ALERTS_JOINED, Kind.SEVERITY_RAISED]
    assert (change.incident.severity, change.incident.target_minutes, change.incident.owner) == (
        "critical",
        0,
        "on-call",
    )


def replace_open_at(severity):
    return CONFIG.model_copy(update={"open_at": severity})


def test_one_that_nobody_took_up_closes_by_itself_when_its_alerts_are_over():
    change = alerts_over(incident(), LATER)
    assert kinds(change) == [Kind.ALERTS_OVER, Kind.RESOLVED]
    assert (change.incident.status, change.incident.resolved_at) == (Status.RESOLVED, LATER)
    assert change.incident.acknowledged_at is None


@pytest.mark.parametrize(
    "wanted", [Wanted(Status.INVESTIGATING), Wanted(owner="ann")], ids=["by a status", "by an owner"]
)
def test_one_that_a_person_took_up_stays_open_when_its_alerts_are_over(wanted):
    taken = updated(incident(), wanted, "ann", LATER)
    assert kinds(taken)[0] == Kind.ACKNOWLEDGED
    assert taken.incident.acknowledged_at == LATER
    over = alerts_over(taken.incident, LATER)
    assert kinds(over) == [Kind.ALERTS_OVER]
    assert (over.incident.is_closed, over.incident.alerts_over_at) == (False, LATER)
    assert alerts_over(over.incident, LATER) is None


def test_alerts_that_come_again_are_not_over():
    over = alerts_over(updated(incident(), Wanted(owner="ann"), "ann", LATER).incident, LATER).incident
    assert joined(CONFIG, over, fired(Severity.CRITICAL, "a2"), {"a1"}, LATER).incident.alerts_over_at is None


def test_an_acknowledged_alert_takes_its_incident_up_once():
    change = taken_up_by_alert(incident(), "a1", "ann", "on it", LATER)
    assert change.incident.acknowledged_at == LATER
    assert change.events[0].note == "by its alert a1: on it"
    assert taken_up_by_alert(change.incident, "a1", "bob", "", LATER) is None
    assert taken_up_by_alert(alerts_over(incident(), LATER).incident, "a1", "bob", "", LATER) is None


def test_the_owner_from_the_configuration_has_not_taken_it_up_until_somebody_says_so():
    assert incident().owner == "on-call"
    assert incident().acknowledged_at is None
    change = updated(incident(), Wanted(owner="on-call"), "ann", LATER)
    assert (kinds(change), change.incident.acknowledged_at) == ([Kind.ACKNOWLEDGED], LATER)


def test_a_note_alone_does_not_take_it_up():
    change = updated(incident(), Wanted(note="looks like the disk"), "ann", LATER)
    assert (kinds(change), change.incident) == ([Kind.NOTE], incident())


def test_resolving_it_at_once_counts_as_taking_it_up():
    change = updated(incident(), Wanted(Status.RESOLVED, note="disk replaced"), "ann", LATER)
    assert kinds(change) == [Kind.ACKNOWLEDGED, Kind.RESOLVED]
    assert (change.incident.acknowledged_at, change.incident.resolved_at) == (LATER, LATER)
    assert change.events[1].note == "open -> resolved: disk replaced"


def test_nobody_as_owner_takes_the_owner_away():
    change = updated(incident(), Wanted(owner=" "), "ann", LATER)
    assert (change.incident.owner, change.events[0].note) == (None, "on-call -> nobody")
    assert change.incident.acknowledged_at is None


CLOSED = replace(incident(), status=Status.RESOLVED, resolved_at=LATER, acknowledged_at=LATER)
TAKEN = replace(incident(), status=Status.CONTAINED, acknowledged_at=LATER)


@pytest.mark.parametrize(
    ("one", "wanted", "message"),
    [
        (CLOSED, Wanted(Status.INVESTIGATING), "is resolved: a closed incident is not opened again"),
        (CLOSED, Wanted(owner="ann"), "is resolved: it needs no owner any more"),
        (TAKEN, Wanted(Status.OPEN), "is contained: what was taken up does not become open again"),
        (TAKEN, Wanted(Status.CONTAINED), "is so already: nothing to change"),
        (TAKEN, Wanted(note="  "), "is so already: nothing to change"),
    ],
    ids=["reopen", "own a closed one", "go back", "the same status", "an empty note"],
)
def test_what_cannot_be_is_refused_with_a_reason(one, wanted, message):
    with pytest.raises(IncidentError, match=message):
        updated(one, wanted, "ann", LATER)


def test_a_closed_one_takes_notes_and_another_verdict_and_keeps_its_time():
    much_later = LATER + timedelta(days=2)
    change = updated(CLOSED, Wanted(Status.FALSE_POSITIVE, note="a drill"), "ann", much_later)
    assert (change.incident.status, change.incident.resolved_at) == (Status.FALSE_POSITIVE, LATER)
    assert kinds(updated(CLOSED, Wanted(note="written up"), "ann", much_later)) == [Kind.NOTE]


@pytest.mark.parametrize(
    ("severity", "minutes", "late"),
    [
        (Severity.CRITICAL, 0, 0),
        (Severity.CRITICAL, -5, 0),
        (Severity.ERROR, 59, None),
        (Severity.ERROR, 75, 15),
    ],
    ids=["critical means at once", "a clock set back", "in time", "late"],
)
def test_overdue_is_what_nobody_took_up_within_the_target(severity, minutes, late):
    assert incident(severity).overdue_minutes(NOW + timedelta(minutes=minutes)) == late


def test_what_is_taken_up_or_closed_is_not_overdue():
    long_after = NOW + timedelta(days=9)
    assert TAKEN.overdue_minutes(long_after) is None
    assert alerts_over(incident(), LATER).incident.overdue_minutes(long_after) is None
