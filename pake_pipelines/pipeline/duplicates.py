"""Duplicates: every new document compared with all others, and the groups that follow."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from pake_pipelines import crash, dedup, quality, text
from pake_pipelines.config.quality import DuplicateRules, QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.dedup.decision import decide
from pake_pipelines.dedup.groups import group
from pake_pipelines.dedup.minhash import bands, sign, version, worth_comparing
from pake_pipelines.dedup.profile import Profile
from pake_pipelines.model.comparison import Candidate
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.merit import member_of
from pake_pipelines.pipeline.progress import Progress
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.pipeline.signals import signals_of
from pake_pipelines.store import documents, duplicates, embeddings, groups, marks, signatures
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.duplicates import Compared
from pake_pipelines.store.marks import Stage

log = logging.getLogger(__name__)

# of the documents that share bands with one, those that share most
_LOOKALIKES: Final = 20

Pairs = dict[tuple[int, int], float | None]
"""Pairs of entries, the smaller first, with the cosine of their vectors; None where one has none."""


async def find_duplicates(kit: Kit, database: Database, run: Run) -> StageResult:
    """Compare the documents of the run's day that were not compared yet under the current rules and model.

    Copies whose common partner has changed are compared once more, until nothing is left to compare. A run that looks
    `everywhere` compares all documents of all days anew.
    """
    watch, stage_version = Stopwatch(), duplicates_version(kit.quality, kit.embedder.model)
    result = StageResult(details={"pairs": 0, "groups_touched": 0})
    todo = await _pending(database, run, "" if run.everywhere else stage_version)
    while todo:
        progress = Progress("compared", len(todo), len(todo), log.info)
        for batch in batches(todo):
            settled = await _settle(kit, database, batch, stage_version, run.run_id)
            crash.point(CrashPoint.DUPLICATES_COMMITTED)
            result = _counted(result, settled)
            progress.advance(len(batch), len(batch))
        result = replace(result, looked_at=result.looked_at + len(todo))
        todo = await _pending(database, run, stage_version)
    async with database.connection() as connection:
        counts = await groups.group_counts(connection, suspicious_members=kit.quality.duplicates.suspicious_members)
    details = {
        **result.details,
        "groups": counts.groups,
        "duplicates": counts.duplicates,
        **{f"duplicates_{level}": counts.by_level.get(level, 0) for level in ("exact", "near", "semantic", "person")},
        "largest_group": counts.largest,
        "suspicious_groups": counts.suspicious,
    }
    return replace(result, seconds=watch.seconds, details=details)


def duplicates_version(rules: QualityConfig, model: str) -> str:
    """Return the version of the stage: of what is compared, of the thresholds, and of what elects canonical members."""
    code = f"{dedup.VERSION} {quality.VERSION} {text.VERSION} {version()} {model}"
    return version_of(code, rules.duplicates, rules.spam, rules.confidence, str(rules.verdict.auto_reject))


async def _pending(database: Database, run: Run, stage_version: str) -> Sequence[int]:
    async with database.connection() as connection:
        return await marks.pending(connection, Stage.DUPLICATES, run.day, stage_version, everywhere=run.everywhere)


@dataclass(frozen=True, slots=True)
class _Settled:
    """What comparing a batch came to: entries compared for the first time, and those again with or without a change."""

    new: int
    updated: int
    unchanged: int
    pairs: int
    groups: int


def _counted(result: StageResult, settled: _Settled) -> StageResult:
    return replace(
        result,
        new=result.new + settled.new,
        updated=result.updated + settled.updated,
        unchanged=result.unchanged + settled.unchanged,
        details={
            "pairs": result.details["pairs"] + settled.pairs,
            "groups_touched": result.details["groups_touched"] + settled.groups,
        },
    )


async def _settle(kit: Kit, database: Database, batch: Sequence[int], stage_version: str, run_id: str) -> _Settled:
    """Compare and group the entries of `batch` in one transaction."""
    async with database.transaction() as connection:
        await groups.lock_grouping(connection)
        await documents.hold(connection, batch)
        before = await marks.done_before(connection, Stage.DUPLICATES, batch)
        await _sign(connection, batch)
        found = await compare(connection, batch, kit.quality.duplicates, kit.embedder.model)
        mine = await documents.pake_ids(connection, batch)
        first = await documents.pake_ids(connection, sorted(set(batch) - before))
        paired = await duplicates.replace_candidates(connection, mine, found, version=stage_version, run_id=run_id)
        await marks.disturb(connection, [Stage.DUPLICATES], paired.parted - set(mine))
        await marks.mark(connection, Stage.DUPLICATES, batch, stage_version, run_id)
        regrouped, touched = await regroup(connection, {*mine, *paired.items}, kit.quality, run_id)
        changed = paired.items | regrouped
        await marks.disturb(connection, marks.after(Stage.DUPLICATES), changed)
        # a scan may have judged them before it was known whether they are copies
        await marks.disturb(connection, [Stage.CONFIDENCE], first)
        again = set(await documents.pake_ids(connection, list(before)))
    return _Settled(len(batch) - len(before), len(again & changed), len(again - changed), len(found), touched)


async def _sign(connection: Connection, batch: Sequence[int]) -> None:
    missing = await signatures.unsigned(connection, batch, version())
    made = sign([(one.title, one.text) for one in missing])
    signed = {one.entry_id: found for one, found in zip(missing, made, strict=True)}
    await signatures.save_signatures(connection, signed, version=version(), bands=bands)


async def compare(connection: Connection, batch: Sequence[int], rules: DuplicateRules, model: str) -> list[Candidate]:
    """Return every pair that matters of which a document of `batch` is part, by all lookups, each decided once."""
    sharing = {_ordered(*pair) for pair in await duplicates.sharing(connection, batch)}
    pairs = await _pairs(connection, batch, sharing, rules, model)
    compared = await duplicates.in_force(connection, {entry_id for pair in pairs for entry_id in pair})
    profiles = {one.entry_id: profile_of(one) for one in compared}
    found = []
    for pair, cosine in pairs.items():
        one, other = (profiles.get(entry_id) for entry_id in pair)
        if one and other and (pair in sharing or not one.repeats(other)):
            found.append(decide(one, other, cosine, rules))
    return [candidate for candidate in found if candidate is not None]


def profile_of(one: Compared) -> Profile:
    """Return the profile of a stored document."""
    return Profile(one.pake_id, one.title, one.text, one.canonical_url, one.content_hash)


async def _pairs(
    connection: Connection, batch: Sequence[int], sharing: set[tuple[int, int]], rules: DuplicateRules, model: str
) -> Pairs:
    chosen = sharing | {_ordered(*pair) for pair in await duplicates.known(connection, batch)}
    for one in await signatures.lookalikes(connection, batch, bands=bands, limit=_LOOKALIKES):
        if worth_comparing(one.kind, one.minhash, one.other_minhash):
            chosen.add(_ordered(one.entry_id, one.other_entry_id))
    near = await embeddings.neighbours(
        connection, batch, model=model, at_least=rules.candidate_threshold, limit=rules.max_candidates
    )
    found: Pairs = dict.fromkeys(sorted(chosen))
    found |= await embeddings.cosines(connection, list(found), model=model)
    for neighbour in near:
        found[_ordered(neighbour.entry_id, neighbour.neighbour_entry_id)] = neighbour.similarity
    return found


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


async def regroup(
    connection: Connection, touched: Iterable[UUID], rules: QualityConfig, run_id: str
) -> tuple[set[UUID], int]:
    """Group anew whatever hangs together with `touched`; return the items whose group or role changed, and the groups.

    Belongs into a transaction that holds the lock on grouping.
    """
    around = await groups.surroundings(connection, touched)
    # contradictions and partings alone bring nobody into a group, and bulletins have many
    binding = [
        *((pair.a, pair.b) for pair in around.pairs if pair.decision == "duplicate"),
        *((ruled.a, ruled.b) for ruled in around.rulings if ruled.ruling == "together"),
    ]
    bound = {one for pair in binding for one in pair}
    found = await documents.load_documents(connection, await groups.entries_of(connection, bound))
    signals = await signals_of(connection, [one.entry_id for one in found], rules)
    members = {one.pake_id: member_of(one, signals[one.entry_id].spam, rules) for one in found}
    made = group(members, around.pairs, around.rulings, rules.duplicates.keep)
    return await groups.replace_groups(connection, around.items, made, run_id), len(made)
