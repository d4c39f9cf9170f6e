"""What is to be done to tables and indexes, and why: decided from facts, touching nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pake_pipelines.config.upkeep import Upkeep
from pake_pipelines.store.database_metrics import Missing
from pake_pipelines.store.upkeep_indexes import IndexFacts, Rebuilt
from pake_pipelines.store.upkeep_tables import TableFacts
from pake_pipelines.store.vector_index import Recall

NOT_OURS: Final = "this role does not own it"
# the bound of what a rebuild left; a table grows between two of them, and so does its index
_AS_LEFT: Final = 1.1


class Level(StrEnum):
    """How far upkeep goes: tables only; also indexes; also indexes that are bloated by half as much."""

    LIGHT = "light"
    FULL = "full"
    DEEP = "deep"


class Action(StrEnum):
    """What can be done to a table or index."""

    VACUUM = "vacuum"
    FREEZE = "freeze"
    ANALYZE = "analyze"
    REBUILD = "rebuild"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work; `why_not` says why it has to be left, None when nothing is in the way."""

    action: Action
    target: str
    reason: str
    why_not: str | None = None


def table_steps(tables: Sequence[TableFacts], stale: Collection[str], rules: Upkeep) -> list[Step]:
    """Return what to do to tables; `stale` are those whose statistics are of another time."""
    return [step for table in tables if (step := _table_step(table, table.table in stale, rules)) is not None]


def _table_step(table: TableFacts, stale: bool, rules: Upkeep) -> Step | None:
    why_not = None if table.ours else NOT_OURS
    if table.xid_age > rules.xid_warning:
        reason = f"its oldest row is {table.xid_age:,} transactions old (bound {rules.xid_warning:,})"
        return Step(Action.FREEZE, table.table, reason, why_not)
    dead = dead_percent(table)
    if table.dead_rows >= rules.dead_rows and dead >= rules.dead_percent:
        reason = f"{table.dead_rows:,} of its rows are dead, {dead:.0f} % (bound {rules.dead_percent:g} %)"
        return Step(Action.VACUUM, table.table, reason, why_not)
    if stale:
        return Step(Action.ANALYZE, table.table, f"{table.changed_rows:,} rows have changed since", why_not)
    return None


def dead_percent(table: TableFacts) -> float:
    """Return the share of dead rows among all, 0 to 100."""
    rows = table.live_rows + table.dead_rows
    return 100 * table.dead_rows / rows if rows else 0.0


@dataclass(frozen=True, slots=True)
class IndexView:
    """What indexes are judged by: `rebuilt` is how the last rebuild left each, `recall` what the vector index finds."""

    indexes: Sequence[IndexFacts]
    rebuilt: Mapping[str, Rebuilt] = field(default_factory=dict)
    recall: Recall | Missing | None = None


def index_steps(view: IndexView, rules: Upkeep, level: Level) -> list[Step]:
    """Return what to do to indexes, smallest first: space that one frees is there for the next."""
    return sorted(
        (step for step in _index_steps(view, rules, level)),
        key=lambda step: (step.action is not Action.DROP, _bytes_of(view, step.target)),
    )


def _bytes_of(view: IndexView, name: str) -> int:
    return next(index.bytes for index in view.indexes if index.name == name)


def _index_steps(view: IndexView, rules: Upkeep, level: Level) -> Iterator[Step]:
    for index in view.indexes:
        why_not = None if index.ours else NOT_OURS
        if index.being_built and not index.valid:
            yield Step(Action.REBUILD, index.name, "it is invalid", "somebody builds an index of its table")
        elif index.is_leftover:
            yield Step(Action.DROP, index.name, "an interrupted rebuild left it", why_not)
        elif not index.valid and level is not Level.LIGHT:
            yield Step(Action.REBUILD, index.name, "it is invalid: every write keeps it up, no query uses it", why_not)
        elif level is not Level.LIGHT and (reason := _bloated(index, view, rules, level)):
            yield Step(Action.REBUILD, index.name, reason, why_not)


def _bloated(index: IndexFacts, view: IndexView, rules: Upkeep, level: Level) -> str | None:
    """Say why an index is worth rebuilding, None when it is not."""
    recall = view.recall
    if (
        level is Level.DEEP
        and index.method == "hnsw"
        and isinstance(recall, Recall)
        and recall.percent < rules.recall_percent
    ):
        return f"it finds {recall.percent:g} % of what an exact search finds (bound {rules.recall_percent:g} %)"
    bound = rules.bloat_percent / (2 if level is Level.DEEP else 1)
    if index.bloat is None or index.bloat.percent < bound or index.bloat.bytes < rules.bloat_bytes:
        return None
    # an estimate that a rebuild has not borne out is wrong about this index, and would be at every time
    left = view.rebuilt.get(index.name)
    if left and not index.bloat.exact:
        as_left = _AS_LEFT * _per_row(left.bytes, left.rows)
        if _per_row(index.bytes, index.rows) <= as_left:
            return None
    how = "counted" if index.bloat.exact else "estimated"
    return f"{index.bloat.percent:.0f} % of it is {how} to be waste (bound {bound:g} %)"


def _per_row(bytes_: int, rows: float | None) -> float:
    return bytes_ / max(rows or 0, 1)


@dataclass(frozen=True, slots=True)
class Unused:
    """Indexes that no query has used, or why nothing can be said of them yet."""

    indexes: Sequence[Mapping[str, object]] = ()
    why_not: str | None = None


def unused(
    found: "Sequence[Mapping[str, object]] | Missing", since: datetime | None, now: datetime, rules: Upkeep
) -> Unused:
    """Judge a report of unused indexes by how long use has been counted (pgdoctor's seven days)."""
    if isinstance(found, Missing):
        return Unused(why_not=found.why)
    if since is None:
        return Unused(why_not="the server does not tell since when it counts the use of indexes")
    if now - since < timedelta(days=rules.unused_days):
        days = (now - since).total_seconds() / 86400
        return Unused(why_not=f"use is counted for {days:.1f} days, and {rules.unused_days:g} are needed to say so")
    return Unused(found)
