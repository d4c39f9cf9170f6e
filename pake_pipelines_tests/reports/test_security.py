"""The security report: what nobody has looked at is never clean, and good practice is held against what is."""

from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.model.alert import AlertState, Severity
from pake_pipelines.model.episode import Episode
from pake_pipelines.model.incident import Incident, IncidentSeverity, IncidentStatus
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.document import Tone, Verdict
from pake_pipelines.reports.security.figures import (
    Looked,
    Security,
    lead,
    looked,
    security_rules,
    security_updates,
    standing,
    tone,
)
from pake_pipelines.reports.security.posture import posture
from pake_pipelines.reports.security.sections import document
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines.store.security_statistics import Refusals, RefusedSource

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def ran(number, state="done", *, ago=DAY, summary="it said so", dry_run=False, **details):
    at = NOW - ago
    return TaskRun(number, "task", state, "dagster", "", dry_run, at, at, summary, details)


def look(*history):
    return looked("task", history)


def security(**given):
    nothing = Looked("task", None, None)
    return Security(
        made_at=NOW,
        visits=given.get("visits", 1),
        refusals=given.get("refusals", Refusals()),
        by_day={},
        sources=given.get("sources", ()),
        spam={},
        alerts=given.get("alerts", ()),
        incidents=given.get("incidents", ()),
        unjudged=given.get("unjudged"),
        audit=given.get("audit", nothing),
        scan=given.get("scan", nothing),
        updates=given.get("updates", nothing),
        backups=given.get("backups", ()),
        target=given.get("target"),
        host=given.get("host", "127.0.0.1"),
        port=3000,
        recommendations=(),
    )


CLEAN = {"audit": look(ran(1, errors=0)), "scan": look(ran(2, total_vulnerabilities=0))}


@pytest.mark.parametrize(
    ("history", "faults", "word", "found"),
    [
        ((), None, "never looked", Tone.UNKNOWN),
        ((ran(1, "unavailable"),), None, "unavailable", Tone.UNKNOWN),
        ((ran(1),), 0, "clean", Tone.GOOD),
        ((ran(1, "failed"),), 3, "3 found", Tone.BAD),
        ((ran(1, ago=9 * DAY),), 0, "too old", Tone.UNKNOWN),
        ((ran(1, ago=9 * DAY),), 3, "too old", Tone.BAD),
        ((ran(2, "unavailable"), ran(1)), 0, "unavailable", Tone.UNKNOWN),
        ((ran(2, "unavailable"), ran(1, "failed")), 3, "unavailable", Tone.BAD),
        ((ran(2, "abandoned"), ran(1)), 0, "abandoned", Tone.UNKNOWN),
        ((ran(2, dry_run=True), ran(1)), 0, "clean", Tone.GOOD),
        ((ran(1),), None, "unknown", Tone.UNKNOWN),
    ],
    ids=[
        "never", "could-not", "clean", "found", "old", "old-and-found", "could-not-now", "could-not-now-and-found",
        "cut", "dry", "uncounted",
    ],
)  # fmt: skip
def test_what_could_not_be_looked_at_or_was_long_ago_is_not_clean(history, faults, word, found):
    tag, _ = standing(look(*history), faults, NOW)
    assert (tag.text, tag.tone) == (word, found)


def test_an_older_look_is_told_with_its_age():
    found = look(ran(2, "unavailable", summary="nobody answers"), ran(1, ago=6 * DAY, summary="none known"))
    assert standing(found, 0, NOW)[1] == "nobody answers; when it could last look, 6 days ago: none known"


def test_everything_looked_at_and_nothing_found_is_good():
    assert tone(security(**CLEAN)) is Tone.GOOD
    assert lead(security(**CLEAN)) == "Nothing was found in 7 days."
    assert document(security(**CLEAN)).missing == []


def test_nothing_looked_at_is_not_known_and_says_so():
    assert tone(security()) is Tone.UNKNOWN
    assert lead(security()).endswith("not known: whether dependencies are clean, whether the configuration is clean.")
    assert len(document(security()).missing) == 2


def test_alert_rules_that_nobody_judges_make_nothing_good():
    made = security(**CLEAN, unjudged="Alert rules were never judged here")
    assert tone(made) is Tone.UNKNOWN
    assert lead(made).endswith("not known: whether an alert should fire.")
    assert document(made).missing == ["Alert rules were never judged here."]
    assert {one.tone for one in document(made).figures if one.name in {"Critical events", "Open incidents"}} == {
        Tone.PLAIN
    }


def incident(severity=IncidentSeverity.HIGH, *, opened=DAY, resolved=None):
    over = None if resolved is None else NOW - resolved
    return Incident("i", None, "a", severity, IncidentStatus.OPEN, None, 60, None, NOW - opened, resolved_at=over)


