"""A source that keeps failing comes to rest, is probed, recovers; one that is gone ends, until somebody enables it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.sources.clock import Clock
from pake_pipelines.store import sources
from pake_pipelines_tests.chain import rows, value, visit
from pake_pipelines_tests.feeds import item, rss, sources_yaml
from pake_pipelines_tests.site import Page

HOUR = timedelta(hours=1)
PATIENT = "polling: {min_minutes: 0}\n"


@pytest.fixture
def kit(configure, kit_of, site):
    return kit_of(configure(PATIENT + sources_yaml(web=site.url("/feed"))))


async def at(kit, database, run, hours, *, only_due=True):
    """Visit the source so many hours later, as a schedule would; return the visit."""
    now = run.now + hours * HOUR
    later = replace(run, run_id=f"run-{hours}", day=now.date(), now=now)
    return (await visit(kit, database, later, only_due=only_due, clock=Clock(now=lambda: now)))["web"]


async def test_after_five_failures_a_source_is_left_alone_until_its_rest_is_over(kit, database, run, site):
    for _ in range(5):
        last = await at(kit, database, run, 0)
    assert (last.outcome, last.failures_in_a_row, last.resting_until) == ("failed", 5, run.now + 2 * HOUR)
    asked = len(site.requests)
    resting = await at(kit, database, run, 1)
    assert (resting.outcome, len(site.requests)) == ("skipped", asked)
    assert "resting until" in resting.skipped_because
    assert (await at(kit, database, run, 2)).outcome == "failed"
    assert len(site.requests) == asked + 1


async def test_one_good_probe_ends_the_matter(kit, database, run, site):
    for _ in range(5):
        await at(kit, database, run, 0)
    site.pages["/feed"] = Page(rss(item(1)))
    assert (await at(kit, database, run, 3)).new == 1
    assert await value(database, "SELECT array_agg(kind ORDER BY event_id) FROM source_events") == [
        "resting",
        "recovered",
    ]
    assert (await at(kit, database, run, 40)).outcome == "unchanged"


async def test_somebody_who_asks_by_hand_probes_a_resting_source(kit, database, run, site):
    for _ in range(5):
        await at(kit, database, run, 0)
    site.pages["/feed"] = Page(rss(item(1)))
    assert (await at(kit, database, run, 1, only_due=False)).new == 1


async def test_a_source_that_is_gone_is_never_asked_again_until_it_is_enabled_by_hand(kit, database, run, site):
    site.pages["/feed"] = Page(status=410)
    first = await at(kit, database, run, 0)
    assert (first.outcome, first.error_kind) == ("failed", "gone")
    site.pages["/feed"] = Page(rss(item(1)))
    assert (await at(kit, database, run, 1, only_due=False)).outcome == "skipped"
    assert len(site.requests) == 1
    async with database.transaction() as connection:
        assert await sources.clear_rest(connection, "web")
    assert (await at(kit, database, run, 1)).new == 1
    kinds = [row["kind"] for row in await rows(database, "SELECT kind FROM source_events ORDER BY event_id")]
    assert kinds == ["gone", "enabled"]


async def test_retry_after_holds_even_for_those_who_ask_by_hand(kit, database, run, site):
    site.pages["/feed"] = Page(status=429, headers={"Retry-After": "7200"})
    assert (await at(kit, database, run, 0)).error_kind == "busy"
    asked = len(site.requests)
    again = await at(kit, database, run, 1, only_due=False)
    assert (again.outcome, len(site.requests)) == ("skipped", asked)
    assert "asked to wait until" in again.skipped_because


async def test_a_look_back_into_the_archive_is_not_stopped_by_a_rest(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1)))
    await at(kit, database, run, 0)
    site.pages["/feed"] = Page(status=410)
    await at(kit, database, run, 1)
    tomorrow = replace(run, run_id="later", now=run.now + 24 * HOUR)
    replayed = (await visit(kit, database, tomorrow))["web"]
    assert (replayed.outcome, replayed.replayed, replayed.found) == ("unchanged", True, 1)


async def test_a_quiet_source_is_asked_less_by_schedules(configure, kit_of, database, run, site):
    site.pages["/feed"] = Page(rss(item(1)), headers={"ETag": '"1"'})
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    await at(kit, database, run, 0)
    outcomes = [(await at(kit, database, run, hours)).outcome for hours in range(1, 25)]
    assert outcomes.count("unchanged") == 1
    assert outcomes[-1] == "unchanged"
    assert "about 0.1 items a day" in await value(database, "SELECT due_because FROM source_state")


async def test_a_server_that_says_how_long_its_feed_is_fresh_is_not_asked_before(
    configure, kit_of, database, run, site
):
    site.pages["/feed"] = Page(rss(*map(item, range(200))), headers={"ETag": '"1"', "Cache-Control": "max-age=18000"})
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    await at(kit, database, run, 0)
    due = await value(database, "SELECT due_at - checked_at FROM source_state")
    assert due > 4 * HOUR
