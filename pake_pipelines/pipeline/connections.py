"""Connections: compared pairs, links between items and names that items share become edges.

What starts at an item is a function of the documents, pairs and groups that there are, not of the order in which they
came. So whatever is connected anew also enters the lists of its partners, and a partner whose list may have room for
something that had none before is looked at once more.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pake_pipelines import crash, dedup
from pake_pipelines.config.quality import ConnectionRules
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.dedup.edges import cite, connect, merge, share, strongest
from pake_pipelines.model.comparison import ConnectionType, Edge
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.store import connections, documents, groups, marks, references
from pake_pipelines.store.connections import ChangedConnections
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.marks import Stage


async def connect_items(kit: Kit, database: Database, run: Run) -> StageResult:
    """Connect the items of the run's day, and those elsewhere that were asked for, until nothing is left to settle."""
    watch, rules = Stopwatch(), kit.quality.connections
    version = version_of(dedup.VERSION, rules)
    result, written, removed = StageResult(), Counter[str](), 0
    while todo := await _pending(database, run, version):
        for batch in batches(todo):
            async with database.transaction() as connection:
                # groups may not change between reading and marking: what changed then would count as seen
                await groups.lock_grouping(connection)
                await connections.lock_connecting(connection)
                changed = await _connect(connection, batch, rules, run.run_id)
                await marks.mark(connection, Stage.CONNECTIONS, batch, version, run.run_id)
            crash.point(CrashPoint.CONNECTIONS_COMMITTED)
            written.update(changed.written)
            removed += len(changed.removed)
            result = replace(result, new=result.new + len(batch))
        result = replace(result, looked_at=result.looked_at + len(todo))
    details = {
        "connections_written": written.total(),
        "connections_removed": removed,
        "written_by_type": dict(sorted(written.items())),
    }
    return replace(result, seconds=watch.seconds, details=details)


async def _pending(database: Database, run: Run, version: str) -> Sequence[int]:
    async with database.connection() as connection:
        return await marks.pending(connection, Stage.CONNECTIONS, run.day, version, everywhere=run.everywhere)


async def _connect(
    connection: Connection, batch: Sequence[int], rules: ConnectionRules, run_id: str
) -> ChangedConnections:
    """Bring every connection that the items of `batch` have a part in up to date."""
    mine = await documents.pake_ids(connection, batch)
    paired = connect(await connections.pairs_of(connection, batch), max_degree=rules.max_degree)
    citing = {*mine, *await references.citers(connection, mine)}
    cited = cite(await references.citations(connection, citing), max_degree=rules.max_degree)
    shared = await _share(connection, batch, mine, rules)
    starts: dict[ConnectionType, Sequence[UUID]] = {
        "duplicate_of": mine,
        "similar_to": mine,
        "cites": list(citing),
        "shares_entity": mine,
    }
    edges = [*paired, *cited, *shared.edges]
    changed = await connections.replace_connections(connection, starts, edges, run_id, displaced=shared.displaced)
    await marks.disturb(connection, [Stage.CONNECTIONS], shared.uncertain)
    await marks.disturb(connection, marks.after(Stage.CONNECTIONS), changed.items)
    return changed


@dataclass(frozen=True, slots=True)
class _Shared:
    """New edges, edges of partners that had to make room, and partners whose list is to be made anew."""

    edges: list[Edge]
    displaced: list[Edge]
    uncertain: list[UUID]


async def _share(connection: Connection, batch: Sequence[int], mine: list[UUID], rules: ConnectionRules) -> _Shared:
    """Return the connections by shared names of the items `mine`, and what they change for their partners."""
    pairs = await references.sharing(
        connection, batch, at_least=rules.min_shared_entities, max_documents=rules.max_entity_documents
    )
    names = await references.names_of(connection, {*mine, *(other for _, other in pairs)})
    found: dict[UUID, list[Edge]] = {}
    for edge in share(pairs, names):
        found.setdefault(edge.source_id, []).append(edge)
    own = set(mine)
    before = await connections.lists_around(connection, "shares_entity", mine, found.keys() - own)
    shared = _Shared([], [], [])
    for pake_id in mine:
        shared.edges.extend(strongest(found.get(pake_id, ()), max_degree=rules.max_degree))
    for partner in (before.keys() | found.keys()) - own:
        listed = before.get(partner, [])
        after, certain = merge(listed, found.get(partner, ()), own, max_degree=rules.max_degree)
        shared.edges.extend(edge for edge in after if edge not in listed)
        shared.displaced.extend(edge for edge in listed if edge not in after)
        if not certain:
            shared.uncertain.append(partner)
    return shared
