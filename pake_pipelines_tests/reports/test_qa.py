"""What the QA report makes of what the store counted: shares, lines, days, what people overruled."""

from dataclasses import replace
from datetime import date

from pake_pipelines.reports.qa.figures import compute_statistics, daily, faults_of, reviewed, rule_lines, spread
from pake_pipelines.store.qa_findings import RuleCount, SourceFault
from pake_pipelines.store.qa_statistics import DayVerdicts, ReviewCount, Tenth
from pake_pipelines_tests.reports.qa_reports import NOBODY, NOW, totals


def test_nothing_has_no_average_and_a_quality_score_of_nought():
    found = compute_statistics(NOBODY)
    assert (found.total_items, found.avg_confidence, found.quality_score) == (0, None, 0.0)
    assert set(found.by_status.values()) == {0}


def test_the_quality_score_is_the_percentage_of_the_verified():
    found = compute_statistics(totals(verified=1, pending=1, rejected=1))
    assert found.quality_score == 33.3
    assert found.by_status == {"pending": 1, "verified": 1, "rejected": 1, "quarantined": 0, "archived": 0}


def test_rules_that_fail_most_come_first_and_what_did_not_run_is_never_ok():
    lines = rule_lines(
        [
            RuleCount("length", "ok", 9),
            RuleCount("length", "fail", 1),
            RuleCount("spam", "fail", 3),
            RuleCount("links", "skipped", 8),
            RuleCount("links", "not_configured", 1),
            RuleCount("links", "unavailable", 1),
        ],
        [],
    )
    assert [line.code for line in lines] == ["spam", "length", "links"]
    assert (lines[2].ok, lines[2].not_run, lines[2].items) == (0, 10, 10)


def test_a_source_shows_only_the_rules_it_breaks_most():
    faults = [SourceFault("a", code, items) for code, items in (("x", 3), ("y", 2), ("z", 1))]
    found = faults_of([*faults, SourceFault("b", "x", 1)], 2)
    assert {source: [one.code for one in some] for source, some in found.items()} == {"a": ["x", "y"], "b": ["x"]}


def test_each_of_the_days_has_its_place_and_days_outside_have_none():
    verdicts = [
        DayVerdicts(date(2026, 11, 20), "verified", 2),
        DayVerdicts(date(2026, 11, 22), "pending", 5),
        DayVerdicts(date(2026, 11, 1), "pending", 7),
    ]
    axis, heights = daily(verdicts, NOW.date(), 3)
    assert axis == [date(2026, 11, day) for day in (20, 21, 22)]
    assert (heights["verified"], heights["pending"]) == ([2, 0, 0], [0, 0, 5])


def test_confidence_is_spread_over_ten_tenths_for_each_status():
    heights = spread([Tenth(0.0, "rejected", 1), Tenth(0.3, "pending", 2), Tenth(0.9, "pending", 3)])
    assert heights["pending"] == [0, 0, 0, 2, 0, 0, 0, 0, 0, 3]
    assert heights["rejected"][0] == 1


def test_only_a_decision_against_what_automation_had_settled_overrules_it():
    found = reviewed(
        [
            ReviewCount("approved", "rejected", 1),
            ReviewCount("approved", "archived", 2),
            ReviewCount("rejected", "verified", 4),
            ReviewCount("requeued", "verified", 8),
            ReviewCount("rejected", "rejected", 16),
            ReviewCount("approved", "pending", 32),
            ReviewCount("rejected", "quarantined", 64),
            ReviewCount("approved", None, 128),
        ]
    )
    assert (found.overruled, found.agreed, found.left_open) == (15, 16, 224)
    assert (found.approved, found.rejected, found.requeued, found.total) == (163, 84, 8, 255)


def test_the_pass_rate_is_of_the_items_that_were_judged_and_unknown_without_any():
    assert compute_statistics(replace(totals(verified=8), judged=8, passed=6)).pass_rate == 75.0
    assert compute_statistics(totals(verified=8)).pass_rate is None
