"""A knowledge base of any size for `backup`: written texts with their entries, nodes and vectors, no filler.

Vectors are drawn around a few hundred centres, as those of real texts lie in clumps; the index over them is built at
the end, as it is when a backup is restored.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from benchmarks.corpus import Writer
from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.identity import pake_id
from pake_pipelines.store.database import Connection

_CHUNK: Final = 1_000
_CENTRES: Final = 300
_DIMENSIONS: Final = 384
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)


async def fill(connection: Connection, size: int, seed: int = 0) -> int:
    """Write documents until the database has `size` bytes; return how many. `connection` has no codecs of its own."""
    await connection.execute("SET search_path = pake, public")
    await connection.execute(
        "INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)"
        " VALUES ('bench', 'Bench', 'feed', 'https://bench.example/', 0.5, 'news', true)"
    )
    fetch_id = await connection.fetchval(
        "INSERT INTO raw_fetches (source, day, url, fetched_at, bytes, sha256, lake_path, run_id)"
        " VALUES ('bench', '2026-01-01', 'https://bench.example/', $1, 1, '0', 'p', 'bench') RETURNING fetch_id",
        _BEGIN,
    )
    index = await connection.fetchval("SELECT indexdef FROM pg_indexes WHERE indexname = 'embeddings_hnsw'")
    await connection.execute("DROP INDEX embeddings_hnsw")
    writer, random = Writer(seed), np.random.default_rng(seed)
    centres, number = random.standard_normal((_CENTRES, _DIMENSIONS)), 0
    # the index on the vectors takes about 1.3 times their own room
    while await _size(connection) + number * 1_100 < size:
        rows = list(_documents(writer, random, number))
        await _store(connection, rows, fetch_id)
        await _embed(connection, rows, random, centres)
        number += _CHUNK
    await connection.execute(index)
    await connection.execute("SELECT setval(pg_get_serial_sequence('entries', 'entry_id'), $1::bigint)", number)
    await connection.execute("ANALYZE")
    return number


async def _size(connection: Connection) -> int:
    size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    return size


def _documents(writer: Writer, random: np.random.Generator, begin: int) -> Iterator[dict[str, Any]]:
    """Yield a chunk of documents, most of one or two kilobytes and some of ten, as articles are."""
    for number in range(begin, begin + _CHUNK):
        parts = [writer.document() for _ in range(min(8, int(random.pareto(1.5)) + 1))]
        title, text = parts[0][0], "\n\n".join(part for _, part in parts)
        item = pake_id("bench", str(number))
        yield {
            "number": number + 1,
            "item": item,
            "title": title,
            "text": text,
            "at": _BEGIN + timedelta(minutes=number),
        }


async def _store(connection: Connection, rows: list[dict[str, Any]], fetch_id: int) -> None:
    await connection.copy_records_to_table(
        "items",
        records=[(row["item"], "bench", str(row["number"])) for row in rows],
        columns=["pake_id", "source", "key"],
    )
    await connection.copy_records_to_table(
        "entries",
        records=[
            (
                row["number"], row["item"], 1, row["at"].date(), row["title"], f"https://bench.example/{row['number']}",
                row["at"], f"<p>{row['text']}</p>", "text/html", content_hash(row["text"]), fetch_id, "bench",
            )
            for row in rows
        ],
        columns=[
            "entry_id", "pake_id", "version", "day", "title", "url", "published_at", "body", "media_type",
            "entry_hash", "fetch_id", "run_id",
        ],
    )  # fmt: skip
    await connection.copy_records_to_table(
        "documents",
        records=[
            (
                row["number"], row["title"], row["text"], content_hash(row["text"]),
                embedding_key(row["title"], row["text"]), "en", 1.0, "{}", "{}", False,
            )
            for row in rows
        ],
        columns=[
            "entry_id", "title", "text", "content_hash", "embedding_key", "language", "language_probability",
            "structure", "linguistics", "truncated",
        ],
    )  # fmt: skip
    await connection.copy_records_to_table(
        "knowledge_nodes",
        records=[
            (
                row["item"], row["number"], row["title"], row["text"], 0.7, "Bench",
                f"https://bench.example/{row['number']}", row["title"].lower().split(),
                content_hash(row["text"]), "bench",
            )
            for row in rows
        ],
        columns=[
            "pake_id", "entry_id", "title", "content", "confidence_score", "source_name", "source_uri", "tags",
            "content_hash", "run_id",
        ],
    )  # fmt: skip


async def _embed(
    connection: Connection, rows: list[dict[str, Any]], random: np.random.Generator, centres: np.ndarray
) -> None:
    chosen = centres[random.integers(0, _CENTRES, len(rows))]
    vectors = chosen + 0.6 * random.standard_normal(chosen.shape)
    await connection.execute(
        "INSERT INTO embeddings (embedding_key, model, vector, run_id)"
        " SELECT key, 'all-MiniLM-L6-v2', vector::halfvec, 'bench'"
        " FROM unnest($1::text[], $2::text[]) AS g(key, vector) ON CONFLICT DO NOTHING",
        [embedding_key(row["title"], row["text"]) for row in rows],
        ["[" + ",".join(f"{value:.4f}" for value in vector) + "]" for vector in vectors],
    )
