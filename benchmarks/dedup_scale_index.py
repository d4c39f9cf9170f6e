"""An index of any size for `dedup_scale`: a few real documents among signatures of texts that nobody wrote.

The invented signatures are uniformly random, as those of unrelated texts are; their bands are the product's own. Their
documents are not there: what they cost is no part of the index.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from pake_pipelines.dedup import minhash
from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.model.signature import Signature
from pake_pipelines.store import documents, entries, fetches, sources
from pake_pipelines.store.database import Connection
from pake_pipelines.store.signatures import MAIN_BANDS, RECENT_BANDS
from pake_pipelines.store.sources import SourceRow

_SOURCE: Final = SourceRow("bench", "Bench", "feed", "a", 0.5, "news", True, None)
_CHUNK: Final = 20_000
_LENGTHS: Final = {"words": 128, "title": 24}


async def store_documents(connection: Connection, written: Sequence[tuple[str, str]]) -> list[int]:
    """Store `written` (title, text) as kept documents in force; return their entry ids in that order."""
    now = datetime.now(UTC)
    await sources.sync_sources(connection, [_SOURCE])
    fetched = fetches.NewFetch("bench", now.date(), "a", now, None, None, 1, "0", "p")
    (fetch_id,) = await fetches.save_fetches(connection, [fetched], "bench")
    items = [pake_id("bench", str(number)) for number in range(len(written))]
    made = [
        entries.NewVersion(
            "bench", item, 1, now.date(), fetch_id,
            Entry(key=str(number), title=title, body=text, media_type="text/plain"),
        )
        for number, (item, (title, text)) in enumerate(zip(items, written, strict=True))
    ]  # fmt: skip
    await entries.save_entries(connection, made, "bench")
    rows = await connection.fetch("SELECT entry_id, pake_id FROM entries")
    ids = {row["pake_id"]: row["entry_id"] for row in rows}
    await documents.save_documents(
        connection,
        [_document(ids[item], *one) for item, one in zip(items, written, strict=True)],
        version="bench",
        run_id="bench",
    )
    return [ids[item] for item in items]


def _document(entry_id: int, title: str, text: str) -> Document:
    return Document(
        entry_id=entry_id, title=title, text=text, canonical_url=None, content_hash=content_hash(text),
        embedding_key=embedding_key(title, text), language=Language("en", 1.0), structure=Structure(),
        linguistics=Linguistics(), dropped=None,
    )  # fmt: skip


async def fill(connection: Connection, items: int, recent: int) -> None:
    """Let the signatures of `items` invented texts with titles be all, with the bands of the last `recent` of them new.

    The large index of bands is built once they are there; the recent one grows with them, as it does in life.
    """
    # emptied in this transaction, the tables take rows that no vacuum need look at again
    await connection.execute(f"TRUNCATE signatures, document_signatures, {MAIN_BANDS}, {RECENT_BANDS}")
    # unchecked references: there is no entry for a document with a negative id
    await connection.execute("SET LOCAL session_replication_role = replica")
    index = await connection.fetchval("SELECT indexdef FROM pg_indexes WHERE indexname = $1", f"{MAIN_BANDS}_lookup")
    await connection.execute(f"DROP INDEX {MAIN_BANDS}_lookup")
    rng, start = np.random.default_rng(items), 0
    for table, some in ((MAIN_BANDS, items - recent), (RECENT_BANDS, recent)):
        for count in _chunks(some):
            made = list(_invented(rng, count))
            await _copy(connection, "signatures", _signature_rows(made))
            await _copy(connection, "document_signatures", _owner_rows(made, start))
            await _copy(connection, table, _band_rows(made))
            start += count
    await connection.execute(index)
    await connection.execute("SET LOCAL session_replication_role = origin")


async def add_recent_bands(connection: Connection, items: int, seed: int) -> None:
    """Write the bands of `items` more invented texts with titles, and nothing else of them, to the recent table."""
    rng = np.random.default_rng(seed)
    for count in _chunks(items):
        await _copy(connection, RECENT_BANDS, _band_rows(list(_invented(rng, count))), freeze=False)


def _chunks(items: int) -> Iterator[int]:
    for start in range(0, items, _CHUNK):
        yield min(_CHUNK, items - start)


def _invented(rng: np.random.Generator, texts: int) -> Iterator[Signature]:
    for kind, length in _LENGTHS.items():
        values = rng.integers(0, 2**32, size=(texts, length), dtype=np.uint32)
        ids = rng.integers(0, 2**63, size=texts, dtype=np.int64).tolist()
        for signature_id, row in zip(ids, values, strict=True):
            yield Signature(signature_id, kind, row.astype("<u4").tobytes())


async def _copy(connection: Connection, table: str, rows: bytes, *, freeze: bool = True) -> None:
    """COPY `rows`, in PostgreSQL's binary format, into `table`."""
    header = b"PGCOPY\n\xff\r\n\0" + bytes(8)

    async def stream() -> Any:
        yield header + rows + b"\xff\xff"

    await connection.copy_to_table(table, source=stream(), format="binary", freeze=freeze)


def _binary(*columns: Sequence[bytes] | np.ndarray) -> bytes:
    """Return rows of fixed-width columns: numbers as big-endian int64, and bytes of one length."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for number, column in enumerate(columns):
        width = 8 if isinstance(column, np.ndarray) else len(column[0])
        fields += [(f"n{number}", ">i4"), (f"v{number}", ">i8" if isinstance(column, np.ndarray) else f"V{width}")]
    rows = np.empty(len(columns[0]), dtype=fields)
    rows["fields"] = len(columns)
    for number, column in enumerate(columns):
        if isinstance(column, np.ndarray):
            rows[f"n{number}"], rows[f"v{number}"] = 8, column
        else:
            rows[f"n{number}"] = len(column[0])
            rows[f"v{number}"] = np.frombuffer(b"".join(column), dtype=f"V{len(column[0])}")
    return rows.tobytes()


def _signature_rows(made: Sequence[Signature]) -> bytes:
    found = b""
    for kind in _LENGTHS:
        some = [one for one in made if one.kind == kind]
        same = len(some)
        found += _binary(
            _ids(some),
            [kind.encode()] * same,
            [minhash.version().encode()] * same,
            [one.minhash for one in some],
        )
    return found


def _owner_rows(made: Sequence[Signature], start: int) -> bytes:
    numbers = np.arange(len(made)) % (len(made) // len(_LENGTHS)) + start + 1
    items = [hashlib.blake2b(str(number).encode(), digest_size=16).digest() for number in numbers.tolist()]
    return _binary(-numbers, _ids(made), items)


def _band_rows(made: Sequence[Signature]) -> bytes:
    found = b""
    for kind in _LENGTHS:
        some = [one for one in made if one.kind == kind]
        hashes = np.array(minhash.bands(some), dtype=np.int64)
        found += _binary(hashes.ravel(), np.repeat(_ids(some), hashes.shape[1]))
    return found


def _ids(made: Iterable[Signature]) -> np.ndarray:
    return np.array([one.signature_id for one in made], dtype=np.int64)
