"""The intake: bodies share transactions, and each still succeeds or fails alone, with all that belongs to it."""

import asyncio

import pytest

from pake_pipelines.model.entry import Entry, Parsed, Unparsed
from pake_pipelines.pipeline.intake import Delivery, Intake
from pake_pipelines.store import sources
from pake_pipelines.store.errors import UnstorableError
from pake_pipelines.store.fetches import NewFetch
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.chain import rows, value
from pake_pipelines_tests.conftest import NOW, TODAY

SLUGS = [f"feed-{number}" for number in range(10)]


@pytest.fixture
async def intake(database):
    async with database.transaction() as connection:
        configured = [SourceRow(slug, slug, "feed", slug, 0.5, "news", True, None) for slug in SLUGS]
        await sources.sync_sources(connection, configured)
    opened = Intake(database, "run-1", TODAY.replace(day=1))
    yield opened
    await opened.close()


def delivery(slug, *titles, letters=(), **said):
    entries = tuple(Entry(title, title, "text", "text/plain") for title in titles)
    body = NewFetch(slug, TODAY, slug, NOW, None, None, 1, f"{slug}{titles}", "path")
    return Delivery(
        slug, TODAY, slug, Parsed(entries, tuple(letters)), NOW, 100, "1", body=body, cursor={"etag": slug}, **said
    )


async def test_bodies_that_come_together_share_transactions(intake, database):
    receipts = await asyncio.gather(*(intake.take(delivery(slug, "a", "b")) for slug in SLUGS))
    assert {(one.new, one.rows) for one in receipts} == {(2, 2)}
    transactions = await value(database, "SELECT count(DISTINCT xmin::text) FROM entries")
    assert transactions < len(SLUGS)
    assert await value(database, "SELECT count(*) FROM entries") == 2 * len(SLUGS)


async def test_a_body_that_cannot_be_stored_fails_alone_and_leaves_nothing(intake, database):
    bad = delivery("feed-3", "sound", "half\x00", letters=[Unparsed("x", "bad", "detail")])
    taken = [intake.take(bad if slug == "feed-3" else delivery(slug, "a")) for slug in SLUGS]
    results = await asyncio.gather(*taken, return_exceptions=True)
    failed = {slug for slug, result in zip(SLUGS, results, strict=True) if isinstance(result, Exception)}
    assert failed == {"feed-3"}
    assert isinstance(results[3], UnstorableError)
    assert await value(database, "SELECT count(*) FROM entries") == len(SLUGS) - 1
    for table in ("raw_fetches", "items", "dead_letters"):
        assert await value(database, f"SELECT count(*) FROM {table} WHERE source = 'feed-3'") == 0
    cursors = await rows(database, "SELECT source, cursor FROM source_state")
    assert {row["source"] for row in cursors if row["cursor"]} == set(SLUGS) - {"feed-3"}


async def test_what_is_readable_now_is_no_dead_letter_any_more(intake, database):
    await intake.take(delivery("feed-0", "a", letters=[Unparsed("item 2", "bad", ""), Unparsed("item 3", "bad", "")]))
    await intake.take(delivery("feed-0", "a", "b", letters=[Unparsed("item 3", "bad", "")], clears=True))
    assert await value(database, "SELECT array_agg(key) FROM dead_letters") == ["item 3"]


async def test_a_delivery_that_is_not_to_be_remembered_moves_no_cursor(intake, database):
    await intake.take(delivery("feed-0", "a"))
    await intake.take(delivery("feed-0", "b", remembers=False))
    assert await value(database, "SELECT cursor ->> 'etag' FROM source_state WHERE source = 'feed-0'") == "feed-0"
    assert await value(database, "SELECT count(*) FROM entries") == 2
