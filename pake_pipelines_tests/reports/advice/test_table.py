"""The table as a whole: order, links, bounds from the configuration, what alerts say beyond it, and its page."""

from dataclasses import replace

import pytest

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.reports.advice import ALERTS, RULES, advise, bounds_of, monitoring_bounds
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.document import Tone
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines_tests.reports.advice.situations import (
    BOUNDS,
    CONFIGS,
    alert,
    alerts,
    backup,
    fine,
    knowledge,
    load,
    service,
    situation,
)

PAGE = (PACKAGE_HOME / "docs" / "recommendations.md").read_text("utf-8")
WRONG = {
    "services": [service(HealthStatus.UNHEALTHY)],
    "hour": [load("cpu_usage_percent", 95.0)],
    "knowledge": knowledge(pending=500),
    "backups": [backup(99)],
}
FROM_ANALYTICS = {"maintenance_window_forecast", "schedule_frequencies", "run_performance"}


def test_nothing_is_recommended_where_all_is_well():
    assert advise(fine()) == ()


def test_the_gravest_comes_first_and_the_order_is_always_the_same():
    found = advise(situation(**WRONG))
    assert [one.code for one in found] == ["MON-09", "BAK-05", "MON-12", "BAK-10", "QA-27"]
    assert [one.tone for one in found] == [Tone.BAD, Tone.BAD, Tone.WARN, Tone.WARN, Tone.NOTICE]
    assert advise(situation(**WRONG)) == found


def test_with_codes_only_their_rules_speak():
    known = situation(**WRONG, alerts=alerts(alert()))
    assert [one.code for one in advise(known, {"QA-27", "MON-12"})] == ["MON-12", "QA-27"]
    assert [one.says for one in advise(known, {ALERTS})] == ["look"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_leads_to_a_runbook_or_an_asset_that_exists(rule):
    if rule.runbook is not None:
        assert (PACKAGE_HOME / "docs" / "runbooks" / f"{rule.runbook}.md").exists()
    else:
        assert rule.asset in {*REPORTS, *FROM_ANALYTICS}
    assert rule.acts
    assert rule.tone in {Tone.BAD, Tone.WARN, Tone.NOTICE}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_of_recommendations_has_every_rule_as_it_is(rule):
    leads = f"[{rule.runbook}](runbooks/{rule.runbook}.md)" if rule.runbook else f"asset `{rule.asset}`"
    assert f"| {rule.code} | {rule.says} | {rule.when} | {rule.acts} | {leads} |" in PAGE


def test_the_page_of_recommendations_has_no_rule_that_is_gone():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| code")]
    assert len(rows) == len(RULES)


def test_bounds_come_from_the_rules_and_are_gone_with_them():
    alerting = CONFIGS.monitoring.alerting
    rules = {
        **alerting.rules,
        "high-cpu": alerting.rules["high-cpu"].model_copy(update={"above": 50}),
        "high-memory": alerting.rules["high-memory"].model_copy(update={"enabled": False}),
    }
    config = CONFIGS.monitoring.model_copy(update={"alerting": alerting.model_copy(update={"rules": rules})})
    bounds = monitoring_bounds(config, CONFIGS.reports.advice)
    hour = [load("cpu_usage_percent", 60.0), load("memory_usage_percent", 99.0)]
    (found,) = advise(replace(situation(hour=hour), bounds=bounds))
    assert "50 % are allowed" in found.evidence


def test_bounds_of_upkeep_come_from_its_configuration():
    assert BOUNDS.backups.age_hours == CONFIGS.maintenance.backup.max_age_hours
    assert BOUNDS.fixed_hours["database_backup"] == 1
    assert "cache_cleanup" not in BOUNDS.fixed_hours
    assert "recovery_drill" not in BOUNDS.scheduled
    assert set(BOUNDS.channels) == {"email", "slack"}
    assert bounds_of(CONFIGS) == BOUNDS


def test_what_several_alerts_recommend_is_said_once_as_gravely_as_the_gravest():
    (found,) = advise(situation(alerts=alerts(alert(number=1), alert(severity=Severity.CRITICAL, number=2))))
    assert (found.says, found.tone, found.evidence) == ("look", Tone.BAD, "alert 1; alert 2")


def test_a_command_that_an_alert_recommends_is_what_acts():
    one = alert(says=("See to it.", "pake services status"), runbook="healing")
    (found,) = advise(situation(alerts=alerts(one)))
    assert (found.says, found.acts) == ("See to it.", "`pake services status`")
    assert found.link.href.endswith("runbooks/healing.md")
    (found,) = advise(situation(alerts=alerts(alert(says=("pake backup create",)))))
    assert found.says == "Run `pake backup create`"


def test_what_the_table_and_an_alert_say_in_the_same_words_is_said_once():
    words = CONFIGS.monitoring.alerting.rules["high-cpu"].recommendations
    told = alert(says=words, severity=Severity.CRITICAL, summary="CPU at 96 %")
    (found,) = advise(situation(hour=[load("cpu_usage_percent", 95.0)], alerts=alerts(told)))
    assert found.code == "MON-12"
    assert found.tone is Tone.BAD
    assert "CPU at 96 %" in found.evidence
    assert "95.0 %" in found.evidence


def test_a_mere_command_is_evidence_of_what_it_acts_on():
    told = alert("backup-old", Severity.ERROR, says=("pake backup create",), summary="it is 99 h old")
    found = advise(situation(backups=[backup(99)], alerts=alerts(told)))
    assert [one.code for one in found] == ["BAK-05", "BAK-10"]
    assert found[0].evidence == "the newest backup is 99 h old; 26 h are allowed; it is 99 h old"


def test_an_alert_that_recommends_nothing_adds_nothing():
    assert advise(situation(alerts=alerts(alert(says=())))) == ()
