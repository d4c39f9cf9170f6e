"""Backfills from the terminal: what is said of each day."""

import pytest

from pake_pipelines.cli.backfill_api import BackfillState, DayRun, newest_of_each_day
from pake_pipelines.cli.backfill_days import what_came_of
from pake_pipelines.cli.dagster_api import Made, RunState

DAY = "2026-11-20"


def made(slug, outcome="ok", *, replayed=False, **counts):
    return Made(f"source/{slug}", counts, {"outcome": outcome, "replayed_from_archive": replayed})


def entries(**skipped):
    return Made("entries", {}, {"sources_skipped": skipped})


def came(status, *materialized, checks=None, error=None, slugs=("one", "two")):
    return what_came_of(DAY, slugs, RunState("r1", status, (), materialized, checks or {}, error))


# --- what came of a day


def test_a_day_is_done_when_every_source_was_read():
    day = came("SUCCESS", made("one", new=3, skipped=1), made("two", "unchanged", unchanged=2), entries())
    assert (day.status, day.causes) == ("done", [])
    assert [day.total(count) for count in ("new", "unchanged", "left_over")] == [3, 2, 1]


def test_a_day_with_a_source_that_failed_is_partly_done_and_names_it_with_the_cause():
    day = came("SUCCESS", made("one", new=3), entries(), checks={"source/two": "the server answers 503"})
    assert (day.status, day.causes) == ("partly done", ["two: the server answers 503"])
    assert (day.sources["one"].outcome, day.sources["two"].outcome) == ("ok", "failed")


def test_a_source_that_was_passed_over_did_not_fail_and_the_day_is_not_done():
    day = came("SUCCESS", made("one"), entries(two="the server asked to wait"), checks={"source/two": "resting"})
    assert (day.status, day.sources["two"].outcome) == ("partly done", "skipped")
    assert day.causes == ["two: the server asked to wait"]


def test_a_day_on_which_no_source_could_be_read_says_why_of_each_and_nothing_twice():
    checks = {"source/one": "404", "source/two": "503"}
    day = came("FAILURE", checks=checks, error="read_sources: no source could be read: 2 of 2 failed")
    assert (day.status, day.causes) == ("failed", ["one: 404", "two: 503"])


def test_a_day_that_failed_behind_its_sources_says_where():
    day = came("FAILURE", made("one"), made("two"), entries(), error="embeddings: out of memory")
    assert (day.status, day.causes) == ("failed", ["embeddings: out of memory"])


def test_a_day_without_a_run_has_not_started():
    day = what_came_of(DAY, ["one"], None)
    assert (day.status, day.run_id, day.sources["one"].outcome) == ("not started", None, "unread")


def test_a_source_that_replayed_its_archive_is_named():
    assert came("SUCCESS", made("one"), made("two", replayed=True), entries()).replayed == ["two"]


# --- when nothing more comes


def graphql(run_id, day, status, **tags):
    tags = {"dagster/partition": day} | {f"dagster/{name}": said for name, said in tags.items()}
    return {"runId": run_id, "status": status, "tags": [{"key": key, "value": said} for key, said in tags.items()]}


def test_the_newest_run_of_a_day_counts_and_one_that_will_be_tried_again_is_not_the_end():
    runs = [
        graphql("retry", "a", "STARTED"),
        graphql("crashed", "a", "FAILURE", will_retry="true", auto_retry_run_id="retry"),
        graphql("first", "b", "FAILURE", will_retry="true"),
    ]
    newest = newest_of_each_day(runs)
    assert newest == {"a": DayRun("retry", "STARTED"), "b": DayRun("first", "FAILURE", retried=True)}
    assert not newest["b"].over


@pytest.mark.parametrize(
    ("status", "runs", "over"),
    [
        ("REQUESTED", {}, False),
        ("REQUESTED", {"a": "SUCCESS"}, False),
        ("REQUESTED", {"a": "SUCCESS", "b": "STARTED"}, False),
        ("REQUESTED", {"a": "SUCCESS", "b": "FAILURE"}, True),
        ("CANCELED", {"a": "SUCCESS"}, True),
        ("FAILED", {}, True),
    ],
)
def test_a_backfill_is_over_with_its_last_day_or_when_dagster_ends_it(status, runs, over):
    state = BackfillState(status, None, {day: DayRun(day, one) for day, one in runs.items()})
    assert state.over(["a", "b"]) is over
