"""What rules see: matching series, bounds, and everything that is unknown rather than good."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.alerts.conditions import fingerprint, look, look_at_rules, severity_of
from pake_pipelines.config.alerting import Rule
from pake_pipelines.model.alert import Condition, Reading, Readings, Severity
from pake_pipelines_tests.alerts.bench import BAD, OK, RULE, UNKNOWN, rule
from pake_pipelines_tests.conftest import NOW

CPU = {"input": "metric", "metric": "cpu", "severity": "warning", "summary": "{value}"}
LABELS = st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), max_size=4)


def seen(given_rule, *inputs):
    return look({"it": Rule(**given_rule)}, inputs, NOW)["it"]


def conditions(given_rule, *series, **keys):
    found = seen(given_rule, Readings(given_rule["input"], series, **keys))
    return [one.condition for one in found.observations.values()]


@pytest.mark.parametrize(
    ("bound", "value", "expected"),
    [
        ({"above": 80}, 80.0, OK),
        ({"above": 80}, 80.1, BAD),
        ({"below": 70}, 70.0, OK),
        ({"below": 70}, 69.9, BAD),
        ({"above": 80}, math.inf, BAD),
        ({"above": 80}, math.nan, UNKNOWN),
        ({"above": 80}, None, UNKNOWN),
    ],
)
def test_a_value_is_bad_beyond_its_bound_and_unknown_when_it_is_none(bound, value, expected):
    assert conditions({**CPU, **bound}, Reading({"metric": "cpu"}, value=value)) == [expected]


@pytest.mark.parametrize(("age", "expected"), [(-5, BAD), (0, BAD), (60, BAD), (60.5, UNKNOWN)])
def test_a_value_that_is_too_old_is_unknown(age, expected):
    reading = Reading({"metric": "cpu"}, value=99, at=NOW - timedelta(seconds=age))
    assert conditions({**CPU, "above": 1, "stale_seconds": 60}, reading) == [expected]


def test_a_metric_that_says_that_it_is_unknown_is_not_compared():
    assert conditions({**CPU, "above": 1}, Reading({"metric": "cpu"}, value=99, condition=UNKNOWN)) == [UNKNOWN]


def test_a_rule_looks_only_at_its_own_series():
    series = (Reading({"service": "a", "critical": "true"}, condition=BAD), Reading({"service": "b"}, condition=BAD))
    found = seen(rule(match={"critical": "true"}), Readings("service", series))
    assert [dict(one.labels) for one in found.observations.values()] == [{"service": "a", "critical": "true"}]
    assert conditions({**CPU, "above": 1}, Reading({"metric": "memory"}, value=9)) == []


def test_of_two_readings_of_one_series_the_worse_one_counts():
    series = [Reading({"service": "a"}, condition=one) for one in (OK, BAD, UNKNOWN)]
    assert conditions(RULE, *series) == [BAD]
    assert conditions(RULE, series[0], series[2]) == [UNKNOWN]


def test_an_input_handed_in_twice_is_one_and_complete_only_as_a_whole():
    first = Readings("service", (Reading({"service": "a"}, condition=OK),), complete=True)
    second = Readings("service", (Reading({"service": "b"}, condition=BAD),), complete=False)
    found = seen(RULE, first, second)
    assert (len(found.observations), found.gone) == (2, False)


def test_a_severity_of_an_objective_is_that_of_its_window():
    one = Rule(input="slo", slo="x", severity="info", summary="")
    assert severity_of(one, {"severity": "critical"}) is Severity.CRITICAL
    assert severity_of(one, {"severity": "odd"}) is Severity.INFO
    assert severity_of(Rule(**RULE), {"severity": "info"}) is Severity.CRITICAL


@given(LABELS, LABELS)
def test_equal_labels_and_only_these_have_the_same_fingerprint_in_any_order(one, other):
    assert fingerprint("r", one) == fingerprint("r", dict(reversed(one.items())))
    assert (fingerprint("r", one) == fingerprint("r", other)) == (one == other)
    assert fingerprint("r", one) != fingerprint("s", one)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000])
def test_what_no_database_can_hold_is_made_to_fit(text):
    found = seen(RULE, Readings("service", (Reading({"service": text}, condition=BAD, detail=text),)))
    (one,) = found.observations.values()
    for shown in (one.detail, one.labels["service"]):
        assert "\0" not in shown
        assert len(shown.encode()) <= 1000


UNJUDGED = {
    "its input could not be read": (RULE, [Readings("service", error="refused")], "could not be read: refused"),
    "there is no sample of its metric": ({**CPU, "above": 1}, [Readings("metric")], "no sample of the metric cpu"),
    "all samples are too old": (
        {**CPU, "above": 1, "stale_seconds": 60},
        [Readings("metric", (Reading({"metric": "cpu"}, value=1, at=NOW - timedelta(hours=1)),))],
        "read 3600 s ago",
    ),
    "all series are unknown": (
        RULE,
        [Readings("service", (Reading({"service": "a"}, condition=UNKNOWN, detail="odd answer"),))],
        "odd answer",
    ),
    "nothing is measured of its objective": (
        {"input": "slo", "slo": "runs", "severity": "info", "summary": ""},
        [Readings("slo")],
        "objective runs",
    ),
}


@pytest.mark.parametrize("case", UNJUDGED)
def test_a_rule_that_cannot_be_judged_is_bad_to_the_rules_about_rules(case):
    judged, inputs, why = UNJUDGED[case]
    rules = {"it": Rule(**judged), "unknown": Rule(**rule(input="rule", severity="info", summary="{rule}: {detail}"))}
    found = look(rules, inputs, NOW)
    (about,) = look_at_rules(rules, found, NOW)["unknown"].observations.values()
    assert why in found["it"].unjudged
    assert (about.condition, dict(about.labels)) == (BAD, {"rule": "it"})
    assert why in about.detail


JUDGED = {
    "one of its series is known": [
        Readings("service", (Reading({"service": "a"}, condition=UNKNOWN), Reading({"service": "b"}, condition=OK)))
    ],
    "there is nothing of its kind": [Readings("service", complete=True)],
    "what it looks at cannot be had here": [
        Readings("service", (Reading({"service": "a"}, condition=UNKNOWN, unavailable=True),))
    ],
}


@pytest.mark.parametrize("case", JUDGED)
def test_a_rule_can_be_judged_when(case):
    rules = {"it": Rule(**RULE), "unknown": Rule(**rule(input="rule", severity="info", summary=""))}
    (about,) = look_at_rules(rules, look(rules, JUDGED[case], NOW), NOW)["unknown"].observations.values()
    assert about.condition is Condition.OK


def test_a_rule_whose_input_was_not_due_is_neither_good_nor_bad():
    rules = {"it": Rule(**RULE), "unknown": Rule(**rule(input="rule", severity="info", summary=""))}
    (about,) = look_at_rules(rules, look(rules, [], NOW), NOW)["unknown"].observations.values()
    assert about.condition is Condition.UNKNOWN


def test_little_traffic_is_no_reason_to_call_a_rule_unknown():
    slo = {"input": "slo", "slo": "runs", "severity": "info", "summary": ""}
    few = Reading({"slo": "runs"}, value=0.0, condition=UNKNOWN, detail="3 events are too few")
    assert seen(slo, Readings("slo", (few,))).unjudged == ""
