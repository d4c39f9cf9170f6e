"""What a person rules outranks every comparison, can be taken back, and is written down."""

from dataclasses import replace

import pytest

from pake_pipelines.model.comparison import Group
from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.rulings import RulingError, Wish, parted, rule
from pake_pipelines.store import groups
from pake_pipelines_tests.chain import contents, rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

STORY = "Seen near the river"
MARSH = (
    "Volunteers spent last weekend walking along dykes between Emden harbour plus Leer, writing down every grey heron "
    "they noticed on mudflats, meadows, ditches or flooded fields. Organisers said cold wind kept several species "
    "inland, yet visibility stayed excellent until dusk. Results will feed a national atlas due next spring."
)
BAKERS = "Bakers across Normandy now mill heritage wheat themselves, because customers ask for bread with less gluten."
ENGINES = (
    "Rocket engines burning methane passed vibration trials yesterday; engineers expect certification before spring."
)


def key(number):
    return pake_id("web", f"https://feed.example/{number}")


def wish(action, *numbers, reason=None):
    return Wish(action, tuple(key(number) for number in numbers), "ana", reason)


@pytest.fixture
async def four_copies(configure, kit_of, database, run, site):
    """A kit whose knowledge base holds items 1 to 4 with one text, and 5 and 6 with texts of their own."""
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    copies = [item(number, title=STORY, text=prose(1)) for number in range(1, 5)]
    site.pages["/feed"] = Page(rss(*copies, *others()))
    await visit(kit, database, run)
    await walk(kit, database, run)
    assert await grouped(database) == [{1, 2, 3, 4}]
    return kit


def others():
    return item(5, title="Heritage wheat", text=BAKERS), item(6, title="Methane", text=ENGINES)


async def grouped(database):
    names = {key(number): number for number in range(1, 10)}
    found = {}
    for row in await rows(database, "SELECT group_id, pake_id FROM duplicate_members"):
        found.setdefault(row["group_id"], set()).add(names[row["pake_id"]])
    return sorted(found.values(), key=min)


async def ruled(database, kit, wished, **options):
    return await rule(kit, database, wished, **options)


async def again(database, kit, run, name="run-2"):
    """Compare everything anew, as a weekly deep scan does."""
    return await walk(kit, database, replace(run, run_id=name, everywhere=True))


async def test_a_split_item_leaves_its_group_and_stays_out_when_everything_is_compared_anew(four_copies, database, run):
    outcome = await ruled(database, four_copies, wish("split", 2))
    assert {frozenset(pair) for pair in outcome.pairs} == {frozenset((key(2), key(n))) for n in (1, 3, 4)}
    assert await grouped(database) == [{1, 3, 4}]
    await again(database, four_copies, run)
    assert await grouped(database) == [{1, 3, 4}]


async def test_the_next_run_brings_verdicts_and_connections_in_line_with_a_split(four_copies, database, run):
    flagged = "SELECT metadata ->> 'flagged' FROM knowledge_nodes WHERE pake_id = $1"
    edges = (
        "SELECT count(*) FROM node_connections WHERE connection_type = 'duplicate_of' AND $1 IN (source_id, target_id)"
    )
    (group,) = await rows(database, "SELECT canonical_id FROM duplicate_groups")
    copy = next(number for number in range(1, 5) if key(number) != group["canonical_id"])
    assert await value(database, flagged, key(copy)) == "potential_duplicate"
    await ruled(database, four_copies, wish("split", copy))
    await walk(four_copies, database, replace(run, run_id="run-2"))
    assert await value(database, flagged, key(copy)) is None
    assert await value(database, edges, key(copy)) == 0


async def test_items_that_leave_together_stay_together_as_far_as_comparing_them_says(four_copies, database, run):
    await ruled(database, four_copies, wish("split", 3, 4))
    await again(database, four_copies, run)
    assert await grouped(database) == [{1, 2}, {3, 4}]


@pytest.mark.parametrize("number", range(1, 5))
async def test_whoever_leaves_the_others_stay_one_group(four_copies, database, run, number):
    await ruled(database, four_copies, wish("split", number))
    assert await grouped(database) == [{1, 2, 3, 4} - {number}]
    await again(database, four_copies, run)
    assert await grouped(database) == [{1, 2, 3, 4} - {number}]


async def test_naming_a_whole_group_leaves_each_alone(four_copies, database, run):
    await ruled(database, four_copies, wish("split", 1, 2, 3, 4))
    await again(database, four_copies, run)
    assert await grouped(database) == []


async def test_a_merge_undoes_a_split(four_copies, database, run):
    await ruled(database, four_copies, wish("split", 2))
    outcome = await ruled(database, four_copies, wish("merge", 2, 1))
    assert {(one.a, one.b) for one in outcome.lifted} == {tuple(sorted((key(2), key(other)))) for other in (1, 3, 4)}
    assert await grouped(database) == [{1, 2, 3, 4}]
    await again(database, four_copies, run)
    assert await grouped(database) == [{1, 2, 3, 4}]


