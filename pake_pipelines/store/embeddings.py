"""Embeddings: one vector for each text and model, and the search for its neighbours (`embeddings`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.store.database import Connection

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Waiting:
    """A text that has no vector yet under some model, by one of the items that share it; `octets` is its length."""

    entry_id: int
    octets: int


@dataclass(frozen=True, slots=True)
class Unembedded:
    """The same with its words, as far as they were asked for."""

    embedding_key: str
    title: str
    text: str


async def missing(connection: Connection, entry_ids: Sequence[int], model: str) -> list[Waiting]:
    """Return the texts of `entry_ids` that `model` has not embedded yet, each once, longest first."""
    rows = await connection.fetch(
        """
        SELECT min(d.entry_id) AS entry_id, min(octet_length(d.title) + octet_length(d.text)) AS octets
        FROM documents d
        WHERE d.entry_id = ANY ($1::bigint[]) AND NOT EXISTS (
            SELECT 1 FROM embeddings v WHERE v.embedding_key = d.embedding_key AND v.model = $2)
        GROUP BY d.embedding_key
        ORDER BY octets DESC, d.embedding_key
        """,
        list(entry_ids),
        model,
    )
    return [Waiting(**row) for row in rows]


async def unembedded(
    connection: Connection, entry_ids: Sequence[int], model: str, *, characters: int
) -> list[Unembedded]:
    """Return the first `characters` of the texts of `entry_ids` that `model` has still not embedded, each once."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (d.embedding_key) d.embedding_key, left(d.title, $3) AS title, left(d.text, $3) AS text
        FROM documents d
        WHERE d.entry_id = ANY ($1::bigint[]) AND NOT EXISTS (
            SELECT 1 FROM embeddings v WHERE v.embedding_key = d.embedding_key AND v.model = $2)
        ORDER BY d.embedding_key, d.entry_id
        """,
        list(entry_ids),
        model,
        characters,
    )
    return [Unembedded(**row) for row in rows]


async def embedded(connection: Connection, entry_ids: Sequence[int], model: str) -> list[int]:
    """Return those of `entry_ids` whose present text has a vector under `model`."""
    rows = await connection.fetch(
        """
        SELECT d.entry_id FROM documents d JOIN embeddings v ON v.embedding_key = d.embedding_key AND v.model = $2
        WHERE d.entry_id = ANY ($1::bigint[])
        """,
        list(entry_ids),
        model,
    )
    return [row["entry_id"] for row in rows]


async def save_embeddings(
    connection: Connection, vectors: Mapping[str, "np.ndarray"], *, model: str, run_id: str
) -> None:
    """Store `vectors` (384 float32 each, unit length) by their embedding key."""
    if not vectors:
        return
    await connection.execute(
        """
        INSERT INTO embeddings (embedding_key, model, vector, run_id)
        SELECT key, $3, vector::halfvec, $4 FROM unnest($1::text[], $2::text[]) AS given(key, vector)
        ON CONFLICT (embedding_key, model) DO NOTHING
        """,
        list(vectors),
        [_literal(vector) for vector in vectors.values()],
        model,
        run_id,
    )
    crash.point(CrashPoint.EMBEDDINGS_WRITTEN)


def _literal(vector: "np.ndarray") -> str:
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An item whose text lies close to another's; `similarity` is the cosine in [-1, 1]."""

    entry_id: int
    neighbour_entry_id: int
    similarity: float


async def neighbours(
    connection: Connection, entry_ids: Sequence[int], *, model: str, at_least: float, limit: int
) -> list[Neighbour]:
    """Return for each of `entry_ids` up to `limit` other items with a cosine of `at_least`, closest first.

    Items with the very same text are not neighbours; the exact level finds them. One vector may stand for several
    items: the item with the smallest pake_id speaks for them.
    """
    # vectors of earlier models are in the same index: without going on, they would use up what one search finds
    await connection.execute("SET LOCAL hnsw.ef_search = 100; SET LOCAL hnsw.iterative_scan = strict_order")
    rows = await connection.fetch(
        """
        -- materialized, or the planner may search for the neighbours of every vector there is before it looks at $1
        WITH mine AS MATERIALIZED (
            SELECT e.entry_id, d.embedding_key, v.vector
            FROM unnest($1::bigint[]) AS e(entry_id)
            JOIN documents d USING (entry_id)
            JOIN embeddings v ON v.embedding_key = d.embedding_key AND v.model = $2
        )
        SELECT mine.entry_id, n.entry_id AS neighbour_entry_id, n.similarity
        FROM mine
        CROSS JOIN LATERAL (
            SELECT near.embedding_key, 1 - (near.vector <=> mine.vector) AS similarity
            FROM embeddings near WHERE near.model = $2
            ORDER BY near.vector <=> mine.vector LIMIT $4 + 1
        ) AS near
        CROSS JOIN LATERAL (
            SELECT o.pake_id, o.entry_id, near.similarity FROM documents od JOIN entries o USING (entry_id)
            WHERE od.embedding_key = near.embedding_key AND od.dropped IS NULL AND o.superseded_at IS NULL
            ORDER BY o.pake_id LIMIT 1
        ) AS n
        WHERE near.embedding_key <> mine.embedding_key AND n.similarity >= $3
        ORDER BY mine.entry_id, n.similarity DESC, n.pake_id
        """,
        list(entry_ids),
        model,
        at_least,
        limit,
    )
    return [Neighbour(**row) for row in rows]


async def cosines(
    connection: Connection, pairs: Sequence[tuple[int, int]], *, model: str
) -> dict[tuple[int, int], float | None]:
    """Return the cosine of the vectors of each pair of entries, None where `model` has not embedded one of them."""
    rows = await connection.fetch(
        """
        SELECT a, b, 1 - (av.vector <=> bv.vector) AS cosine
        FROM unnest($1::bigint[], $2::bigint[]) AS pair(a, b)
        JOIN documents ad ON ad.entry_id = a JOIN documents bd ON bd.entry_id = b
        LEFT JOIN embeddings av ON av.embedding_key = ad.embedding_key AND av.model = $3
        LEFT JOIN embeddings bv ON bv.embedding_key = bd.embedding_key AND bv.model = $3
        """,
        [one for one, _ in pairs],
        [other for _, other in pairs],
        model,
    )
    return {(row["a"], row["b"]): row["cosine"] for row in rows}
