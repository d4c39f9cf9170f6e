"""Duplicates: every new document compared with all others, and the groups that follow."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from pake_pipelines import crash, dedup
from pake_pipelines.config.quality import DuplicateRules
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.dedup.groups import group
from pake_pipelines.dedup.pairs import exact, semantic
from pake_pipelines.model.comparison import Candidate
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.store import documents, duplicates, embeddings, marks
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.marks import Stage


async def find_duplicates(kit: Kit, database: Database, run: Run) -> StageResult:
    """Compare the documents of the run's day that were not compared yet under the current rules and model.

    Copies whose common partner has changed are compared once more, until nothing is left to compare.
    """
    watch, rules, model = Stopwatch(), kit.quality.duplicates, kit.embedder.model
    version = version_of(dedup.VERSION, rules, model)
    result = StageResult(details={"candidates": 0, "groups_touched": 0})
    while todo := await _pending(database, run, version):
        for batch in batches(todo):
            async with database.transaction() as connection:
                await duplicates.lock_grouping(connection)
                candidates = await _compare(connection, batch, rules, model)
                await marks.mark(connection, Stage.DUPLICATES, batch, version, run.run_id)
                changed, groups = await _regroup(connection, batch, candidates, rules, version, run.run_id)
                await marks.disturb(connection, marks.after(Stage.DUPLICATES), changed)
            crash.point(CrashPoint.DUPLICATES_COMMITTED)
            details = {
                "candidates": result.details["candidates"] + len(candidates),
                "groups_touched": result.details["groups_touched"] + groups,
            }
            result = replace(result, new=result.new + len(batch), details=details)
        result = replace(result, looked_at=result.looked_at + len(todo))
    return replace(result, seconds=watch.seconds)


async def _pending(database: Database, run: Run, version: str) -> Sequence[int]:
    async with database.connection() as connection:
        return await marks.pending(connection, Stage.DUPLICATES, run.day, version)


async def _compare(
    connection: Connection, batch: Sequence[int], rules: DuplicateRules, model: str
) -> dict[tuple[UUID, UUID], Candidate]:
    """Return the candidates that the documents of `batch` are part of; for one pair the most exact level counts."""
    near = await embeddings.neighbours(
        connection, batch, model=model, at_least=rules.candidate_threshold, limit=rules.max_candidates
    )
    near += await embeddings.known_neighbours(connection, batch, model=model)
    texts = await duplicates.texts(connection, {*batch, *(one.neighbour_entry_id for one in near)})
    found: dict[tuple[UUID, UUID], Candidate] = {}
    for one in near:
        candidate = semantic(texts[one.entry_id], texts[one.neighbour_entry_id], one.similarity, rules)
        if candidate is not None:
            found[candidate.a, candidate.b] = candidate
    for match in await duplicates.exact_matches(connection, batch):
        candidate = exact(match.pake_id, match.other_id, match.level, match.shared)
        found[candidate.a, candidate.b] = candidate
    return found


async def _regroup(
    connection: Connection,
    batch: Sequence[int],
    candidates: dict[tuple[UUID, UUID], Candidate],
    rules: DuplicateRules,
    version: str,
    run_id: str,
) -> tuple[set[UUID], int]:
    """Store the candidates and group whatever they touch; return the items that changed and the number of groups."""
    mine = await documents.pake_ids(connection, batch)
    paired = await duplicates.replace_candidates(
        connection, mine, list(candidates.values()), version=version, run_id=run_id
    )
    await marks.disturb(connection, [Stage.DUPLICATES], paired.parted - set(mine))
    reached, pairs = await duplicates.surroundings(connection, {*mine, *paired.items})
    members = {one.pake_id: one for one in await duplicates.members(connection, reached)}
    alive = [(a, b) for a, b in pairs if a in members and b in members]
    groups = group(members, alive, rules.keep)
    regrouped = await duplicates.replace_groups(connection, reached, groups, run_id)
    return paired.items | regrouped, len(groups)
