"""The configuration of alerts is read whole, or refused with file, line, key and what was expected."""

import re

import pytest

from pake_pipelines.alerts.matching import fits
from pake_pipelines.alerts.template import render
from pake_pipelines.config.alerting import INPUT_LABELS, SUMMARY_FIELDS
from pake_pipelines.config.loading import ConfigError, load
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import Severity


def monitoring(tmp_path, text):
    (tmp_path / "configs").mkdir(exist_ok=True)
    file = tmp_path / "configs" / "monitoring.yaml"
    file.write_text(text)
    return load(MonitoringConfig, file, "monitoring.yaml")


def ruled(*lines):
    """Return a file whose rule `mine` has `lines`; the first of them is line 4."""
    return "\n".join(["alerting:", "  rules:", "    mine:", *(f"      {line}" for line in lines)])


GOOD = ("input: service", "severity: error", 'summary: "{service}"')
FAULTS = {
    "a template with an unknown field": (
        ruled("input: service", "severity: error", 'summary: "{servcie} is down"'),
        6, "alerting.rules.mine.summary", r"unknown field {servcie}: expected one of .*service.*value",
    ),
    "a template that is none": (
        ruled("input: service", "severity: error", 'summary: "{service"'),
        6, "alerting.rules.mine.summary", "not a template",
    ),
    "an unknown field in the second recommendation": (
        ruled(*GOOD, "recommendations:", "  - look at {service}", "  - look at {disk}"),
        9, "alerting.rules.mine.recommendations.1", "unknown field {disk}",
    ),
    "an unknown channel of a rule": (
        ruled(*GOOD, "channels: [log, pager]"),
        7, "alerting.rules.mine.channels", "no channel 'pager': there are log, email, slack",
    ),
    "an unknown channel of the second route": (
        "alerting:\n  routes:\n    - {channels: [log]}\n    - channels: [pager]",
        4, "alerting.routes.1.channels", "no channel 'pager'",
    ),
    "an unknown channel of an escalation": (
        "alerting:\n  escalations:\n    - {after_minutes: 5, min_severity: error, channels: [pager]}",
        3, "alerting.escalations.0.channels", "no channel 'pager'",
    ),
    "an unknown objective": (
        ruled("input: slo", "slo: uptime", "severity: error", 'summary: "{slo}"'),
        5, "alerting.rules.mine.slo", "no slo 'uptime'",
    ),
    "an objective of a rule that is not on objectives": (
        ruled(*GOOD, "slo: runs"),
        7, "alerting.rules.mine.slo", "names its slo, any other does not",
    ),
    "no metric": (
        ruled("input: metric", "above: 1", "severity: error", 'summary: "{value}"'),
        3, "alerting.rules.mine.metric", "names its metric",
    ),
    "two bounds": (
        ruled("input: metric", "metric: m", "above: 1", "below: 0", "severity: error", 'summary: "{value}"'),
        6, "alerting.rules.mine.above", "one bound, above or below",
    ),
    "a label that no series has": (
        ruled(*GOOD, "match: {servcie: redis}"),
        7, "alerting.rules.mine.match.servcie", "series of service have no such label: expected one of service, kind",
    ),
    "a grouping by a label that no series has": (
        ruled(*GOOD, "group_by: [rule, host]"),
        7, "alerting.rules.mine.group_by.1", "no label 'host'",
    ),
    "an unknown input": (
        ruled("input: weather", "severity: error", "summary: rain"),
        4, "alerting.rules.mine.input", "found 'weather'",
    ),
    "an unknown severity": (
        ruled("input: service", "severity: high", "summary: x"),
        5, "alerting.rules.mine.severity", "'critical' .found 'high'.",
    ),
    "a bad cron": (
        "alerting:\n  maintenance_windows:\n    - {cron: 0 3 * * *, minutes: 5}\n    - cron: nightly\n      minutes: 5",
        4, "alerting.maintenance_windows.1.cron", "not a cron expression",
    ),
    "a day that never comes": (
        'alerting:\n  maintenance_windows:\n    - {cron: "0 3 30 2 *", minutes: 5}',
        3, "alerting.maintenance_windows.0.cron", "not a cron expression: Bad day-of-month",
    ),
    "flapping that ends above where it begins": (
        "alerting:\n  flapping:\n    high_percent: 20\n    low_percent: 20",
        4, "alerting.flapping.low_percent", "less than high_percent",
    ),
    "an action that leads nowhere": (
        ruled(*GOOD, "action: {recovery: prayer}"),
        7, "alerting.rules.mine.action", "no recovery 'prayer'",
    ),
    "an objective that is always met": (
        "alerting:\n  slos:\n    runs:\n      objective: 1",
        4, "alerting.slos.runs.objective", "less than 1 .found 1.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_line_and_key(tmp_path, fault):
    text, line, key, message = FAULTS[fault]
    with pytest.raises(ConfigError) as caught:
        monitoring(tmp_path, text)
    lines = str(caught.value).splitlines()
    expected = rf"configs/monitoring\.yaml:{line}: {re.escape(key)}: .*{message}"
    assert any(re.fullmatch(rf"{expected}.*", one) for one in lines), lines


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        monitoring(tmp_path, ruled("input: service", "severity: error", 'summary: "{x} {y}"', "channels: [pager]"))
    assert len(str(caught.value).splitlines()) == 3


def test_a_metric_may_have_labels_that_nobody_knows_before_it_is_sampled(tmp_path):
    made = monitoring(
        tmp_path,
        ruled("input: metric", "metric: m", "above: 1", "severity: info", 'summary: "{mount}"', "match: {mount: /}"),
    )
    assert made.alerting.rules["mine"].summary == "{mount}"


def test_a_change_of_one_key_of_a_shipped_rule_leaves_the_others(tmp_path):
    made = monitoring(tmp_path, "alerting:\n  rules:\n    high-cpu: {above: 95}")
    assert (made.alerting.rules["high-cpu"].above, made.alerting.rules["high-cpu"].for_seconds) == (95, 600)
    assert "service-down" in made.alerting.rules


def test_a_shipped_rule_can_be_switched_off(tmp_path):
    made = monitoring(tmp_path, "alerting:\n  rules:\n    low-coverage: {enabled: false}")
    assert not made.alerting.rules["low-coverage"].enabled


def test_true_and_false_of_yaml_are_the_texts_that_labels_have(tmp_path):
    made = monitoring(tmp_path, ruled(*GOOD, "match: {critical: true}"))
    assert made.alerting.rules["mine"].match == {"critical": "true"}


SHIPPED = ("service-down", "service-degraded", "check-failed", "tick-failed", "run-budget", "rule-unknown")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_summaries_that_are_shipped_can_be_filled_in(tmp_path, name):
    rule = monitoring(tmp_path, "").alerting.rules[name]
    fields = dict.fromkeys((*SUMMARY_FIELDS, *INPUT_LABELS[rule.input]), "x")
    assert render(rule.summary, fields).missing == ()


@pytest.mark.parametrize("severity", Severity)
def test_every_alert_that_is_shipped_has_a_route(tmp_path, severity):
    alerting = monitoring(tmp_path, "").alerting
    fitting = [one for one in alerting.routes if severity.rank >= one.min_severity.rank and fits(one.match, {})]
    assert "log" in fitting[0].channels