async def test_a_merge_unites_what_no_comparison_would_and_a_split_undoes_it(four_copies, database, run):
    await ruled(database, four_copies, wish("merge", 5, 6))
    await again(database, four_copies, run)
    assert await grouped(database) == [{1, 2, 3, 4}, {5, 6}]
    await ruled(database, four_copies, wish("merge", 5, 1))
    assert await grouped(database) == [{1, 2, 3, 4, 5, 6}]
    await ruled(database, four_copies, wish("split", 5, 6))
    await again(database, four_copies, run, "run-3")
    assert await grouped(database) == [{1, 2, 3, 4}, {5, 6}]


async def test_a_ruling_outlives_a_new_version_of_the_item(four_copies, database, run, site):
    await ruled(database, four_copies, wish("split", 2))
    copies = [item(number, title=STORY, text=prose(1)) for number in (1, 3, 4)]
    site.pages["/feed"] = Page(rss(item(2, title=STORY, text=prose(1) + " Corrected."), *copies, *others()))
    later = replace(run, run_id="run-2")
    visits = await visit(four_copies, database, later)
    assert visits["web"].updated == 1
    await walk(four_copies, database, later)
    assert await grouped(database) == [{1, 3, 4}]


async def test_a_merge_says_who_did_not_come_along_and_what_contradicts(four_copies, database, run, site):
    counted = [
        item(number, title="Counted", text=f"{MARSH} {told}")
        for number, told in ((7, "In all 51 herons were counted."), (8, "In all 93 herons were counted."), (9, ""))
    ]
    site.pages["/feed"] = Page(rss(*counted))
    later = replace(run, run_id="run-2")
    await visit(four_copies, database, later)
    await walk(four_copies, database, later)
    found = await grouped(database)
    inside, outside = (7, 8) if {7, 9} in found else (8, 7)
    assert found == [{1, 2, 3, 4}, {inside, 9}]

    outcome = await ruled(database, four_copies, wish("merge", 9, outside))
    assert outcome.left == (key(inside),)
    assert [{pair.a, pair.b} for pair in outcome.because] == [{key(7), key(8)}]
    assert await grouped(database) == [{1, 2, 3, 4}, {outside, 9}]
    outcome = await ruled(database, four_copies, wish("merge", 7, 8, 9))
    assert outcome.left == ()
    assert await grouped(database) == [{1, 2, 3, 4}, {7, 8, 9}]


async def test_who_ruled_what_when_and_why_is_written_down_with_the_groups_before_and_after(four_copies, database):
    await ruled(database, four_copies, wish("split", 2, reason="another story"))
    (event,) = await rows(database, "TABLE audit_events")
    assert (event["actor"], event["action"], event["subject"]) == ("ana", "duplicates.split", str(key(2)))
    details = event["details"]
    assert details["reason"] == "another story"
    assert [len(one["members"]) for one in details["before"]] == [4]
    assert [len(one["members"]) for one in details["after"]] == [3]
    assert await value(database, "SELECT array_agg(DISTINCT event_id) FROM duplicate_rulings") == [event["event_id"]]


async def test_a_dry_run_tells_the_same_and_changes_nothing(four_copies, database):
    before = await contents(database)
    tried = await ruled(database, four_copies, wish("split", 2), dry_run=True)
    assert await contents(database) == before
    done = await ruled(database, four_copies, wish("split", 2))
    assert (tried.pairs, tried.changed) == (done.pairs, done.changed)
    assert [one.members for one in tried.after] == [one.members for one in done.after]


async def test_what_fails_while_regrouping_leaves_neither_ruling_nor_audit(four_copies, database, monkeypatch):
    async def fails(*_):
        raise RuntimeError("the power went")

    before = await contents(database)
    monkeypatch.setattr(groups, "replace_groups", fails)
    with pytest.raises(RuntimeError):
        await ruled(database, four_copies, wish("split", 2))
    assert await contents(database) == before


@pytest.mark.parametrize(
    ("action", "numbers", "said"),
    [
        ("split", (5,), "in no group"),
        ("split", (1, 5), "in no group"),
        ("merge", (1,), "two different items"),
    ],
    ids=["split-alone", "split-one-alone", "merge-one"],
)
async def test_what_cannot_be_is_refused_and_leaves_no_trace(four_copies, database, action, numbers, said):
    before = await contents(database)
    with pytest.raises(RulingError, match=said):
        await ruled(database, four_copies, wish(action, *numbers))
    assert await contents(database) == before


async def test_an_item_that_was_dropped_at_the_door_cannot_be_merged(four_copies, database, run, site):
    site.pages["/feed"] = Page(rss(item(5, text="Removed.")))
    later = replace(run, run_id="run-2")
    await visit(four_copies, database, later)
    await walk(four_copies, database, later)
    with pytest.raises(RulingError, match="dropped at the door") as refused:
        await ruled(database, four_copies, wish("merge", 1, 5))
    assert refused.value.items == [key(5)]


def test_a_split_of_one_of_a_thousand_copies_rules_once_for_each_of_the_others():
    members = tuple(sorted(key(number) for number in range(1000)))
    assert len(parted([members[7]], [Group(members[0], members[0], members)])) == 999
