"""The ingestion report: who is not asked and why, who comes next, and how that looks whatever a source says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.reports.document import Tag, Tone
from pake_pipelines.reports.ingestion.made import made_of
from pake_pipelines.reports.ingestion.report import Due, Ingested, IngestionReport, Stopped, next_due, stopped_sources
from pake_pipelines.reports.ingestion.sections import document
from pake_pipelines.store.statistics import RunVisits, Statistics, Visits
from pake_pipelines.store.visits import Hour, RunVisit
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.reports.test_render import EVIL

SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(hours=2)


def standing(source, **said):
    quiet = {
        "enabled": True,
        "ended_because": None,
        "resting_until": None,
        "wait_until": None,
        "consecutive_failures": 0,
        "last_error": None,
        "due_at": None,
        "due_because": None,
    }
    return {"source": source, **quiet, **said}


def stopped(**said):
    return [(one.state, one.why) for one in stopped_sources([standing("a", **said)], NOW)]


def due(**said):
    return [(one.at, one.because) for one in next_due([standing("a", **said)])]


def test_a_source_that_rests_is_named_with_its_last_error():
    assert stopped(resting_until=SOON, consecutive_failures=5, last_error="it answers 500") == [
        ("resting", "until 22 Nov 13:00 UTC after 5 failures in a row, the last: it answers 500")
    ]


def test_a_source_that_has_ended_is_named_even_when_it_rests_as_well():
    assert stopped(ended_because="gone for good", resting_until=SOON) == [("ended", "gone for good")]


def test_a_server_that_asks_for_patience_is_named():
    assert stopped(wait_until=SOON) == [("waiting", "until 22 Nov 13:00 UTC, because the server asks for it")]


@pytest.mark.parametrize(
    "said", [{}, {"resting_until": NOW}, {"wait_until": NOW}, {"enabled": False} | {"wait_until": SOON}]
)
def test_a_source_that_may_be_asked_or_is_switched_off_is_not_named(said):
    assert stopped(**said) == []


def test_what_is_next_is_soonest_first():
    rows = [standing("b", due_at=LATER, due_because="b"), standing("c", due_at=SOON, due_because="c")]
    assert [one.source for one in next_due(rows)] == ["c", "b"]


def test_a_rest_or_the_servers_wish_puts_off_what_is_due():
    assert due(due_at=SOON, due_because="rhythm") == [(SOON, "rhythm")]
    assert due(due_at=SOON, due_because="rhythm", resting_until=LATER) == [(LATER, "it rests until then")]
    assert due(due_at=SOON, due_because="rhythm", wait_until=LATER) == [(LATER, "the server asks to wait until then")]


@pytest.mark.parametrize("said", [{"ended_because": "gone"}, {"enabled": False}])
def test_nothing_is_due_of_a_source_that_is_never_asked(said):
    assert due(due_at=SOON, due_because="rhythm", **said) == []


NOBODY = Ingested("run-1", (), {})
NO_VISITS = Visits(0, 0, 0, 0, 0)


def report(run=NOBODY, total=NO_VISITS, **said):
    window = Statistics(NOW - timedelta(hours=24), total, said.pop("by_source", {}), said.pop("recent_runs", ()))
    return replace(IngestionReport(NOW, run, window, (), (), ()), **said)


def visit(source="a", outcome="ok", new=2, updated=1, error=None):
    return RunVisit(source, outcome, 9, new, updated, 6, 0, error)


def full(name="a", error="it answers 500"):
    """Return a report in which every part has something, each with `name` and `error` in it."""
    visits = Visits(3, 1, 5, 2, 1)
    return report(
        Ingested("run-1", (visit(name, "failed", error=error), visit()), {name: error}),
        visits,
        by_source={name: visits},
        recent_runs=(RunVisits(name, NOW, 1, visits),),
        hours=tuple(Hour(NOW - timedelta(hours=hour), hour, 1, 2) for hour in range(24, 0, -1)),
        stopped=stopped_sources([standing(name, resting_until=SOON, last_error=error)], NOW),
        due=next_due([standing(name, due_at=SOON, due_because=error)]),
    )


def test_what_a_run_processed_and_what_failed_is_counted_over_its_visits():
    run = full().run
    assert run.processed == 6
    assert [one.source for one in run.failed] == ["a"]


def block(made, key):
    made = document(made)
    return next(one for part in made.sections for one in part.blocks if getattr(one, "key", None) == key)


def test_without_visits_there_is_no_success_rate_and_nothing_is_called_good():
    made = document(report())
    assert (made.tone, made.lead) == (Tone.UNKNOWN, "No source was read within 24 hours.")
    rate = made.figures[1]
    assert (rate.value, rate.tone, rate.note) == (None, Tone.UNKNOWN, "of 0 visits in 24 hours")
    assert Tone.GOOD not in {one.tone for one in made.figures}
    assert block(report(), "visits").empty == "It asked no source."


def test_before_the_first_run_there_is_none():
    run = document(report(Ingested("", (), {}))).sections[0]
    assert (run.blocks, run.missing) == ([], ["No run has read a source yet."])


def test_a_run_that_passed_over_everybody_says_why():
    made = report(Ingested("run-1", (), {"quiet": "not due until noon"}))
    assert block(made, "passed_over").rows == [("quiet", "not due until noon")]


def test_the_success_rate_is_shown_as_a_share_of_the_visits():
    made = document(full())
    assert (made.figures[1].value, made.figures[1].note) == (0.75, "of 4 visits in 24 hours")
    assert made.lead == "7 items from 1 source within 24 hours, 1 visit failed."
    assert made.tone is Tone.WARN


def test_every_part_is_told():
    made = full()
    assert block(made, "visits").rows[0] == ["a", Tag("failed", Tone.BAD), 2, 1, 0, 6, 9, "it answers 500"]
    assert block(made, "sources").rows == [["a", 4, 1, 0.75, 5, 2, 1]]
    assert block(made, "not_asked").rows[0][:2] == ["a", Tag("resting", Tone.WARN)]
    assert block(made, "next").rows == [[SOON, "a", "it answers 500"]]
    assert block(made, "recent_runs").rows == [[NOW, 1, 7, 1, "a"]]
    assert [layer.heights[-1] for layer in block(made, "hours").layers] == [1, 1]


def test_thousands_of_sources_make_a_page_and_a_text_of_bounded_size():
    names = [f"source-{number}" for number in range(2_000)]
    visits = tuple(RunVisit(one, "failed", 1, 0, 0, 0, 0, EVIL * 3) for one in names)
    counts = dict.fromkeys(names, Visits(1, 1, 1, 0, 0))
    made = made_of(IngestionReport(
        made_at=NOW,
        run=Ingested("run", visits, dict.fromkeys(names, EVIL)),
        window=Statistics(NOW, Visits(1, 1, 1, 0, 0), counts, ()),
        hours=(),
        stopped=tuple(Stopped(one, "resting", EVIL) for one in names),
        due=tuple(Due(one, SOON, EVIL) for one in names),
    ))  # fmt: skip
    assert len(made.html.encode()) < 1_000_000
    assert "1,700 more, in the JSON and CSV" in made.html
    assert len(made.markdown.encode()) < 40_000
    assert made.tables["visits"].count("\r\n") == 2_001
