"""Groups of duplicates over the life of their items: whoever comes, changes or goes, they follow from what is there."""

import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.dedup.fingerprint import embedding_key
from pake_pipelines.model.identity import pake_id
from pake_pipelines_tests.chain import changed, contents, rows, value
from pake_pipelines_tests.conftest import NOW, TODAY
from pake_pipelines_tests.duplicates.corpus import Item, chain, counted, edited, headline, mixed, moved_on, story

TEXT = story(1)
SPAM = (
    "CLICK HERE to order now! This limited offer is 100% free and risk-free: buy now, earn $500 and work from home! "
    "Do not miss this exclusive deal, act now, there is no obligation and a money back guarantee! Click here!!!"
)


async def signatures(library):
    return await rows(library.database, "SELECT s.xmin, s.ctid, s.* FROM signatures s ORDER BY signature_id")


async def test_a_better_duplicate_that_comes_late_becomes_canonical(library):
    await library.put(Item("early", TEXT, source="community"))
    await library.walk()
    await library.put(Item("near", edited(TEXT, 2), source="news"), Item("better", TEXT, source="academic"))
    await library.walk()
    assert await library.groups() == {"better": {"early", "near", "better"}}
    assert await library.flagged() == {"early", "near"}


@pytest.mark.parametrize(
    ("keep", "canonical"), [("oldest", "first"), ("newest", "last"), ("highest_confidence", "mid")]
)
async def test_the_policy_decides_which_duplicate_is_kept(library, kit_with, keep, canonical):
    library.kit = kit_with(f"duplicates: {{keep: {keep}}}")
    dated = {"first": ("community", 3), "mid": ("academic", 2), "last": ("news", 1)}
    items = [
        Item(key, TEXT, source=source, published=NOW - timedelta(days=age)) for key, (source, age) in dated.items()
    ]
    for one in items:
        await library.put(one)
        await library.walk()
    assert await library.groups() == {canonical: set(dated)}


async def test_a_canonical_duplicate_that_is_gone_from_its_source_hands_over(library):
    await library.put(Item("best", TEXT, source="academic"), Item("good", TEXT), Item("poor", TEXT, source="community"))
    await library.walk()
    assert await library.flagged() == {"good", "poor"}
    await library.take_away("best")
    await library.walk()
    assert await library.groups() == {"good": {"good", "poor"}}
    assert await library.flagged() == {"poor"}


async def test_a_canonical_duplicate_that_is_stopped_at_the_door_hands_over(library):
    best = Item("best", TEXT, source="academic")
    await library.put(best, Item("good", TEXT), Item("poor", TEXT, source="community"))
    await library.walk()
    await library.put(replace(best, title="A sponsored message"))
    await library.walk()
    assert await library.groups() == {"good": {"good", "poor"}}


async def test_the_last_duplicate_of_a_group_stands_alone_again(library):
    await library.put(Item("best", TEXT, source="academic"), Item("good", edited(TEXT, 2)))
    await library.walk()
    assert await library.flagged() == {"good"}
    await library.take_away("best")
    await library.walk()
    assert (await library.groups(), await library.flagged()) == ({}, set())


async def test_a_late_item_between_two_groups_of_duplicates_unites_them(library):
    left, between, right = chain(story(2), 3)
    await library.put(
        *(Item(f"left{n}", left, source="academic") for n in range(2)), *(Item(f"right{n}", right) for n in range(2))
    )
    await library.walk()
    assert sorted(map(sorted, (await library.groups()).values())) == [["left0", "left1"], ["right0", "right1"]]
    await library.put(Item("between", between, source="community"))
    await library.walk()
    assert set(map(frozenset, (await library.groups()).values())) == {
        frozenset({"left0", "left1", "right0", "right1", "between"})
    }


async def test_a_group_of_duplicates_parts_when_its_middle_changes(library):
    left, middle, right = chain(story(2), 3)
    items = [Item("left", left, source="academic"), Item("middle", middle), Item("right", right)]
    await library.put(*items)
    await library.walk()
    assert list((await library.groups()).values()) == [{"left", "middle", "right"}]
    await library.put(replace(items[1], text=story(3)))
    await library.walk()
    assert (await library.groups(), await library.flagged()) == ({}, set())


