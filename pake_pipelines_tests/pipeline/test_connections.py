"""Connections follow from what there is, whatever the order in which it came, and are settled within one run."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.pipeline import documents
from pake_pipelines.pipeline.connections import connect_items
from pake_pipelines.store import marks
from pake_pipelines.store.marks import Stage
from pake_pipelines_tests.chain import changed, contents, execute, rows, value, visit
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.store.conftest import Shelf

DEGREE, SHARED, COMMON = 3, 2, 8
LIMITS = f"connections: {{max_degree: {DEGREE}, min_shared_entities: {SHARED}, max_entity_documents: {COMMON}}}"


@dataclass(frozen=True)
class Said:
    """What one document refers to; `address` and `links` are numbers."""

    address: int = 0
    links: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    dropped: str | None = None


def url(number):
    return f"https://item.example/{number}" if number else None


@dataclass
class World:
    """Documents with references and groups of copies, put into the store past fetching and comparing."""

    kit: object
    shelf: Shelf
    run: object
    said: dict[str, Said] = field(default_factory=dict)
    groups: list[tuple[str, ...]] = field(default_factory=list)

    def document(self, entry_id, key):
        said = self.said[key]
        return Document(
            entry_id=entry_id, title=key, text=key, canonical_url=url(said.address), content_hash=content_hash(key),
            embedding_key=embedding_key(key, key), language=Language("en", 1.0), structure=Structure(),
            linguistics=Linguistics(), links=tuple(map(url, said.links)), entities=said.names, dropped=said.dropped,
        )  # fmt: skip

    async def tell(self, **said):
        """Store a new version of each key with its document."""
        self.said |= said
        await self.shelf.put(list(said))
        await self.save(*said)

    async def save(self, *keys):
        """Store the documents of the versions in force once more."""
        ids = await self.shelf.entry_ids(*keys)
        made = [self.document(entry_id, key) for entry_id, key in zip(ids, keys, strict=True)]
        async with self.shelf.database.transaction() as connection:
            await documents.save(connection, made, self.kit.quality, "1", self.run.run_id)

    async def group(self, *groups):
        """Let `groups` be all groups, the first of each canonical."""
        before, self.groups = self.groups, list(groups)
        moved = {key for group in {*before} ^ {*groups} for key in group}
        database = self.shelf.database
        await execute(database, "DELETE FROM duplicate_groups")
        for group in groups:
            ids = [self.shelf.id(key) for key in group]
            made = "INSERT INTO duplicate_groups (group_id, canonical_id, members, run_id) VALUES ($1, $2, $3, 'r')"
            await execute(database, made, min(ids), ids[0], len(ids))
            joined = "INSERT INTO duplicate_members (pake_id, group_id) SELECT unnest($1::uuid[]), $2"
            await execute(database, joined, ids, min(ids))
        async with database.transaction() as connection:
            await marks.disturb(connection, [Stage.CONNECTIONS], [self.shelf.id(key) for key in moved])

    async def connect(self):
        return await connect_items(self.kit, self.shelf.database, self.run)

    async def edges(self):
        """Return {(source, type, target): (strength, evidence)}, by keys."""
        names = {self.shelf.id(key): key for key in self.said}
        found = await rows(self.shelf.database, "SELECT * FROM node_connections")
        return {
            (names[one["source_id"]], one["connection_type"], names[one["target_id"]]): (
                round(one["strength"], 4),
                one["metadata"],
            )
            for one in found
        }

    def expected(self):
        """Return the same as it follows from all that there is, worked out without the store."""
        kept = {key: said for key, said in self.said.items() if said.dropped is None}
        group_of = {key: group for group in self.groups for key in group}
        edges = {}
        for key in kept:
            edges |= self._best(key, self._citations(key, kept, group_of))
            edges |= self._best(key, self._sharings(key, kept, group_of))
        return edges

    def _best(self, key, found):
        ordered = sorted(found, key=lambda edge: (-found[edge][0], self.shelf.id(edge[1])))
        return {(key, kind, target): found[kind, target] for kind, target in ordered[:DEGREE]}

    def _citations(self, key, kept, group_of):
        found = {}
        for link in sorted(kept[key].links, key=url):
            holders = [other for other, said in kept.items() if said.address == link]
            targets = {group_of[other][0] if other in group_of else other for other in holders}
            targets = {one for one in targets if one != key and not (key in group_of and one in group_of[key])}
            if targets:
                found.setdefault(("cites", min(targets, key=self.shelf.id)), (1.0, {"url": url(link)}))
        return found

    def _sharings(self, key, kept, group_of):
        holders = Counter(name for said in kept.values() for name in said.names)
        found = {}
        for other, said in kept.items():
            shared = sorted({*said.names} & {*kept[key].names})
            copies = key in group_of and other in group_of[key]
            if other != key and not copies and sum(holders[name] <= COMMON for name in shared) >= SHARED:
                strength = round(len(shared) / min(len(said.names), len(kept[key].names)), 4)
                found["shares_entity", other] = (strength, {"shared": shared[:10]})
        return found


@pytest.fixture
async def world(configure, kit_of, database, run):
    kit = kit_of(configure(sources_yaml(web="feed.xml"), LIMITS))
    return World(kit, await Shelf(database).open(), run)


def said_at_random(choose):
    return Said(
        address=choose.randint(0, 14),
        links=tuple(choose.sample(range(1, 15), choose.randint(0, 5))),
        names=tuple(choose.sample("abcdefghijkl", choose.randint(0, 7))),
        dropped=choose.choice([None] * 5 + ["too_short"]),
    )


def grouped_at_random(choose, world):
    """Return groups of kept items, of which some stay as they are."""
    kept = {key for key, said in world.said.items() if said.dropped is None}
    groups = [group for group in world.groups if {*group} <= kept and choose.random() < 0.7]
    free = sorted(kept - {key for group in groups for key in group})
    if len(free) >= 3:
        groups.append(tuple(choose.sample(free, choose.randint(2, 3))))
    return groups


@pytest.mark.parametrize("seed", range(6))
async def test_connections_do_not_depend_on_the_order_of_arrival_of_change_and_of_withdrawal(world, database, seed):
    choose = random.Random(seed)
    keys = [f"k{number}" for number in range(30)]
    for _ in range(8):
        await world.tell(**{key: said_at_random(choose) for key in choose.sample(keys, choose.randint(1, 12))})
        await world.group(*grouped_at_random(choose, world))
        await world.connect()
        assert await world.edges() == world.expected()
    assert {kind for _, kind, _ in world.expected()} == {"cites", "shares_entity"}
    before = await contents(database)
    assert (await world.connect()).looked_at == 0
    await world.save(*world.said)
    assert changed(before, await contents(database)) <= {"stage_marks"}


async def test_an_item_is_cited_whichever_of_the_two_came_first(world):
    await world.tell(early=Said(links=(1,)))
    await world.connect()
    await world.tell(cited=Said(address=1))
    await world.connect()
    await world.tell(late=Said(links=(1,)))
    await world.connect()
    citation = (1.0, {"url": url(1)})
    assert await world.edges() == {("early", "cites", "cited"): citation, ("late", "cites", "cited"): citation}


async def test_of_copies_the_canonical_one_is_cited_and_none_cites_another(world):
    await world.tell(one=Said(address=1), two=Said(address=1, links=(2,)), three=Said(address=2), four=Said(links=(1,)))
    await world.group(("two", "one", "three"))
    await world.connect()
    assert set(await world.edges()) == {("four", "cites", "two")}


async def test_a_name_that_becomes_common_connects_nobody_and_counts_again_when_it_is_rare(world):
    keys = [f"k{number}" for number in range(COMMON)]
    await world.tell(**{key: Said(names=("ann", "bob")) for key in keys})
    await world.connect()
    assert len(await world.edges()) == COMMON * DEGREE
    await world.tell(more=Said(names=("ann", "bob")))
    await world.connect()
    assert await world.edges() == {}
    await world.tell(more=Said(dropped="too_short"))
    await world.connect()
    assert len(await world.edges()) == COMMON * DEGREE


async def test_a_place_that_becomes_free_is_filled_in_the_same_run(world):
    others = {f"k{number}": Said(names=("ann", "bob", f"n{number}")) for number in range(DEGREE + 1)}
    await world.tell(hub=Said(names=("ann", "bob")), **others)
    await world.connect()
    first = next(target for source, _, target in await world.edges() if source == "hub")
    await world.tell(**{first: Said(dropped="too_short")})
    result = await world.connect()
    mine = {target for source, _, target in await world.edges() if source == "hub"}
    assert mine == others.keys() - {first}
    assert result.details["connections_written"] == result.details["written_by_type"]["shares_entity"] > 0


async def test_who_is_cited_anew_is_judged_anew(world, database):
    await world.tell(cited=Said(address=1))
    (entry_id,) = await world.shelf.entry_ids("cited")
    async with database.transaction() as connection:
        await marks.mark(connection, Stage.CONFIDENCE, [entry_id], "1", "r")
    await world.connect()
    stale = "SELECT stale FROM stage_marks WHERE stage = 'confidence'"
    assert await value(database, stale) is False
    await world.tell(citing=Said(links=(1,)))
    await world.connect()
    assert await value(database, stale) is True


STORY = "Erik Lindqvist told the Baltic Survey that {} {}"


async def test_links_and_names_of_real_entries_connect_them(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    linking = STORY.format(prose(2), '<a href="http://www.feed.example/1?utm_source=x">more</a>')
    site.pages["/feed"] = Page(rss(item(1, text=STORY.format(prose(1), "")), item(2, text=linking)))
    await visit(kit, database, run)
    await documents.build_documents(kit, database, run)
    result = await connect_items(kit, database, run)
    assert result.details["written_by_type"] == {"cites": 1, "shares_entity": 2}
    links = await value(database, "SELECT metadata FROM node_connections WHERE connection_type = 'cites'")
    names = await value(database, "SELECT metadata FROM node_connections WHERE connection_type = 'shares_entity'")
    assert links == {"url": "https://feed.example/1"}
    assert any("lindqvist" in name for name in names["shared"])


async def test_an_item_that_only_links_to_itself_and_elsewhere_cites_nothing(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    own, other = "https://feed.example/1/#top", "https://elsewhere.example/b?utm_medium=rss"
    site.pages["/feed"] = Page(rss(item(1, text=f'{prose(1)} <a href="{own}">here</a> <a href="{other}">there</a>')))
    await visit(kit, database, run)
    await documents.build_documents(kit, database, run)
    assert (await connect_items(kit, database, run)).details["connections_written"] == 0
    assert await rows(database, "SELECT canonical_url FROM document_links") == [
        {"canonical_url": "https://elsewhere.example/b"}
    ]
