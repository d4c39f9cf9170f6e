"""What tells a restored database from the one that was backed up. Decides, reads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from pake_pipelines.maintenance.backup.manifest import DatabaseManifest
from pake_pipelines.store.examination import Examination


@dataclass(frozen=True, slots=True)
class TableChange:
    """A table now and in a backup; None where there is none. `same` when every row is the same."""

    table: str
    rows_now: int | None
    rows_then: int | None
    same: bool


def differences(expected: DatabaseManifest, found: Examination, revision: str | None) -> list[str]:
    """Return in words everything in which `found` is not what its manifest says; nothing when it is equal.

    `revision` is the one that the manifest names, None for a database that has none.
    """
    return [
        *_tables(expected, found),
        *_sequences(expected, found),
        *_revision(revision, found.revision),
        *(f"index {name} is invalid" for name in found.invalid),
    ]


def _tables(expected: DatabaseManifest, found: Examination) -> list[str]:
    wanted = {(one.schema, one.name): one for one in expected.tables}
    there = {(one.schema, one.name): one for one in found.tables}
    faults = [f"table {'.'.join(key)} is missing" for key in wanted if key not in there]
    faults += [f"table {'.'.join(key)} is not in the manifest" for key in there if key not in wanted]
    for key, table in wanted.items():
        restored = there.get(key)
        if restored is None:
            continue
        if restored.rows != table.rows:
            faults.append(f"table {'.'.join(key)} has {restored.rows:,} rows instead of {table.rows:,}")
        elif restored.hash != table.hash:
            faults.append(f"table {'.'.join(key)} has other rows than were backed up, though as many ({table.rows:,})")
    return faults


def _sequences(expected: DatabaseManifest, found: Examination) -> list[str]:
    there = {(one.schema, one.name): one.last for one in found.sequences}
    faults = []
    for one in expected.sequences:
        last = there.get((one.schema, one.name))
        if last is None or last < one.at_least:
            stands = "has given no number" if last is None else f"stands at {last}"
            faults.append(f"sequence {one.schema}.{one.name} {stands}, and had reached {one.at_least}")
    return faults


def _revision(wanted: str | None, found: str | None) -> list[str]:
    if wanted == found:
        return []
    return [f"its migration revision is {found or 'none'} instead of {wanted or 'none'}"]


def wrong_row_counts(expected: DatabaseManifest, found: Examination) -> int:
    """Return in how many tables the mere number of rows is another: what a proof by counting would notice."""
    wanted = {(one.schema, one.name): one.rows for one in expected.tables}
    there = {(one.schema, one.name): one.rows for one in found.tables}
    return sum(wanted.get(key) != there.get(key) for key in wanted.keys() | there.keys())


def changes(now: Examination | None, then: DatabaseManifest) -> Sequence[TableChange]:
    """Return every table of either side, by name, with what a restore would make of it."""
    live = {f"{one.schema}.{one.name}": one for one in (now.tables if now else ())}
    held = {f"{one.schema}.{one.name}": one for one in then.tables}
    found = []
    for name in sorted(live.keys() | held.keys()):
        one, other = live.get(name), held.get(name)
        same = one is not None and other is not None and (one.rows, one.hash) == (other.rows, other.hash)
        found.append(TableChange(name, one.rows if one else None, other.rows if other else None, same))
    return found
