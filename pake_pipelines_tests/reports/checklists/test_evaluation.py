"""A checklist as a document: what failed first, counts as figures, and a person's tick while it holds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.model.health import HealthStatus
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.checklists.evaluation import evaluate
from pake_pipelines.reports.checklists.items import CHECKLISTS
from pake_pipelines.reports.document import Tone, Verdict
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines_tests.reports.advice.situations import DAY, NOW, service
from pake_pipelines_tests.reports.checklists.seen import ITEMS, all_well, but, nothing, ticked

DAILY = CHECKLISTS["daily_operations_checklist"]
WEEKLY = CHECKLISTS["weekly_operations_checklist"]


def counts(document):
    return {one.name: one.value for one in document.figures}


def item(document, key):
    return next(
        one for section in document.sections for block in section.blocks for one in block.items if one.key == key
    )


def test_where_all_is_well_everything_passes():
    made = evaluate(DAILY, all_well())
    assert counts(made) == {"passed": 9, "failed": 0, "unknown": 0, "for a person": 0}
    assert made.tone is Tone.GOOD
    assert made.lead == "9 of 9 items pass."
    assert {one.todo for section in made.sections for block in section.blocks for one in block.items} == {""}


def test_where_nothing_is_known_nothing_passes():
    for checklist in CHECKLISTS.values():
        made = evaluate(checklist, nothing())
        assert counts(made)["passed"] == 0
        assert counts(made)["failed"] == 0
        assert made.tone is Tone.NOTICE
        assert "unknown, which is no pass" in made.lead


def test_what_failed_comes_first_with_what_to_do():
    seen = replace(but(services=[service(HealthStatus.UNHEALTHY)]), evaluated_at=None)
    made = evaluate(DAILY, seen)
    assert [section.key for section in made.sections] == ["fail", "unknown", "pass"]
    assert made.tone is Tone.BAD
    assert item(made, "health_status").todo.startswith("`pake health --now`")
    assert item(made, "health_status").link.href.endswith("runbooks/service-down.md")


def test_an_item_for_a_person_says_how_it_is_ticked():
    found = item(evaluate(WEEKLY, all_well()), "documentation")
    assert found.verdict is Verdict.MANUAL
    assert found.todo.endswith("Then `pake report tick weekly documentation`.")


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(timedelta(hours=1), Verdict.PASS), (8 * DAY, Verdict.PASS), (8 * DAY + timedelta(minutes=1), Verdict.MANUAL)],
    ids=["an hour", "a week", "longer than a week"],
)
def test_a_tick_holds_for_the_rhythm_and_is_the_evidence(age, verdict):
    found = item(evaluate(WEEKLY, replace(all_well(), ticks=ticked(NOW - age))), "documentation")
    assert found.verdict is verdict
    if verdict is Verdict.PASS:
        assert found.evidence == f"ticked by lea on {NOW - age:%d %b %H:%M} UTC: all of it"


def test_no_tick_makes_a_pass_of_what_is_evaluated():
    seen = replace(nothing(), ticks={key: ticked(NOW)["documentation"] for _, key in ITEMS})
    for checklist in CHECKLISTS.values():
        made = evaluate(checklist, seen)
        by_hand = sum(one.judge is None for one in checklist.items)
        assert counts(made)["passed"] == by_hand
        assert counts(made)["unknown"] == len(checklist.items) - by_hand


@pytest.mark.parametrize("checklist", CHECKLISTS.values(), ids=lambda one: one.rhythm)
def test_every_item_leads_somewhere_and_no_key_comes_twice(checklist):
    keys = [one.key for one in checklist.items]
    assert len(keys) == len(set(keys))
    for one in checklist.items:
        assert one.todo
        if one.runbook:
            assert (PACKAGE_HOME / "docs" / "runbooks" / f"{one.runbook}.md").exists()
        assert one.runbook or one.asset in REPORTS or one.judge is None


def test_there_is_a_writer_for_each_in_the_catalogue():
    assert {name for name in REPORTS if name.endswith("_checklist")} == set(CHECKLISTS)
    for name in CHECKLISTS:
        assert REPORTS[name].load()


def test_the_page_of_checklists_has_every_item_as_it_is():
    """Its commands are tried with those of all pages, in `cli/test_runbooks.py`."""
    page = (PACKAGE_HOME / "docs" / "checklists.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    items = [one for checklist in CHECKLISTS.values() for one in checklist.items]
    assert [row.split(" | ")[:3] for row in rows] == [[f"| `{one.key}`", one.says, one.todo] for one in items]