def alert(severity=Severity.ERROR, *, fired=DAY):
    at = NOW - fired
    return Episode("a", "f", "r", severity, {}, AlertState.FIRING, "as it is", at, NOW, fired_at=at)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"incidents": (incident(),)}, "1 incident is open."),
        ({"alerts": (alert(),)}, "1 alert fires."),
        ({"audit": look(ran(1, "failed", errors=1))}, "1 fault in the configuration."),
        ({"scan": look(ran(1, "failed", total_vulnerabilities=2))}, "2 known vulnerabilities."),
        ({"host": "0.0.0.0"}, "Dagster's pages can be reached from other machines."),  # the fault
    ],
    ids=["incident", "alert", "audit", "scan", "host"],
)
def test_what_is_open_is_bad_whatever_else_is_good_and_the_first_sentence_says_so(given, said):
    made = security(**{**CLEAN, **given})
    assert (tone(made), lead(made)) == (Tone.BAD, said)


def test_events_are_those_of_the_window_and_critical_ones_those_that_are_critical():
    found = security(
        refusals=Refusals(3, 2),
        alerts=(alert(Severity.CRITICAL), alert(Severity.CRITICAL, fired=9 * DAY)),
        incidents=(incident(IncidentSeverity.CRITICAL), incident(opened=20 * DAY), incident(resolved=timedelta(0))),
    )
    assert (found.events(), found.critical_events(), len(found.open_incidents)) == (8, 2, 2)


def test_rules_about_security_are_told_by_what_they_measure(tmp_path):
    rules = load_monitoring(tmp_path).alerting.rules
    found = security_rules(rules)
    assert "vulnerabilities" in found
    assert not {"high-cpu", "service-down"} & found


def item(made, key):
    return next(one for one in posture(made) if one.key == key)


def backup(*, encrypted, removed=None):
    return BackupRow("b", "t", NOW, "", 1, 1.0, encrypted, "0007", ProofState.PROVEN, NOW, 1.0, "", removed)


@pytest.mark.parametrize(
    ("backups", "target", "verdict"),
    [
        ((), None, Verdict.UNKNOWN),
        ((backup(encrypted=False, removed=NOW),), "s3://bucket", Verdict.UNKNOWN),
        ((backup(encrypted=False),), None, Verdict.PASS),
        ((backup(encrypted=False),), "s3://bucket", Verdict.FAIL),
        ((backup(encrypted=True),), "s3://bucket", Verdict.PASS),
    ],
    ids=["none", "removed", "here", "elsewhere", "encrypted"],
)
def test_a_backup_that_leaves_this_machine_must_be_encrypted(backups, target, verdict):
    assert item(security(backups=backups, target=target), "backups").verdict is verdict


def test_files_that_others_may_read_are_those_that_the_audit_found():
    findings = [{"rule": "open-file", "where": "x"}, {"rule": "placeholder", "where": "y"}]
    made = security(audit=look(ran(1, "failed", errors=2, findings=findings)))
    assert (item(made, "files").verdict, item(made, "files").evidence) == (Verdict.FAIL, "1 file is open to others")
    assert item(security(**CLEAN), "files").verdict is Verdict.PASS
    assert item(security(), "files").verdict is Verdict.UNKNOWN


def test_updates_that_no_manager_tells_apart_are_not_known():
    told = look(ran(1, managers=[{"security": 2}, {"security": 1}]))
    assert security_updates(told) == 3
    assert security_updates(look(ran(1, managers=[{"security": 2}, {"security": "unknown"}]))) is None
    assert item(security(updates=look(ran(1, managers=[]))), "updates").verdict is Verdict.UNKNOWN


def test_what_only_a_person_can_answer_is_said_so():
    assert {one.key for one in posture(security()) if one.verdict is Verdict.MANUAL} == {"audit_log", "access"}


def test_refused_logins_are_counted_also_where_not_every_source_is_listed():
    sources = [RefusedSource(f"mail-{n}", 1, 0, NOW, "") for n in range(5)]
    made = security(**CLEAN, refusals=Refusals(10_000, 0), sources=sources)
    assert (tone(made), lead(made)) == (Tone.WARN, "10,000 refused logins.")
    found = item(made, "logins")
    assert (found.verdict, found.evidence) == (Verdict.FAIL, "10000 in 7 days: mail-0; mail-1; mail-2; and 2 more")


def test_where_no_source_was_read_nobody_knows_whether_one_would_refuse():
    assert item(security(visits=0), "logins").verdict is Verdict.UNKNOWN
    assert item(security(visits=1), "logins").verdict is Verdict.PASS
