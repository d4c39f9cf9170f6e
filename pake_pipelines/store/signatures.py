"""Signatures of texts and titles and the index of their bands (`signatures`, `document_signatures`, `signature_bands`).

Two signatures that have a band hash in common are worth comparing. The bands follow from the signature; they are
computed on a higher floor, so every function that needs them is handed that computation.

A band is in one of two tables, new ones in the recent; `all_signature_bands` is both. Whoever needs more than that
view touches the recent one first: a band that is moved meanwhile is then seen once, and nobody waits in a circle.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pake_pipelines.model.signature import Signature, SignatureKind
from pake_pipelines.store.database import Connection

Bands: TypeAlias = Callable[[Sequence[Signature]], Sequence[Sequence[int]]]
"""Returns the band hashes (signed 64-bit) of each signature."""

RECENT_BANDS: Final = "signature_bands_recent"
MAIN_BANDS: Final = "signature_bands"

# boilerplate: however many share a band or a signature, the first few of them stand for all
_SIGNATURES_OF_A_BAND: Final = 50
_DOCUMENTS_OF_A_SIGNATURE: Final = 10

# A batch is tiny beside the index, whatever the planner thinks: LIMIT in a LATERAL keeps it from reading all of it.
# A document has at most three signatures, one of each kind.
_MINE: Final = """
    SELECT entry_id, ds.signature_id, ds.pake_id FROM unnest($1::bigint[]) AS given(entry_id) CROSS JOIN LATERAL (
        SELECT signature_id, pake_id FROM document_signatures ds WHERE ds.entry_id = given.entry_id LIMIT 3) AS ds
"""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A document without signatures of the current version."""

    entry_id: int
    title: str
    text: str


async def unsigned(connection: Connection, entry_ids: Sequence[int], version: str) -> list[Unsigned]:
    """Return those documents of `entry_ids` that have no signature of `version`, with or without anything to sign."""
    rows = await connection.fetch(
        f"""
        SELECT d.entry_id, d.title, d.text FROM documents d
        WHERE d.entry_id = ANY ($1::bigint[]) AND d.entry_id <> ALL (ARRAY(
            SELECT entry_id FROM ({_MINE}) AS mine CROSS JOIN LATERAL (
                SELECT version FROM signatures s WHERE s.signature_id = mine.signature_id LIMIT 1) AS s
            WHERE s.version = $2))
        ORDER BY d.entry_id
        """,
        list(entry_ids),
        version,
    )
    return [Unsigned(**row) for row in rows]


async def save_signatures(
    connection: Connection, made: Mapping[int, Sequence[Signature]], *, version: str, bands: Bands
) -> None:
    """Let the signatures `made` be those of their documents; superseded versions of the same items lose theirs.

    Whoever inserts a signature writes its bands; another transaction with the same signature waits for that one's end.
    Belongs into one transaction.
    """
    await connection.execute(
        """
        DELETE FROM document_signatures WHERE entry_id = ANY (ARRAY(
            SELECT e.entry_id FROM entries mine JOIN entries e USING (pake_id)
            WHERE mine.entry_id = ANY ($1::bigint[])
              AND (e.entry_id = mine.entry_id OR e.superseded_at IS NOT NULL)))
        """,
        list(made),
    )
    distinct = {one.signature_id: one for signatures in made.values() for one in signatures}
    await write_bands(connection, await _insert(connection, list(distinct.values()), version), bands)
    await connection.execute(
        """
        INSERT INTO document_signatures (entry_id, signature_id, pake_id)
        SELECT DISTINCT entry_id, signature_id, pake_id
        FROM unnest($1::bigint[], $2::bigint[]) AS given(entry_id, signature_id) JOIN entries USING (entry_id)
        """,
        [entry_id for entry_id, signatures in made.items() for _ in signatures],
        [one.signature_id for signatures in made.values() for one in signatures],
    )


async def _insert(connection: Connection, signatures: Sequence[Signature], version: str) -> list[Signature]:
    """Insert those of `signatures` that are not there, and return them; lock the others against removal."""
    rows = await connection.fetch(
        """
        INSERT INTO signatures (signature_id, kind, version, minhash)
        SELECT signature_id, kind, $4, minhash FROM unnest($1::bigint[], $2::text[], $3::bytea[])
            AS given(signature_id, kind, minhash) ORDER BY signature_id
        -- unlike DO NOTHING this locks the row that is there
        ON CONFLICT (signature_id) DO UPDATE SET kind = excluded.kind WHERE false
        RETURNING signature_id
        """,
        [one.signature_id for one in signatures],
        [one.kind for one in signatures],
        [one.minhash for one in signatures],
        version,
    )
    new = {row["signature_id"] for row in rows}
    return [one for one in signatures if one.signature_id in new]


async def write_bands(
    connection: Connection, signatures: Sequence[Signature], bands: Bands, table: str = RECENT_BANDS
) -> int:
    """Write the bands of `signatures` to `table` in the order of its index, in which pages are visited; count them."""
    records = sorted(banded(signatures, bands))
    await connection.copy_records_to_table(table, columns=("band_hash", "signature_id"), records=records)
    return len(records)


