"""Upkeep of the band index: its size, its merging and repair, what it should not hold, what nothing needs any more."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from pake_pipelines.model.signature import Signature
from pake_pipelines.store.database import Connection
from pake_pipelines.store.signatures import MAIN_BANDS, RECENT_BANDS, Bands, Unsigned, banded, write_bands

# The bands of 100,000 documents. A merge visits every page of the large index, however little it brings, so it should
# be rare; and a recent table of this size still takes new bands at less than twice the cost of a tenth of it.
MERGE_AT: Final = 4_000_000
_CHUNK: Final = 5_000
_SAMPLE: Final = 2_000

_ORPHANED: Final = """
    NOT EXISTS (
        SELECT 1 FROM document_signatures ds JOIN entries e USING (entry_id) JOIN documents d USING (entry_id)
        WHERE ds.signature_id = s.signature_id AND e.superseded_at IS NULL AND d.dropped IS NULL)
"""


@dataclass(frozen=True, slots=True)
class IndexSize:
    """What the index holds, and the bytes on disk of its four tables with their indexes."""

    documents: int
    signatures: int
    bytes: int

    @property
    def bytes_per_document(self) -> float | None:
        """Bytes on disk for each document; None without any."""
        return self.bytes / self.documents if self.documents else None


async def index_size(connection: Connection) -> IndexSize:
    """Measure the index."""
    row = await connection.fetchrow(
        """
        SELECT (SELECT count(DISTINCT entry_id) FROM document_signatures) AS documents,
               (SELECT count(*) FROM signatures) AS signatures,
               (SELECT sum(pg_total_relation_size(name::regclass))::bigint
                FROM unnest(ARRAY['signatures', 'document_signatures', $1, $2]) AS t(name)) AS bytes
        """,
        RECENT_BANDS,
        MAIN_BANDS,
    )
    return IndexSize(**row)


async def orphans(connection: Connection) -> int:
    """Return how many signatures no kept document in force has."""
    count: int = await connection.fetchval(f"SELECT count(*) FROM signatures s WHERE {_ORPHANED}")
    return count


async def remove_orphans(connection: Connection, limit: int, *, bands: Bands) -> int:
    """Remove up to `limit` signatures that no kept document in force has, with their bands; return how many.

    Belongs into one transaction. What another transaction is about to use is passed over.
    """
    locked = await connection.fetch(
        f"SELECT signature_id FROM signatures s WHERE {_ORPHANED} ORDER BY 1 LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
    )
    # a document may have come between the search and the lock: only a statement of its own sees it
    rows = await connection.fetch(
        f"SELECT signature_id, kind, minhash FROM signatures s WHERE signature_id = ANY ($1::bigint[]) AND {_ORPHANED}",
        [row["signature_id"] for row in locked],
    )
    orphans = [Signature(**row) for row in rows]
    ids = [one.signature_id for one in orphans]
    pairs = banded(orphans, bands)
    for table in (RECENT_BANDS, MAIN_BANDS):
        await connection.execute(
            f"""
            DELETE FROM {table} b USING unnest($1::bigint[], $2::bigint[]) AS gone(band_hash, signature_id)
            WHERE b.band_hash = gone.band_hash AND b.signature_id = gone.signature_id
            """,
            [band_hash for band_hash, _ in pairs],
            [signature_id for _, signature_id in pairs],
        )
    await connection.execute("DELETE FROM document_signatures WHERE signature_id = ANY ($1::bigint[])", ids)
    await connection.execute("DELETE FROM signatures WHERE signature_id = ANY ($1::bigint[])", ids)
    return len(ids)


async def due_for_merging(connection: Connection, at_least: int) -> int:
    """Return how many recent bands `merge_recent` would move."""
    count: int = await connection.fetchval(f"SELECT count(*) FROM {RECENT_BANDS}")
    return count if count >= at_least else 0


async def merge_recent(connection: Connection, at_least: int) -> int:
    """Move the recent bands into the large index if there are `at_least` so many; return how many were moved.

    Belongs into one transaction. Who writes or looks up bands meanwhile waits (some twenty seconds where the large
    index holds a million documents), and then sees each of them once: under READ COMMITTED a statement looks at the
    tables as they are when it has got its locks. A snapshot from before would find the emptied table empty, as
    TRUNCATE spares no rows for it: nobody may read bands in a transaction of a stricter isolation level, and a dump
    begun while a merge is at work lacks what it moves (`rebuild_bands` brings it back).
    """
    # one merge at a time, from the counting on: two that had counted would wait for each other
    await connection.execute(f"LOCK TABLE {RECENT_BANDS} IN SHARE UPDATE EXCLUSIVE MODE")
    if not await due_for_merging(connection, at_least):
        return 0
    await connection.execute(f"LOCK TABLE {RECENT_BANDS} IN ACCESS EXCLUSIVE MODE")
    status = await connection.execute(
        f"""
        INSERT INTO {MAIN_BANDS} (band_hash, signature_id)
        SELECT band_hash, signature_id FROM {RECENT_BANDS} ORDER BY band_hash, signature_id
        """
    )
    await connection.execute(f"TRUNCATE {RECENT_BANDS}")
    return int(status.split()[-1])


async def rebuild_bands(connection: Connection, bands: Bands) -> int:
    """Write all bands anew from the signatures, and their index; return how many. Belongs into one transaction.

    Others wait until it is done: for two million signatures some minutes.
    """
    await connection.execute(f"LOCK TABLE {RECENT_BANDS}, {MAIN_BANDS} IN ACCESS EXCLUSIVE MODE")
    await connection.execute(f"TRUNCATE {RECENT_BANDS}, {MAIN_BANDS}")
    for table in (RECENT_BANDS, MAIN_BANDS):
        await connection.execute(f"DROP INDEX IF EXISTS {table}_lookup")
    written, last = 0, -1
    while rows := await connection.fetch(
        "SELECT signature_id, kind, minhash FROM signatures WHERE signature_id > $1 ORDER BY 1 LIMIT $2", last, _CHUNK
    ):
        written += await write_bands(connection, [Signature(**row) for row in rows], bands, MAIN_BANDS)
        last = rows[-1]["signature_id"]
    for table in (RECENT_BANDS, MAIN_BANDS):
        await connection.execute(f"CREATE INDEX {table}_lookup ON {table} (band_hash, signature_id)")
    return written


async def compared_without_signature(connection: Connection, day: date) -> list[tuple[UUID, Unsigned]]:
    """Return the kept documents in force of `day` that were compared and have no signature, with their items."""
    rows = await connection.fetch(
        """
        SELECT e.pake_id, e.entry_id, d.title, d.text FROM entries e JOIN documents d USING (entry_id)
        JOIN stage_marks m ON m.entry_id = e.entry_id AND m.stage = 'duplicates' AND m.version <> '' AND NOT m.stale
        WHERE e.day = $1 AND e.superseded_at IS NULL AND d.dropped IS NULL
          AND NOT EXISTS (SELECT 1 FROM document_signatures ds WHERE ds.entry_id = e.entry_id)
        ORDER BY e.pake_id
        """,
        day,
    )
    return [(row["pake_id"], Unsigned(row["entry_id"], row["title"], row["text"])) for row in rows]


async def wrongly_banded(connection: Connection, day: date, bands: Bands) -> list[UUID]:
    """Return the items in force of `day` one of whose signatures lacks a band or has one twice."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT signature_id, kind, minhash FROM signatures
        JOIN document_signatures USING (signature_id) JOIN entries e USING (entry_id)
        WHERE e.day = $1 AND e.superseded_at IS NULL
        """,
        day,
    )
    pairs = banded([Signature(**row) for row in rows], bands)
    wrong = await connection.fetch(
        """
        SELECT DISTINCT ds.pake_id
        FROM (SELECT band_hash, signature_id FROM unnest($1::bigint[], $2::bigint[]) AS u(band_hash, signature_id)
              -- or the planner may read all bands to count those of a few
              OFFSET 0) AS due
        CROSS JOIN LATERAL (
            SELECT count(*) AS times FROM all_signature_bands b
            WHERE b.band_hash = due.band_hash AND b.signature_id = due.signature_id) AS found
        JOIN document_signatures ds ON ds.signature_id = due.signature_id
        JOIN entries e ON e.entry_id = ds.entry_id AND e.day = $3 AND e.superseded_at IS NULL
        WHERE found.times <> 1 ORDER BY ds.pake_id
        """,
        [band_hash for band_hash, _ in pairs],
        [signature_id for _, signature_id in pairs],
        day,
    )
    return [row["pake_id"] for row in wrong]


async def stray_bands(connection: Connection, bands: Bands) -> int:
    """Return how many bands of a random sample do not belong to a signature.

    The sample is some 2,000 of either table; all of them, if they are fewer.
    """
    return sum([await _stray(connection, table, bands) for table in (RECENT_BANDS, MAIN_BANDS)])


async def _stray(connection: Connection, table: str, bands: Bands) -> int:
    rows = await connection.fetch(
        f"""
        SELECT b.signature_id, b.band_hash, s.kind, s.minhash
        FROM {table} b TABLESAMPLE SYSTEM ((
            SELECT least(100, 100 * $1::real / greatest(reltuples, 1)) FROM pg_class
            WHERE oid = '{table}'::regclass)) LEFT JOIN signatures s USING (signature_id)
        LIMIT $1
        """,
        _SAMPLE,
    )
    held = {row["signature_id"]: (row["kind"], row["minhash"]) for row in rows if row["kind"] is not None}
    due = set(banded([Signature(signature_id, *rest) for signature_id, rest in held.items()], bands))
    return sum((row["band_hash"], row["signature_id"]) not in due for row in rows)
