"""`pake alerts` lists what fires, shows all that is known of it, and takes a person's word on it."""

import pytest

from pake_pipelines_tests.cli.watched import Watched


@pytest.fixture
def watched(connected, database_url):
    return Watched(connected, database_url)


@pytest.fixture
def firing(watched):
    """A critical alert that fires and has opened an incident, and a warning."""
    watched.judged(*[{"gate": True, "mill": True}] * 4)
    return watched


def listed(watched, *options):
    return watched.pake("alerts", "list", *options, "--json").json


def named(watched, rule):
    return next(one["alert_id"] for one in listed(watched, "--all") if one["rule"] == rule)


def test_open_alerts_are_listed_with_the_gravest_first(firing):
    assert [(one["rule"], one["state"]) for one in listed(firing)] == [
        ("service-down", "firing"),
        ("service-degraded", "firing"),
    ]
    shown = firing.pake("alerts", "list").stdout
    assert "gate is down: no beat [1]" in shown
    assert "critical" in shown


def test_what_is_asked_for_is_listed(firing):
    assert [one["severity"] for one in listed(firing, "--severity", "error")] == ["critical"]
    assert [one["rule"] for one in listed(firing, "--rule", "service-degraded")] == ["service-degraded"]
    assert listed(firing, "--state", "resolved") == []
    firing.pake("alerts", "resolve", named(firing, "service-degraded"), "--reason", "x")
    assert len(listed(firing)) == 1
    assert len(listed(firing, "--all")) == 2
    assert [one["rule"] for one in listed(firing, "--state", "resolved")] == ["service-degraded"]


def test_one_is_shown_with_its_states_and_messages(firing):
    alert = named(firing, "service-down")
    shown = firing.pake("alerts", "show", alert).stdout
    assert "docs/runbooks/service-down.md" in shown
    assert "pending -> firing" in shown
    assert "fire by log: waiting" in shown
    assert "URGENT: Critical services are down" in shown
    told = firing.pake("alerts", "show", alert, "--json").json
    assert [one["to_state"] for one in told["transitions"]] == ["pending", "firing"]


def test_a_beginning_is_enough_when_it_fits_one(firing):
    alert = named(firing, "service-down")
    assert firing.pake("alerts", "show", alert[:-2], "--json").json["alert"]["alert_id"] == alert
    several = firing.pake("alerts", "show", "alert_")
    assert several.code == 1
    assert alert in several.stderr
    unknown = firing.pake("alerts", "show", "nothing")
    assert "error: no alert 'nothing'" in unknown.stderr


def test_taking_an_alert_up_takes_its_incident_up(firing):
    alert = named(firing, "service-down")
    done = firing.pake("alerts", "ack", alert, "--comment", "on it", "--json").json
    (incident,) = firing.pake("incidents", "list", "--json").json
    assert (done["acknowledged"], done["incidents"]) == ([alert], [incident["incident_id"]])
    assert incident["acknowledged_at"]
    assert "taken up by" in firing.pake("alerts", "list").stdout
    again = firing.pake("alerts", "ack", alert)
    assert (again.code, "is left as it is" in again.stdout) == (0, True)


def test_a_dry_run_of_taking_up_changes_nothing(firing):
    alert = named(firing, "service-down")
    assert "dry run" in firing.pake("alerts", "ack", alert, "--dry-run").stdout
    assert listed(firing)[0]["acknowledged_at"] is None


def test_an_alert_that_is_closed_by_hand_leaves_its_incident_to_the_person(firing):
    alert = named(firing, "service-down")
    assert "dry run" in firing.pake("alerts", "resolve", alert, "--reason", "x", "--dry-run").stdout
    assert len(listed(firing)) == 2
    done = firing.pake("alerts", "resolve", alert, "--reason", "a drill")
    assert "is resolved" in done.stdout
    assert "stays open" in done.stdout
    (incident,) = firing.pake("incidents", "list", "--json").json
    assert incident["alerts_over_at"]
    assert incident["acknowledged_at"]
    shown = firing.pake("alerts", "show", alert).stdout
    assert "a drill" in shown


def test_a_reason_is_needed_to_close_by_hand(firing):
    done = firing.pake("alerts", "resolve", named(firing, "service-down"), "--reason", " ")
    assert (done.code, "a reason is needed" in done.stderr) == (1, True)


def test_a_silence_says_what_it_fits_and_is_ended_again(firing):
    tried = firing.pake("alerts", "silence", "service=gate", "--for", "2h", "--dry-run")
    assert "nothing was silenced" in tried.stdout
    assert firing.pake("alerts", "silences").stdout == "nothing is silenced\n"
    matchers = ["service=ga*", "severity!=info"]
    placed = firing.pake("alerts", "silence", *matchers, "--for", "2h", "--comment", "move").stdout
    assert "it fits 1 alert now" in placed
    assert [one["silenced"] for one in listed(firing)] == [True, False]
    shown = firing.pake("alerts", "silences").stdout
    assert "service=ga* severity!=info" in shown
    assert "1 h 59 min" in shown
    (silence,) = firing.pake("alerts", "silences", "--json").json
    assert silence["matchers"] == {"service": "ga*", "severity": "!info"}
    assert "ended: " in firing.pake("alerts", "unsilence", silence["silence_id"]).stdout
    assert not listed(firing)[0]["silenced"]
    again = firing.pake("alerts", "unsilence", silence["silence_id"])
    assert (again.code, f"no silence {silence['silence_id']} that is not over" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["service", "--for", "2h"], "'service' is no matcher"),
        (["=x", "--for", "2h"], "'=x' is no matcher"),
        (["a=1", "a!=2", "--for", "2h"], "a is given twice"),
        (["a=1", "--for", "soon"], "'soon' is no length of time"),
        (["a=1", "--for", "0s"], "0s is not between"),
        (["a=1", "--for", "400d"], "400d is not between"),
    ],
    ids=["no value", "no label", "twice", "no time", "none", "too long"],
)
def test_a_silence_that_makes_no_sense_is_refused(watched, arguments, said):
    done = watched.pake("alerts", "silence", *arguments)
    assert (done.code, said in done.stderr) == (1, True)


def test_rules_tell_what_they_see_and_why_they_cannot_be_judged(firing):
    firing.sampled("gate", "unhealthy", critical=True)
    firing.sampled("mill", "healthy")
    told = {one["rule"]: one for one in firing.pake("alerts", "rules", "--json").json}
    assert (told["service-down"]["bad"], told["service-down"]["open_alerts"]) == (1, 1)
    assert (told["service-degraded"]["series"], told["service-degraded"]["bad"]) == (1, 0)
    assert told["high-cpu"]["unjudged"] == "there is no sample of the metric cpu_usage_percent"
    assert "Dagster is not up here" in told["partitions-failed"]["unjudged"]
    assert (told["run-failed"]["due"], told["run-failed"]["unjudged"]) == (False, "")
    shown = firing.pake("alerts", "rules").stdout
    assert "there is no sample of the metric" in shown
    assert "judged by the sensor inside of Dagster alone" in shown


def test_without_alerts_that_is_said(watched):
    assert watched.pake("alerts", "list").stdout == "no alerts are open\n"
    assert watched.pake("alerts", "list", "--all").stdout == "no alerts\n"
