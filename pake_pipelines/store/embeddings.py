"""Embeddings: one vector for each text and model, and the search for its neighbours (`embeddings`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.store.database import Connection

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A text that has no vector yet under some model; several items may share it."""

    embedding_key: str
    title: str
    text: str


async def missing(connection: Connection, entry_ids: Sequence[int], model: str) -> list[Unembedded]:
    """Return the texts of `entry_ids` that `model` has not embedded yet, each once."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (d.embedding_key) d.embedding_key, d.title, d.text FROM documents d
        WHERE d.entry_id = ANY ($1::bigint[]) AND NOT EXISTS (
            SELECT 1 FROM embeddings v WHERE v.embedding_key = d.embedding_key AND v.model = $2)
        ORDER BY d.embedding_key, d.entry_id
        """,
        list(entry_ids),
        model,
    )
    return [Unembedded(**row) for row in rows]


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
    neighbour_id: UUID
    neighbour_entry_id: int
    similarity: float


async def neighbours(
    connection: Connection, entry_ids: Sequence[int], *, model: str, at_least: float, limit: int
) -> list[Neighbour]:
    """Return for each of `entry_ids` up to `limit` other items with a cosine of `at_least`, closest first.

    Items with the very same text are not neighbours; the exact level finds them. One vector may stand for several
    items: the item with the smallest pake_id speaks for them.
    """
    await connection.execute("SET LOCAL hnsw.ef_search = 100")
    rows = await connection.fetch(
        """
        -- materialized, or the planner may search for the neighbours of every vector there is before it looks at $1
        WITH mine AS MATERIALIZED (
            SELECT e.entry_id, d.embedding_key, v.vector
            FROM unnest($1::bigint[]) AS e(entry_id)
            JOIN documents d USING (entry_id)
            JOIN embeddings v ON v.embedding_key = d.embedding_key AND v.model = $2
        )
        SELECT mine.entry_id, n.pake_id AS neighbour_id, n.entry_id AS neighbour_entry_id, n.similarity
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


async def known_neighbours(connection: Connection, entry_ids: Sequence[int], *, model: str) -> list[Neighbour]:
    """Return for each of `entry_ids` the items that were compared with it before, at today's similarity.

    Nearness in a list of the closest few is not mutual: without these, comparing an item again would forget the pairs
    that were found from their other side.
    """
    rows = await connection.fetch(
        """
        SELECT e.entry_id, o.pake_id AS neighbour_id, o.entry_id AS neighbour_entry_id,
               1 - (ov.vector <=> v.vector) AS similarity
        FROM entries e JOIN documents d USING (entry_id)
        JOIN embeddings v ON v.embedding_key = d.embedding_key AND v.model = $2
        JOIN duplicate_candidates c ON e.pake_id IN (c.a_id, c.b_id) AND c.level = 'semantic'
        JOIN entries o ON o.pake_id = CASE WHEN c.a_id = e.pake_id THEN c.b_id ELSE c.a_id END
                      AND o.superseded_at IS NULL
        JOIN documents od ON od.entry_id = o.entry_id AND od.dropped IS NULL
        JOIN embeddings ov ON ov.embedding_key = od.embedding_key AND ov.model = $2
        WHERE e.entry_id = ANY ($1::bigint[]) AND od.embedding_key <> d.embedding_key
        ORDER BY e.entry_id, o.pake_id
        """,
        list(entry_ids),
        model,
    )
    return [Neighbour(**row) for row in rows]
