"""Checked links in the store: what is due and in which order, who may ask, and who is judged again."""

import asyncio
from datetime import timedelta

import pytest

from pake_pipelines.model.link import CheckedLink, LinkCheck
from pake_pipelines.store import link_checks, link_views, marks
from pake_pipelines.store.marks import Stage
from pake_pipelines_tests.chain import execute, rows
from pake_pipelines_tests.conftest import NOW, TODAY

HOUR = timedelta(hours=1)
YESTERDAY = TODAY - timedelta(days=1)


def check(url, state="working", *, failures=0, expires=HOUR, detail="as it is"):
    return LinkCheck(url, state, 200 if state == "working" else None, detail, failures, NOW, NOW + expires)


class Links:
    """Items that link somewhere; each item is judged."""

    def __init__(self, shelf):
        self.shelf = shelf
        self.database = shelf.database

    async def item(self, key, *urls, day=TODAY, dropped=None):
        await self.shelf.put([key], day=day)
        await self.shelf.write({key: f"text of {key}"}, dropped=dropped)
        (entry_id,) = await self.shelf.entry_ids(key)
        await execute(self.database, "UPDATE documents SET hrefs = $2 WHERE entry_id = $1", entry_id, list(urls))
        await self.judge(entry_id)
        return entry_id

    async def judge(self, *entry_ids):
        async with self.database.transaction() as connection:
            await marks.mark(connection, Stage.CONFIDENCE, entry_ids, "1", "run-1")

    async def queued(self):
        found = await rows(
            self.database,
            "SELECT e.key FROM stage_marks m JOIN entries v USING (entry_id) JOIN items e USING (pake_id)"
            " WHERE m.stage = 'confidence' AND m.stale ORDER BY 1",
        )
        return [row["key"] for row in found]

    async def save(self, *checks):
        async with self.database.transaction() as connection:
            changed = await link_checks.save_checks(connection, checks, "run-1")
            await link_checks.disturb_linking(connection, changed, 20)
        return changed

    async def due(self, *, now=NOW, day=None, most=20):
        async with self.database.transaction() as connection:
            return [url async for url, _ in link_checks.due(connection, now, most, day)]

    async def claim(self, *urls, now=NOW, minutes=5):
        async with self.database.transaction() as connection:
            return await link_checks.claim(connection, urls, now, now + timedelta(minutes=minutes), "run-1")


@pytest.fixture
def links(shelf):
    return Links(shelf)


async def test_what_was_never_asked_comes_first_and_of_that_the_newest_items(links):
    await links.item("a", "https://old.org", "https://expired.org")
    await links.item("b", "https://long-expired.org", "https://fresh.org")
    await links.item("c", "https://new.org", "https://old.org/2")
    await links.save(
        check("https://fresh.org"),
        check("https://expired.org", expires=-HOUR),
        check("https://long-expired.org", expires=-9 * HOUR),
    )
    assert await links.due() == [
        "https://new.org", "https://old.org/2", "https://old.org", "https://long-expired.org", "https://expired.org",
    ]  # fmt: skip


async def test_only_items_in_force_that_were_kept_want_their_links_asked(links):
    await links.item("a", "https://kept.org")
    await links.item("b", "https://dropped.org", dropped="too_short")
    await links.item("c", "https://of-an-old-version.org")
    await links.item("c", "https://of-the-new-version.org")
    assert set(await links.due()) == {"https://kept.org", "https://of-the-new-version.org"}


async def test_a_day_asks_for_its_own_items_and_only_for_their_first_links(links):
    await links.item("a", "https://today.org/1", "https://today.org/2", "https://today.org/3")
    await links.item("b", "https://yesterday.org", day=YESTERDAY)
    assert set(await links.due(day=TODAY, most=2)) == {"https://today.org/1", "https://today.org/2"}
    assert await links.due(day=YESTERDAY) == ["https://yesterday.org"]
    async with links.database.connection() as connection:
        assert await link_checks.count_due(connection, NOW, 2, None) == 3


async def test_an_item_shows_as_many_links_as_are_asked_and_those_never_told_of_as_unknown(links):
    entry_id = await links.item("a", "https://a.org/1", "https://a.org/2", "https://a.org/3")
    await links.save(check("https://a.org/1", "broken", failures=1, detail="404 Not Found"))
    await links.claim("https://a.org/2")
    async with links.database.connection() as connection:
        shown = await link_checks.links_of(connection, [entry_id], 2)
    assert shown == {
        entry_id: [
            CheckedLink("https://a.org/1", "broken", "404 Not Found"),
            CheckedLink("https://a.org/2", "unknown", "not checked yet"),
        ]
    }


async def test_two_runs_never_have_the_same_address(links):
    await links.item("a", "https://a.org/1", "https://a.org/2")
    assert await links.claim("https://a.org/2", "https://a.org/1") == {"https://a.org/1", "https://a.org/2"}
    assert await links.claim("https://a.org/1", "https://a.org/3") == {"https://a.org/3"}
    assert await links.due() == []


async def test_the_claim_of_a_run_that_died_ends_by_itself(links):
    await links.item("a", "https://a.org/1")
    await links.claim("https://a.org/1", minutes=5)
    assert await links.due(now=NOW + timedelta(minutes=4)) == []
    assert await links.due(now=NOW + timedelta(minutes=5)) == ["https://a.org/1"]


