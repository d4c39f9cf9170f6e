"""The visits of a run and of each hour: every visit of the window is in exactly one hour."""

from datetime import timedelta

from pake_pipelines.store import runs, sources
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceRow
from pake_pipelines.store.statistics import statistics
from pake_pipelines.store.visits import visits_by_hour, visits_of_run
from pake_pipelines_tests.conftest import NOW, TODAY


def visit(source, ago, outcome="ok", *, run="run", new=0):
    ended = NOW - ago
    error = "bad" if outcome == "failed" else None
    return VisitRow(run, source, TODAY, ended, ended, outcome, new, new, 0, 0, 0, error)


async def record(database, *visits):
    async with database.transaction() as connection:
        rows = [SourceRow(slug, slug, "feed", slug, 0.5, "news", True, None) for slug in ("a", "b", "c")]
        await sources.sync_sources(connection, rows)
        await runs.record_visits(connection, visits)


async def hours(database, *visits):
    await record(database, *visits)
    async with database.connection() as connection:
        return await visits_by_hour(connection, NOW, 24)


async def test_only_the_visits_of_the_run_are_told_failures_first(database):
    minute = timedelta(minutes=1)
    await record(database, visit("a", minute), visit("b", minute, "failed"), visit("c", minute, run="other"))
    async with database.connection() as connection:
        found = await visits_of_run(connection, "run")
        assert [(one.source, one.outcome, one.error) for one in found] == [("b", "failed", "bad"), ("a", "ok", None)]
        assert await visits_of_run(connection, "nobody") == ()


async def test_a_quiet_day_has_24_empty_hours_oldest_first(database):
    found = await hours(database)
    assert [hour.since for hour in found] == [NOW - timedelta(hours=ago) for ago in range(24, 0, -1)]
    assert {(hour.succeeded, hour.errors, hour.processed) for hour in found} == {(0, 0, 0)}


async def test_a_visit_belongs_to_the_hour_in_which_it_ended(database):
    found = await hours(
        database,
        visit("a", timedelta(hours=25), run="before", new=50),
        visit("a", timedelta(hours=24), run="edge", new=1),
        visit("b", timedelta(minutes=90), "failed"),
        visit("c", timedelta(minutes=30), "unchanged"),
        visit("a", timedelta(hours=1), new=4),
    )
    counts = [(hour.succeeded, hour.errors, hour.processed) for hour in found]
    assert (counts[0], counts[22], counts[23]) == ((1, 0, 1), (0, 1, 0), (2, 0, 4))


async def test_all_hours_together_are_the_statistics_of_the_window(database):
    visits = [visit("a", timedelta(minutes=100 * number - 30), run=str(number), new=number) for number in range(20)]
    found = await hours(database, *visits)
    async with database.connection() as connection:
        total = (await statistics(connection, NOW - timedelta(hours=24))).total
    assert sum(hour.succeeded for hour in found) == total.succeeded
    assert sum(hour.processed for hour in found) == total.processed
