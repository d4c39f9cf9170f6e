"""Statistics count the visits of a real window of time (ING-20), and success is that of visits, not of items."""

from datetime import timedelta

from pake_pipelines.store import runs, sources
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceRow
from pake_pipelines.store.statistics import statistics
from pake_pipelines_tests.conftest import NOW, TODAY

DAY_AGO = NOW - timedelta(hours=24)


def visit(source, hours_ago, outcome="ok", *, run="r", new=0, updated=0, letters=0):
    ended = NOW - timedelta(hours=hours_ago)
    error = "bad" if outcome == "failed" else None
    return VisitRow(
        run_id=run, source=source, day=TODAY, started_at=ended, finished_at=ended, outcome=outcome, found=new,
        new=new, updated=updated, unchanged=0, dead_letters=letters, error=error,
    )  # fmt: skip


async def after(database, *visits):
    async with database.transaction() as connection:
        rows = [SourceRow(slug, slug, "feed", slug, 0.5, "news", True, None) for slug in ("a", "b", "c")]
        await sources.sync_sources(connection, rows)
        await runs.record_visits(connection, visits)
        return await statistics(connection, DAY_AGO)


async def test_only_visits_of_the_window_count(database):
    found = await after(
        database,
        visit("a", 25, run="old", new=100),
        visit("a", 24, run="edge", new=1),
        visit("b", 1, new=2, updated=3, letters=4),
    )
    assert (found.total.processed, found.total.new, found.total.updated, found.total.dead_letters) == (6, 3, 3, 4)
    assert list(found.by_source) == ["a", "b"]
    assert found.by_source["b"].processed == 5


async def test_success_is_the_share_of_visits_that_went_well(database):
    found = await after(
        database,
        visit("a", 3, run="1", new=1000),
        visit("a", 2, "failed", run="2"),
        visit("b", 1, "unchanged", run="2"),
        visit("c", 1, "failed", run="2"),
    )
    assert (found.total.succeeded, found.total.errors, found.total.success_rate) == (2, 2, 0.5)
    assert (found.by_source["a"].success_rate, found.by_source["c"].success_rate) == (0.5, 0.0)


async def test_without_visits_there_is_no_success_rate(database):
    found = await after(database)
    assert (found.total.processed, found.total.errors, found.total.success_rate) == (0, 0, None)
    assert (found.by_source, found.recent_runs) == ({}, ())


async def test_the_newest_five_runs_are_listed_whatever_the_window(database):
    visits = [visit("a", number * 10, run=f"run-{number}", new=number) for number in range(7)]
    found = await after(database, *visits, visit("b", 0, "failed", run="run-0"))
    assert [run.run_id for run in found.recent_runs] == [f"run-{number}" for number in range(5)]
    newest = found.recent_runs[0]
    assert (newest.sources, newest.visits.succeeded, newest.visits.errors) == (2, 1, 1)
    assert newest.finished_at == NOW