async def test_the_center_of_exact_duplicates_may_change_without_parting_the_others(library):
    items = [Item(f"copy{number}", TEXT) for number in range(6)]
    await library.put(*items)
    await library.walk()
    center = min(items, key=lambda one: pake_id(one.source, one.key))
    await library.put(replace(center, text=story(3)))
    await library.walk()
    assert list(map(len, (await library.groups()).values())) == [5]
    assert center.key not in set().union(*(await library.groups()).values())


@pytest.mark.parametrize("order", list(itertools.permutations(("52", "61", "plain"))), ids="-".join)
async def test_a_duplicate_without_facts_never_unites_two_reports_that_contradict_each_other(library, order):
    texts = {"52": counted(TEXT, 52), "61": counted(TEXT, 61), "plain": TEXT}
    for key in order:
        await library.put(Item(key, texts[key]))
        await library.walk()
    assert (await library.pairs())[frozenset({"52", "61"})][2] == "contradicted"
    (members,) = (await library.groups()).values()
    assert "plain" in members
    assert len(members) == 2


async def test_spam_is_never_the_canonical_duplicate_while_another_is_fit(library):
    text = f"{story(5, 80)} "
    spam = Item("spam", text + SPAM, title=headline(1), source="academic")
    await library.put(spam)
    await library.walk()
    await library.put(Item("fit", text, title=headline(1), source="community"))
    await library.walk()
    assert await library.groups() == {"fit": {"spam", "fit"}}
    spam_too = Item("spam too", text + SPAM, title=headline(1), source="news")
    await library.put(spam_too)
    await library.take_away("fit")
    await library.walk()
    assert await library.groups() == {"spam": {"spam", "spam too"}}, "of spam alone, the best is kept"


async def test_what_is_bound_to_be_rejected_is_never_the_canonical_duplicate(library, kit_with):
    library.kit = kit_with("verdict: {auto_reject: 0.45, auto_archive: 0.45, low_confidence_flag: 0.45}\n"
                           "duplicates: {keep: oldest}")  # fmt: skip
    await library.put(Item("rejected", TEXT, source="community", published=NOW - timedelta(days=9)))
    await library.put(Item("kept", TEXT, source="academic", published=NOW - timedelta(days=1)))
    await library.walk()
    assert await library.groups() == {"kept": {"rejected", "kept"}}


async def test_exactly_the_duplicates_that_are_not_canonical_are_flagged(library):
    await library.put(*mixed(1, yesterday=TODAY - timedelta(days=1)))
    await library.walk(day=TODAY - timedelta(days=1))
    await library.walk()
    groups = await library.groups()
    assert len(groups) > 4
    assert await library.flagged() == set().union(*groups.values()) - groups.keys()


@pytest.mark.parametrize("seed", range(4))
async def test_the_order_of_arrival_does_not_change_the_groups_of_duplicates(library, kit_with, database, run, seed):
    items = [replace(one, day=TODAY) for one in mixed(1, yesterday=TODAY)]
    await library.put(*items)
    await library.walk("documents", "embeddings", "duplicates")
    at_once, pairs = await library.groups(), await library.pairs()
    await value(database, "TRUNCATE items, duplicate_groups, signatures CASCADE")
    await value(database, "TRUNCATE signature_bands_recent, signature_bands")
    choose = random.Random(seed)
    waiting = choose.sample(items, len(items))
    while waiting:
        count = choose.randint(1, 9)
        await library.put(*waiting[:count])
        await library.walk("documents", "embeddings", "duplicates")
        del waiting[:count]
    found = await library.pairs()
    assert await library.groups() == at_once
    assert {pair: found.get(pair) for pair in pairs} == pairs
    # of equal texts, those that came before the smallest id are also paired with the smallest of their time
    assert {found[pair][1] for pair in found.keys() - pairs.keys()} <= {"same_text", "same_address"}