def banded(signatures: Sequence[Signature], bands: Bands) -> list[tuple[int, int]]:
    """Return (band hash, signature id) of every band of `signatures`."""
    return [
        (band_hash, one.signature_id)
        for one, hashes in zip(signatures, bands(signatures), strict=True)
        for band_hash in hashes
    ]


async def forget(connection: Connection, entry_ids: Sequence[int]) -> None:
    """Take their signatures from the documents `entry_ids`, whose title or text has changed."""
    await connection.execute("DELETE FROM document_signatures WHERE entry_id = ANY ($1::bigint[])", list(entry_ids))


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Another document whose text or title has `hits` bands in common with that of `entry_id`."""

    entry_id: int
    other_entry_id: int
    kind: SignatureKind
    hits: int
    minhash: bytes
    other_minhash: bytes


async def lookalikes(connection: Connection, entry_ids: Sequence[int], *, bands: Bands, limit: int) -> list[Lookalike]:
    """Return for each of `entry_ids` and each kind up to `limit` others, those with most bands in common first.

    Others are kept documents in force. The cost is bounded whatever the documents share: of the signatures with one
    band the 50 smallest ids count, of the documents with one signature the 10 with the smallest pake_ids.
    """
    mine = await _signatures_of(connection, entry_ids)
    # in the order of the index: where its pages have to be fetched first, a sixth faster
    given = sorted(banded(mine, bands))
    rows = await connection.fetch(
        f"""
        WITH given AS MATERIALIZED (
            SELECT band_hash, signature_id FROM unnest($2::bigint[], $3::bigint[]) AS g(band_hash, signature_id)
        ), mine AS MATERIALIZED ({_MINE}
        ), shared AS MATERIALIZED (
            SELECT g.signature_id, b.signature_id AS other_id, count(*) AS hits
            FROM given g CROSS JOIN LATERAL (
                SELECT b.signature_id FROM all_signature_bands b
                WHERE b.band_hash = g.band_hash AND b.signature_id <> g.signature_id
                ORDER BY b.signature_id LIMIT {_SIGNATURES_OF_A_BAND}
            ) AS b
            GROUP BY g.signature_id, b.signature_id
            UNION ALL
            SELECT signature_id, signature_id, count(*) FROM given GROUP BY signature_id
        ), speakers AS MATERIALIZED (
            SELECT other_id, o.entry_id, o.pake_id
            FROM (SELECT DISTINCT other_id FROM shared) AS others CROSS JOIN LATERAL (
                SELECT ds.entry_id, ds.pake_id
                FROM document_signatures ds JOIN entries e USING (entry_id) JOIN documents d USING (entry_id)
                WHERE ds.signature_id = other_id AND e.superseded_at IS NULL AND d.dropped IS NULL
                ORDER BY ds.pake_id LIMIT {_DOCUMENTS_OF_A_SIGNATURE}
            ) AS o
        ), closest AS MATERIALIZED (
            SELECT signature_id, other_id, hits FROM (
                SELECT *, row_number() OVER (PARTITION BY signature_id ORDER BY hits DESC, other_id) AS place
                FROM shared WHERE other_id IN (SELECT other_id FROM speakers)
            ) AS ranked
            -- one place more: a signature is its own closest
            WHERE place <= $4 + 1
        )
        SELECT entry_id, other_entry_id, s.kind, hits, s.minhash, o.minhash AS other_minhash
        FROM (
            SELECT mine.entry_id, sp.entry_id AS other_entry_id, mine.signature_id, c.other_id, c.hits,
                   row_number() OVER (
                       PARTITION BY mine.entry_id, mine.signature_id ORDER BY c.hits DESC, sp.pake_id) AS place
            FROM mine JOIN closest c USING (signature_id) JOIN speakers sp USING (other_id)
            WHERE sp.pake_id <> mine.pake_id
        ) AS ranked
        CROSS JOIN LATERAL (
            SELECT kind, minhash FROM signatures s WHERE s.signature_id = ranked.signature_id LIMIT 1) AS s
        CROSS JOIN LATERAL (SELECT minhash FROM signatures o WHERE o.signature_id = ranked.other_id LIMIT 1) AS o
        WHERE place <= $4
        ORDER BY entry_id, s.kind, place
        """,
        list(entry_ids),
        [band_hash for band_hash, _ in given],
        [signature_id for _, signature_id in given],
        limit,
    )
    return [Lookalike(**row) for row in rows]


async def _signatures_of(connection: Connection, entry_ids: Sequence[int]) -> list[Signature]:
    rows = await connection.fetch(
        f"""
        SELECT signature_id, s.kind, s.minhash FROM (SELECT DISTINCT signature_id FROM ({_MINE}) AS mine) AS wanted
        CROSS JOIN LATERAL (
            SELECT kind, minhash FROM signatures s WHERE s.signature_id = wanted.signature_id LIMIT 1) AS s
        """,
        list(entry_ids),
    )
    return [Signature(**row) for row in rows]
