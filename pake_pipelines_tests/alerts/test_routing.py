"""The rule's own channels, else those of the first route that fits; escalation by time until acknowledged."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.alerts.routing import channels_of, escalated_to
from pake_pipelines.config.alerting import Rule
from pake_pipelines.model.alert import AlertState, Severity
from pake_pipelines.model.episode import Episode
from pake_pipelines_tests.alerts.bench import RULE, config
from pake_pipelines_tests.conftest import NOW

CHANNELS = {name: {"kind": "log"} for name in ("log", "mail", "phone", "chat")}
ALERTING = config(
    channels=CHANNELS,
    routes=[
        {"match": {"team": "db"}, "min_severity": "error", "channels": ["phone"]},
        {"min_severity": "warning", "channels": ["mail", "log", "mail"]},
        {"channels": []},
    ],
    escalations=[
        {"after_minutes": 30, "min_severity": "error", "channels": ["phone"]},
        {"after_minutes": 5, "min_severity": "critical", "channels": ["phone", "chat"]},
    ],
).alerting


@pytest.mark.parametrize(
    ("severity", "labels", "expected"),
    [
        (Severity.CRITICAL, {"team": "db"}, ("phone",)),
        (Severity.WARNING, {"team": "db"}, ("mail", "log")),
        (Severity.CRITICAL, {}, ("mail", "log")),
        (Severity.INFO, {}, ()),
    ],
)
def test_the_first_route_that_fits_is_taken_and_each_channel_once(severity, labels, expected):
    assert channels_of(Rule(**RULE), severity, labels, ALERTING) == expected


def test_a_rule_with_channels_goes_nowhere_else():
    rule = Rule(**RULE, channels=("chat",))
    assert channels_of(rule, Severity.CRITICAL, {"team": "db"}, ALERTING) == ("chat",)
    assert channels_of(Rule(**RULE, channels=()), Severity.CRITICAL, {}, ALERTING) == ()


def episode(**fields):
    usual = {"severity": Severity.CRITICAL, "state": AlertState.FIRING, "fired_at": NOW}
    return Episode("a", "f", "down", labels={}, summary="s", started_at=NOW, last_seen_at=NOW, **{**usual, **fields})


@pytest.mark.parametrize(
    ("minutes", "fields", "expected"),
    [
        (4.9, {}, {}),
        (5, {}, {"phone": ("5",), "chat": ("5",)}),
        (30, {}, {"phone": ("30", "5"), "chat": ("5",)}),
        (30, {"severity": Severity.ERROR}, {"phone": ("30",)}),
        (300, {"severity": Severity.WARNING}, {}),
        (300, {"acknowledged_at": NOW}, {}),
        (300, {"fired_at": None}, {}),
    ],
)
def test_what_nobody_acknowledges_is_escalated_step_by_step(minutes, fields, expected):
    assert escalated_to(replace(episode(), **fields), ALERTING, NOW + timedelta(minutes=minutes)) == expected