async def test_what_is_released_is_due_again_and_stands_as_before(links):
    await links.item("a", "https://a.org/1", "https://a.org/2", "https://a.org/3")
    await links.save(check("https://a.org/1", expires=-HOUR))
    await links.claim("https://a.org/1", "https://a.org/2", "https://a.org/3")
    await links.save(check("https://a.org/3"))
    urls = [f"https://a.org/{n}" for n in (1, 2, 3)]
    async with links.database.transaction() as connection:
        await link_checks.release(connection, urls, NOW, NOW + timedelta(minutes=5))
    assert await links.due() == ["https://a.org/2", "https://a.org/1"]
    async with links.database.connection() as connection:
        held = await link_checks.checks_of(connection, urls)
    assert {url: one.state for url, one in held.items()} == {"https://a.org/1": "working", "https://a.org/3": "working"}


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        (None, check("https://a.org"), True),
        (None, check("https://a.org", "unknown", failures=1), True),
        (check("https://a.org"), check("https://a.org", "broken", failures=1), True),
        (check("https://a.org", "unknown", failures=1), check("https://a.org"), True),
        (check("https://a.org"), check("https://a.org", detail="otherwise"), False),
        (check("https://a.org", "unknown", failures=1), check("https://a.org", "unknown", failures=2), False),
        (
            check("https://a.org", "unknown", failures=1),
            check("https://a.org", "unknown", failures=2, detail="x"),
            True,
        ),
    ],
)
async def test_items_are_judged_again_by_what_they_are_judged_by(before, after, news, links):
    entry_id = await links.item("a", "https://a.org")
    if before:
        await links.save(before)
        await links.judge(entry_id)
    assert await links.save(after) == (["https://a.org"] if news else [])
    assert await links.queued() == (["a"] if news else [])


async def test_exactly_those_who_link_there_among_their_first_links_are_judged_again(links):
    far = [f"https://far.org/{n}" for n in range(20)]
    await links.item("a", "https://x.org", "https://y.org")
    await links.item("b", "https://x.org/other")
    await links.item("c", "https://z.org", "https://x.org", day=YESTERDAY)
    await links.item("d", *far, "https://x.org")
    await links.item("e", "https://x.org", dropped="too_short")
    await links.item("f")
    await links.save(check("https://x.org", "broken", failures=1))
    assert await links.queued() == ["a", "c"]


@pytest.mark.parametrize("waits", [False, True])
async def test_news_that_come_while_an_item_is_judged_ask_for_another_turn(waits, links):
    entry_id = await links.item("a", "https://x.org")
    await execute(links.database, "UPDATE stage_marks SET stale = $1 WHERE stage = 'confidence'", waits)
    async with links.database.transaction() as connection:
        await marks.hold(connection, Stage.CONFIDENCE, [entry_id])
        saving = asyncio.create_task(links.save(check("https://x.org", "broken", failures=1)))
        await asyncio.sleep(0.2)
        assert not saving.done()
        await marks.mark(connection, Stage.CONFIDENCE, [entry_id], "1", "run-2")
    await saving
    assert await links.queued() == ["a"]


async def test_only_addresses_that_some_item_links_to_are_told_to_be_linked(links):
    await links.item("a", "https://a.org/1", "https://a.org/2", "https://a.org/3")
    async with links.database.connection() as connection:
        found = await link_checks.linked(connection, ["https://a.org/1", "https://a.org/3", "https://b.org"], 2)
    assert found == {"https://a.org/1"}


async def test_a_day_says_how_its_links_stand(links):
    await links.item("a", "https://a.org/1", "https://a.org/2", "https://a.org/3")
    await links.item("b", "https://a.org/1", "https://a.org/4")
    await links.item("c", "https://a.org/5", day=YESTERDAY)
    await links.save(
        check("https://a.org/1", "broken", failures=1),
        check("https://a.org/2"),
        check("https://a.org/3", "skipped"),
        check("https://a.org/5", "broken", failures=1),
    )
    async with links.database.connection() as connection:
        day = await link_views.links_of_day(connection, TODAY, 20)
    assert (dict(day.states), day.told) == ({"broken": 1, "working": 1, "skipped": 1, "unknown": 1}, 3)
    assert (day.total, day.broken_share) == (4, 0.5)
    assert [url for url, _ in day.broken] == ["https://a.org/1"]


async def test_a_day_without_links_has_none_broken(links):
    await links.item("a")
    async with links.database.connection() as connection:
        day = await link_views.links_of_day(connection, TODAY, 20)
    assert (day.total, day.broken_share, list(day.broken)) == (0, 0.0, [])


async def test_the_list_shows_the_worst_first_with_how_many_items_link_there(links):
    await links.item("a", "https://a.org/1", "https://a.org/2")
    await links.item("b", "https://a.org/2", "https://a.org/3")
    await links.save(check("https://a.org/2", "broken", failures=3), check("https://a.org/1"))
    async with links.database.connection() as connection:
        found = await link_views.list_links(connection, 20, state=None, source=None, limit=10)
        broken = await link_views.list_links(connection, 20, state="broken", source="s", limit=10)
        nobodys = await link_views.list_links(connection, 20, state=None, source="other", limit=10)
    assert [(one.url, one.state, one.items) for one in found] == [
        ("https://a.org/2", "broken", 2), ("https://a.org/3", "unknown", 1), ("https://a.org/1", "working", 1),
    ]  # fmt: skip
    assert found[1].checked_at is None
    assert (found[0].checked_at, found[0].next_check_at, found[0].failures) == (NOW, NOW + HOUR, 3)
    assert [one.url for one in broken] == ["https://a.org/2"]
    assert nobodys == []
