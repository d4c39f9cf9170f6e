"""What a person decides on an item holds until a new version comes, and is written down."""

import asyncio
from dataclasses import replace

import pytest

from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.review import ReviewError, Ruling, review
from pake_pipelines.store import marks
from pake_pipelines.store.marks import Stage
from pake_pipelines_tests.chain import contents, rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

SPAM = "Click here to claim it. Limited time offer, act now, 100% free and no obligation!!! " * 3
STORY = prose(1)


def key(number):
    return pake_id("web", f"https://feed.example/{number}")


def ruling(decision, *numbers, reason=None):
    return Ruling(decision, tuple(key(number) for number in numbers), "ana", reason)


@pytest.fixture
async def kit(configure, kit_of, database, run, site):
    """A kit whose knowledge base holds a pending story, 1, and rejected spam, 2."""
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    site.pages["/feed"] = Page(rss(item(1, title="Story", text=STORY), item(2, title="You won", text=SPAM)))
    await visit(kit, database, run)
    await walk(kit, database, run)
    assert await statuses(database) == {1: "pending", 2: "rejected"}
    return kit


async def statuses(database):
    names = {key(number): number for number in (1, 2)}
    found = await rows(database, "SELECT pake_id, verification_status AS status FROM knowledge_nodes")
    return {names[row["pake_id"]]: row["status"] for row in found}


@pytest.mark.parametrize(
    ("decision", "number", "status"),
    [("approved", 1, "verified"), ("approved", 2, "verified"), ("rejected", 1, "rejected"), ("requeued", 2, "pending")],
)
async def test_a_decision_is_the_verdict_whatever_rules_say(decision, number, status, kit, database):
    (done,) = await review(kit.quality, database, ruling(decision, number, reason="I know them"))
    assert done.after.status == status
    assert (await statuses(database))[number] == status
    assert done.after.reasons[0].startswith("ana ")
    assert "I know them" in done.after.reasons[0]


async def test_automation_never_overrules_a_person(kit, kit_of, configure, database, run, site):
    await review(kit.quality, database, ruling("approved", 2))
    await review(kit.quality, database, ruling("rejected", 1))
    stricter = kit_of(configure(sources_yaml(web=site.url("/feed")), quality="spam: {max_score: 0.2}"))
    await walk(stricter, database, replace(run, run_id="run-2", everywhere=True))
    assert await statuses(database) == {1: "rejected", 2: "verified"}


async def test_a_new_version_is_judged_anew(kit, database, run, site):
    await review(kit.quality, database, ruling("rejected", 1))
    site.pages["/feed"] = Page(rss(item(1, title="Story", text=f"{STORY} More is known today."), item(2, text=SPAM)))
    again = replace(run, run_id="run-2")
    await visit(kit, database, again)
    await walk(kit, database, again)
    assert (await statuses(database))[1] == "pending"


async def test_what_is_put_back_into_the_queue_waits_for_a_person(kit, database, run):
    await review(kit.quality, database, ruling("requeued", 2))
    await walk(kit, database, replace(run, run_id="run-2", everywhere=True))
    assert (await statuses(database))[2] == "pending"


async def test_who_decided_what_when_and_why_is_written_down(kit, database):
    await review(kit.quality, database, ruling("approved", 1, 2, reason="checked by phone"))
    (event,) = await rows(database, "SELECT actor, action, subject, details FROM audit_events")
    assert (event["actor"], event["action"], event["subject"]) == ("ana", "review.approved", str(key(1)))
    assert event["details"]["reason"] == "checked by phone"
    assert event["details"]["before"] == {str(key(1)): "pending", str(key(2)): "rejected"}
    history = await rows(
        database, "SELECT old_status, new_status, changed_by, run_id FROM confidence_history WHERE changed_by = 'ana'"
    )
    assert sorted(row["old_status"] for row in history) == ["pending", "rejected"]
    assert {row["new_status"] for row in history} == {"verified"}
    assert all(row["run_id"].startswith("audit-") for row in history)


async def test_a_dry_run_tells_the_same_and_changes_nothing(kit, database):
    before = await contents(database)
    (told,) = await review(kit.quality, database, ruling("approved", 1), dry_run=True)
    assert await contents(database) == before
    (done,) = await review(kit.quality, database, ruling("approved", 1))
    assert done.after.status == told.after.status == "verified"


async def test_all_items_are_decided_on_or_none(kit, database):
    before = await contents(database)
    with pytest.raises(ReviewError) as refused:
        await review(kit.quality, database, ruling("approved", 1, 7))
    assert refused.value.items == [key(7)]
    assert await contents(database) == before


async def test_an_item_whose_newest_version_was_dropped_has_nothing_to_decide_on(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1, title="Story", text="Too short."), item(2, title="You won", text=SPAM)))
    again = replace(run, run_id="run-2")
    await visit(kit, database, again)
    await walk(kit, database, again)
    with pytest.raises(ReviewError):
        await review(kit.quality, database, ruling("approved", 1))


async def test_a_verdict_of_the_pipeline_waits_for_a_decision_under_way(kit, database, run):
    """A run that read the item before the decision must not write over it afterwards."""
    await value(database, "UPDATE stage_marks SET stale = true WHERE stage = 'knowledge_nodes'")
    entry_ids = [row["entry_id"] for row in await rows(database, "SELECT entry_id FROM knowledge_nodes")]
    async with database.transaction() as connection:
        await marks.hold(connection, Stage.KNOWLEDGE_NODES, entry_ids)
        publishing = asyncio.create_task(walk(kit, database, replace(run, run_id="run-2")))
        await asyncio.sleep(1)
        assert not publishing.done()
    await publishing
