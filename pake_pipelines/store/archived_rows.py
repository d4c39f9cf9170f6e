"""The rows that hang on items, as they move into an archive file and back: read as JSON, hashed, inserted again.

A table's hash is the sum of `hashtextextended` over its rows, an item's the same over all of its rows in all tables:
neither depends on their order. Rows that a file gave back are turned into rows of their table by the server and hashed
there, so that equal hashes mean that restoring gives the same rows.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pake_pipelines.store.database import Connection

_FETCHED_AT_ONCE: Final = 50

_SESSION: Final = """
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
"""


@dataclass(frozen=True, slots=True)
class RowSet:
    """The rows of a table that hang on the items `$1`; `owners` says which item each of them `t` hangs on.

    Rows without owners are shared with other items: they are copied and never removed.
    """

    where: str
    owners: tuple[str, ...] = ()


def _of_item(column: str = "pake_id") -> RowSet:
    return RowSet(f"t.{column} = ANY ($1::uuid[])", (f"t.{column}",))


def _of_pair(one: str, other: str) -> RowSet:
    return RowSet(f"(t.{one} = ANY ($1::uuid[]) OR t.{other} = ANY ($1::uuid[]))", (f"t.{one}", f"t.{other}"))


_ENTRIES: Final = "SELECT e.{column} FROM entries e WHERE e.pake_id = ANY ($1::uuid[])"
_OF_ENTRY: Final = RowSet(
    f"t.entry_id IN ({_ENTRIES.format(column='entry_id')})",
    ("(SELECT e.pake_id FROM entries e WHERE e.entry_id = t.entry_id)",),
)
_OF_DOCUMENTS: Final = "SELECT d.embedding_key FROM documents d JOIN entries e USING (entry_id)"
_GROUPS: Final = "SELECT m.group_id FROM duplicate_members m WHERE m.pake_id = ANY ($1::uuid[])"

# in an order in which they can be inserted
SHARED: Final[Mapping[str, RowSet]] = {
    "items": RowSet("t.pake_id = ANY ($1::uuid[])"),
    "raw_fetches": RowSet(f"t.fetch_id IN ({_ENTRIES.format(column='fetch_id')})"),
    "embeddings": RowSet(f"t.embedding_key IN ({_OF_DOCUMENTS} WHERE e.pake_id = ANY ($1::uuid[]))"),
    "signatures": RowSet(
        "t.signature_id IN (SELECT s.signature_id FROM document_signatures s WHERE s.pake_id = ANY ($1::uuid[]))"
    ),
    "duplicate_groups": RowSet(f"t.group_id IN ({_GROUPS})"),
}
OWN: Final[Mapping[str, RowSet]] = {
    "entries": _of_item(),
    "documents": _OF_ENTRY,
    "stage_marks": _OF_ENTRY,
    "text_signals": _OF_ENTRY,
    "document_links": _OF_ENTRY,
    "document_entities": _OF_ENTRY,
    "qa_results": _OF_ENTRY,
    "confidence_scores": _OF_ENTRY,
    "knowledge_nodes": _of_item(),
    "confidence_history": _of_item(),
    "processing_logs": _of_item(),
    "item_renames": _of_item(),
    # what ties items to one another is found anew when one comes back: the others have gone on meanwhile
    "document_signatures": _OF_ENTRY,
    # whole groups: one that loses its canonical member is dissolved
    "duplicate_members": RowSet(f"t.group_id IN ({_GROUPS})", ("t.pake_id",)),
    "duplicate_candidates": _of_pair("a_id", "b_id"),
    "node_connections": _of_pair("source_id", "target_id"),
    # what people decided on never moves; should somebody decide on an item that is about to, its hash tells
    "reviews": _of_item(),
    "quality_labels": _OF_ENTRY,
    "duplicate_rulings": _of_pair("a_id", "b_id"),
}
TABLES: Final[Mapping[str, RowSet]] = {**SHARED, **OWN}
_BETWEEN_ITEMS: Final = {
    "signatures", "duplicate_groups", "document_signatures", "duplicate_members", "duplicate_candidates",
    "node_connections", "reviews", "quality_labels", "duplicate_rulings",
}  # fmt: skip
RESTORED: Final = tuple(name for name in TABLES if name not in _BETWEEN_ITEMS)


@dataclass(frozen=True, slots=True)
class RowsHash:
    """How many rows, and the sum over them as a decimal number."""

    rows: int
    hash: str


NOTHING: Final = RowsHash(0, "0")


async def steady(connection: Connection) -> None:
    """Let rows be written in one way only, until this transaction ends: hashes are of what they look like."""
    await connection.execute(_SESSION)


async def rows(connection: Connection, table: str, pake_ids: Sequence[UUID]) -> AsyncIterator[str]:
    """Yield the rows of `table` that hang on `pake_ids`, each as one line of JSON. Belongs into a transaction."""
    query = f"SELECT to_jsonb(t)::text AS line FROM {table} t WHERE {TABLES[table].where}"
    async for row in connection.cursor(query, list(pake_ids), prefetch=_FETCHED_AT_ONCE):
        yield row["line"]


async def table_hashes(connection: Connection, pake_ids: Sequence[UUID]) -> dict[str, RowsHash]:
    """Return rows and hash of what hangs on `pake_ids`, for each table."""
    found = {}
    for table, one in TABLES.items():
        row = await connection.fetchrow(_summed(f"{table} t WHERE {one.where}"), list(pake_ids))
        found[table] = RowsHash(**row)
    return found


def _summed(source: str) -> str:
    return f"""
        SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS hash FROM {source}
    """


async def lines_hash(connection: Connection, table: str, lines: Sequence[str]) -> RowsHash:
    """Return rows and hash of `lines` (as `rows` gave them), turned into rows of `table`."""
    given = f"[{','.join(lines)}]"
    row = await connection.fetchrow(_summed(f"jsonb_populate_recordset(NULL::{table}, $1::text::jsonb) t"), given)
    return RowsHash(**row)


async def item_hashes(connection: Connection, pake_ids: Sequence[UUID]) -> dict[UUID, RowsHash]:
    """Return rows and hash of everything that hangs on each of `pake_ids`, of all tables together."""
    parts = [
        f"SELECT {owner} AS pake_id, hashtextextended('{table}' || t::text, 0)::numeric AS hash "
        f"FROM {table} t WHERE {one.where}"
        for table, one in OWN.items()
        for owner in one.owners
    ]
    found = await connection.fetch(
        f"""
        SELECT pake_id, count(*) AS rows, sum(hash)::text AS hash FROM ({" UNION ALL ".join(parts)}) AS each
        WHERE pake_id = ANY ($1::uuid[]) GROUP BY pake_id
        """,
        list(pake_ids),
    )
    return {row["pake_id"]: RowsHash(row["rows"], row["hash"]) for row in found}


async def hold(connection: Connection, pake_ids: Sequence[UUID]) -> None:
    """Keep everything that hangs on `pake_ids` as it is until this transaction ends; nothing new can come to it."""
    for table in ("items", *OWN):
        await connection.execute(
            f"SELECT FROM {table} t WHERE {TABLES[table].where} ORDER BY ctid FOR UPDATE", list(pake_ids)
        )


async def insert(connection: Connection, table: str, lines: Sequence[str]) -> int:
    """Insert `lines` into `table` where they are missing; return how many were. Columns they lack get their default."""
    given = f"[{','.join(lines)}]"
    columns = ", ".join(await _columns(connection, table, lines[0]))
    status: str = await connection.execute(
        f"""
        INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE
        SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, $1::text::jsonb) ON CONFLICT DO NOTHING
        """,
        given,
    )
    return int(status.rpartition(" ")[2])


async def _columns(connection: Connection, table: str, line: str) -> list[str]:
    found = await connection.fetch(
        """
        SELECT quote_ident(attname) AS name FROM pg_attribute
        WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
          AND $2::text::jsonb ? attname ORDER BY attnum
        """,
        table,
        line,
    )
    return [row["name"] for row in found]
