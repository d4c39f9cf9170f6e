"""Planted bugs: each breaks what makes two runs safe, so that the interleavings can show that they notice."""

from pake_pipelines.store import duplicates, groups, marks
from pake_pipelines.store.marks import Stage


def no_lock_on_grouping():
    """Two transactions decide on pairs and groups at the same time."""

    async def unlocked(connection):
        pass

    groups.lock_grouping = unlocked


def marks_before_results():
    """A batch is marked as compared in a transaction of its own, before its pairs are written."""
    replace_candidates = duplicates.replace_candidates

    async def planted(connection, pake_ids, candidates, *, version, run_id):
        entry_ids = await groups.entries_of(connection, pake_ids)
        await marks.mark(connection, Stage.DUPLICATES, entry_ids, version, run_id)
        await connection.execute("COMMIT")
        await connection.execute("BEGIN")
        return await replace_candidates(connection, pake_ids, candidates, version=version, run_id=run_id)

    duplicates.replace_candidates = planted


PLANTS = {plant.__name__: plant for plant in (no_lock_on_grouping, marks_before_results)}
