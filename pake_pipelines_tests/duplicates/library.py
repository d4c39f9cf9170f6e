"""A library: items put into the store as its sources say them, and what the store makes of them."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.chain import STAGES
from pake_pipelines.store import entries, fetches, marks, sources
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.chain import rows
from pake_pipelines_tests.conftest import NOW

# sources by how far they are trusted: that alone decides which of equal texts has the highest confidence
_AUTHORITY = {"academic": 0.9, "news": 0.6, "community": 0.3}


class Library:
    """A kit and a database with three sources, whose items are named by their keys."""

    def __init__(self, kit, database, run):
        """Work as `run` and its successors."""
        self.kit = kit
        self.database = database
        self.run = run
        self._deliveries = 0
        self._keys = {}

    async def open(self):
        """Make the sources known."""
        made = [SourceRow(name, name, "feed", name, trust, "test", True, None) for name, trust in _AUTHORITY.items()]
        async with self.database.transaction() as connection:
            await sources.sync_sources(connection, made)
        return self

    async def put(self, *items):
        """Store a version of each of `items`, new or not."""
        groups = defaultdict(list)
        for one in items:
            groups[one.source, one.day].append(one)
            self._keys[pake_id(one.source, one.key)] = one.key
        for (source, day), some in groups.items():
            await self._deliver(source, day, some)

    async def _deliver(self, source, day, items):
        self._deliveries += 1
        name = str(self._deliveries)
        fetched = fetches.NewFetch(
            source, day, name, NOW + timedelta(seconds=self._deliveries), None, None, 1, name, "p"
        )
        async with self.database.transaction() as connection:
            (fetch_id,) = await fetches.save_fetches(connection, [fetched], self.run.run_id)
            known = await entries.current_versions(connection, [(source, one.key) for one in items])
            made = [
                entries.NewVersion(
                    source,
                    pake_id(source, one.key),
                    known[source, one.key].version + 1 if (source, one.key) in known else 1,
                    day,
                    fetch_id,
                    Entry(one.key, one.title, one.text, "text/plain", url=one.url, published_at=one.published),
                )
                for one in items
            ]
            await entries.save_entries(connection, made, self.run.run_id)

    async def take_away(self, *keys):
        """Let the items of `keys` be gone from their sources."""
        async with self.database.transaction() as connection:
            found = await connection.fetch(
                """
                UPDATE entries e SET gone_at = now() FROM items i
                WHERE i.pake_id = e.pake_id AND i.key = ANY ($1) AND superseded_at IS NULL RETURNING entry_id
                """,
                list(keys),
            )
            await marks.request(connection, [row["entry_id"] for row in found], self.run.run_id)

    async def walk(self, *stages, **changes):
        """Run `stages`, or all of them, as a new run with `changes`; return their results by stage."""
        self.run = replace(self.run, run_id=f"{self.run.run_id}+")
        run = replace(self.run, **changes)
        return {name: await STAGES[name](self.kit, self.database, run) for name in stages or STAGES}

    async def groups(self):
        """Return the keys of the members of each group, by the key of its canonical member."""
        found = defaultdict(set)
        for row in await rows(
            self.database,
            "SELECT canonical_id, m.pake_id FROM duplicate_groups JOIN duplicate_members m USING (group_id)",
        ):
            found[self._keys[row["canonical_id"]]].add(self._keys[row["pake_id"]])
        return dict(found)

    async def pairs(self):
        """Return what was decided on each compared pair, by the set of its keys: (level, reason, decision)."""
        return {
            frozenset((self._keys[row["a_id"]], self._keys[row["b_id"]])): (
                row["level"],
                row["reason"],
                row["decision"],
            )
            for row in await rows(self.database, "TABLE duplicate_candidates")
        }

    async def flagged(self):
        """Return the keys of the nodes that are shown as potential duplicates."""
        found = await rows(
            self.database, "SELECT pake_id FROM knowledge_nodes WHERE metadata ->> 'flagged' = 'potential_duplicate'"
        )
        return {self._keys[row["pake_id"]] for row in found}