async def test_another_run_and_one_that_looks_everywhere_change_no_duplicate(library):
    yesterday = TODAY - timedelta(days=1)
    items = mixed(1, yesterday=yesterday)
    await library.put(*items)
    for day in (yesterday, TODAY, yesterday):
        await library.walk(day=day)
    before = await contents(library.database)
    results = await library.walk()
    assert sum(result.looked_at for result in results.values()) == 0
    assert changed(before, await contents(library.database)) == set()
    results = await library.walk("duplicates", everywhere=True)
    assert results["duplicates"].looked_at == len(items)
    after = await contents(library.database)
    assert changed(before, after) <= {"stage_marks"}, "the marks bear the run that made them"
    assert await value(library.database, "SELECT count(*) FROM stage_marks WHERE stale") == 0
    assert await value(library.database, "SELECT count(*) FROM duplicate_candidates") > len(items) / 2


async def test_changed_items_end_up_as_duplicates_of_what_they_became(library):
    items = mixed(2, yesterday=TODAY)
    await library.put(*items)
    await library.walk("documents", "embeddings", "duplicates")
    await library.put(*moved_on(items))
    await library.walk("documents", "embeddings", "duplicates")
    gone_by, pairs = await library.groups(), await library.pairs()
    await library.walk("duplicates", everywhere=True)
    assert (await library.groups(), await library.pairs()) == (gone_by, pairs)
    together = list(map(frozenset, gone_by.values()))
    assert any({"copy-0-0", "copy-1-1"} == members for members in together)
    assert any({"near-0-0", "single-0-0"} <= members for members in together)
    assert any({"near-1-2", "near-0-1"} <= members for members in together)


async def test_the_evidence_on_a_pair_of_duplicates_is_that_of_the_present_texts(library):
    one = Item("one", counted(TEXT, 52))
    await library.put(one, Item("other", counted(TEXT, 61)))
    await library.walk()
    await library.put(replace(one, text=counted(TEXT, 53)))
    await library.walk()
    (evidence,) = [row["evidence"] for row in await rows(library.database, "SELECT evidence FROM duplicate_candidates")]
    assert "53" in str(evidence["clashes"])


@pytest.mark.parametrize(
    ("quality", "members"),
    [("duplicates: {near_threshold: 0.9, content_threshold: 0.999, containment_threshold: 1.0}", 0), ("", 2)],
    ids=["stricter", "as before"],
)
async def test_a_changed_threshold_decides_on_duplicates_anew_without_signing_or_embedding(
    library, kit_with, monkeypatch, quality, members
):
    await library.put(Item("one", TEXT), Item("other", edited(TEXT, 3)))
    await library.walk()
    assert list((await library.groups()).values()) == [{"one", "other"}]
    signed, encoded = await signatures(library), library.kit.embedder.encoded
    embedder = library.kit.embedder
    library.kit = replace(kit_with(quality), embedder=embedder)
    results = await library.walk()
    assert results["duplicates"].looked_at == (0 if members else 2)
    assert sum(map(len, (await library.groups()).values())) == members
    assert len(await library.flagged()) == members // 2
    assert embedder.encoded == encoded
    assert await signatures(library) == signed


async def test_another_embedding_model_decides_on_duplicates_anew_without_signing(library, kit_with):
    await library.put(Item("one", TEXT), Item("other", edited(TEXT, 3)), Item("copy", TEXT))
    await library.walk()
    signed, grouped = await signatures(library), await library.groups()
    library.kit = kit_with()
    library.kit.embedder.model = "other words"
    results = await library.walk()
    assert results["embeddings"].looked_at == results["duplicates"].looked_at == 3
    assert library.kit.embedder.encoded == 2, "equal texts share a vector"
    assert await value(
        library.database, "SELECT count(*) FROM embeddings WHERE model = 'other words' AND embedding_key = ANY ($1)",
        [embedding_key("", TEXT), embedding_key("", edited(TEXT, 3))],
    ) == 2  # fmt: skip
    assert await signatures(library) == signed
    assert await library.groups() == grouped
