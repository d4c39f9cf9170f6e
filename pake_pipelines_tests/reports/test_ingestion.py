"""The ingestion report: who is not asked and why, who comes next, and how that looks whatever a source says."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.reports.ingestion.report import Due, Ingested, IngestionReport, Stopped, next_due, stopped_sources
from pake_pipelines.reports.render import ingestion_html, ingestion_markdown
from pake_pipelines.store.statistics import RunVisits, Statistics, Visits
from pake_pipelines.store.visits import Hour, RunVisit
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.reports.test_render import EVIL, Page

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


def test_without_visits_there_is_no_success_rate_and_nothing_is_called_good():
    for text in (ingestion_html(report()), ingestion_markdown(report())):
        assert "no visits" in text
        assert "%" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    assert "It asked no source." in ingestion_html(report())


def test_a_run_that_passed_over_everybody_says_why():
    text = ingestion_html(report(Ingested("run-1", (), {"quiet": "not due until noon"})))
    assert "It asked no source: all that it was to read were passed over." in text
    assert "not due until noon" in text


def test_the_success_rate_is_shown_as_a_share_of_the_visits():
    assert "<b>75.0 %</b><span>of 4 visits went well</span>" in ingestion_html(full())
    assert "75.0 % went well" in ingestion_markdown(full())


@pytest.mark.parametrize("made", [report(), full()], ids=["empty", "full"])
def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(made):
    text = ingestion_html(made)
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    assert not [value for name, value in page.attributes if name == "src"]
    references = [value for name, value in page.attributes if name in {"href", "xlink:href"}]
    assert [value for value in references if not value.startswith("#")] == []


def test_a_chart_is_drawn_only_of_visits():
    assert ("class", "hours") in Page(ingestion_html(full())).attributes
    quiet = replace(full(), hours=(Hour(NOW, 0, 0, 0),) * 24)
    assert ("class", "hours") not in Page(ingestion_html(quiet)).attributes


def test_the_bars_of_the_chart_are_measured_by_the_busiest_hour():
    hours = (Hour(NOW, 3, 1, 0), Hour(NOW, 1, 0, 0))
    styles = [value for name, value in Page(ingestion_html(report(hours=hours))).attributes if name == "style"]
    assert styles == ["height: 25.0%", "height: 75.0%", "height: 0.0%", "height: 25.0%"]


def test_no_markup_of_a_source_reaches_the_page():
    page = Page(ingestion_html(full(EVIL, EVIL)))
    assert not {"script", "img"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.open == []


def test_no_error_breaks_a_table_in_markdown():
    text = ingestion_markdown(full(EVIL, EVIL))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows]
    assert cells == [9] * 5 + [4] * 6 + [6] * 3
    assert "<" not in text


def test_a_long_run_is_told_in_short_in_markdown_and_in_full_on_the_page():
    many = Ingested("run-1", tuple(visit(f"source-{number}") for number in range(60)), {})
    assert "The JSON and CSV list all of them." in ingestion_markdown(report(many))
    assert "source-59" not in ingestion_markdown(report(many))
    assert "source-59" in ingestion_html(report(many))


def test_ten_thousand_sources_make_a_page_and_a_text_of_bounded_size():
    names = [f"source-{number}" for number in range(10_000)]
    visits = tuple(RunVisit(one, "failed", 1, 0, 0, 0, 0, EVIL * 3) for one in names)
    counts = dict.fromkeys(names, Visits(1, 1, 1, 0, 0))
    made = IngestionReport(
        made_at=NOW,
        run=Ingested("run", visits, dict.fromkeys(names, EVIL)),
        window=Statistics(NOW, Visits(1, 1, 1, 0, 0), counts, ()),
        hours=(),
        stopped=tuple(Stopped(one, "resting", EVIL) for one in names),
        due=tuple(Due(one, SOON, EVIL) for one in names),
    )
    page, text = ingestion_html(made), ingestion_markdown(made)
    assert len(page.encode()) < 1_000_000
    assert "9,700 more, in the JSON and CSV" in page
    assert len(text.encode()) < 40_000
