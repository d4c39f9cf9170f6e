"""Documents: the clean text of entry versions (`documents`)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.store import marks, signatures
from pake_pipelines.store.database import Connection
from pake_pipelines.store.marks import Stage


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with what its entry and source say, as the judging stages read it."""

    entry_id: int
    pake_id: UUID
    source: str
    source_name: str
    authority: float
    authority_basis: str
    title: str
    text: str
    url: str | None
    key: str
    published_at: datetime | None
    fetched_at: datetime
    tags: tuple[str, ...]
    content_hash: str
    language: Language
    structure: Structure
    linguistics: Linguistics
    truncated: bool
    body: str
    is_copy: bool


async def save_documents(
    connection: Connection, documents: Sequence[Document], *, version: str, run_id: str
) -> list[int]:
    """Store `documents` with their marks; return the entries whose document is new or differs from the stored one.

    The stages behind are asked to look again at those that differ. Belongs into one transaction.
    """
    rows = await connection.fetch(
        """
        INSERT INTO documents AS d (entry_id, title, text, canonical_url, content_hash, embedding_key, language,
                                    language_probability, structure, linguistics, truncated, dropped, problems)
        SELECT * FROM jsonb_to_recordset($1) AS g(entry_id bigint, title text, text text, canonical_url text,
             content_hash text, embedding_key text, language text, language_probability real, structure jsonb,
             linguistics jsonb, truncated boolean, dropped text, problems text[])
        ON CONFLICT (entry_id) DO UPDATE SET (title, text, canonical_url, content_hash, embedding_key, language,
                language_probability, structure, linguistics, truncated, dropped, problems)
            = (excluded.title, excluded.text, excluded.canonical_url, excluded.content_hash, excluded.embedding_key,
               excluded.language, excluded.language_probability, excluded.structure, excluded.linguistics,
               excluded.truncated, excluded.dropped, excluded.problems)
        WHERE d IS DISTINCT FROM excluded
        RETURNING entry_id
        """,
        [_record(document) for document in documents],
    )
    changed = [row["entry_id"] for row in rows]
    await signatures.forget(connection, changed)
    crash.point(CrashPoint.DOCUMENTS_WRITTEN)
    await marks.disturb(connection, marks.after(Stage.DOCUMENTS), await pake_ids(connection, changed))
    entry_ids = [document.entry_id for document in documents]
    await marks.mark(connection, Stage.DOCUMENTS, entry_ids, version, run_id)
    return changed


async def dropped_items(connection: Connection, entry_ids: Sequence[int]) -> dict[UUID, str]:
    """Return the items of those of `entry_ids` that an ingest filter stopped, with its reason."""
    rows = await connection.fetch(
        """
        SELECT e.pake_id, d.dropped FROM entries e JOIN documents d USING (entry_id)
        WHERE e.entry_id = ANY ($1::bigint[]) AND d.dropped IS NOT NULL
        """,
        list(entry_ids),
    )
    return {row["pake_id"]: row["dropped"] for row in rows}


async def hold(connection: Connection, entry_ids: Sequence[int]) -> None:
    """Keep the documents of `entry_ids` as they are until this transaction ends: others wait to change them."""
    await connection.execute(
        "SELECT FROM documents WHERE entry_id = ANY ($1::bigint[]) ORDER BY entry_id FOR SHARE", list(entry_ids)
    )


async def pake_ids(connection: Connection, entry_ids: Sequence[int]) -> list[UUID]:
    """Return the items of the entry versions `entry_ids`."""
    rows = await connection.fetch(
        "SELECT pake_id FROM entries WHERE entry_id = ANY ($1::bigint[]) ORDER BY pake_id", list(entry_ids)
    )
    return [row["pake_id"] for row in rows]


def _record(document: Document) -> dict[str, Any]:
    return {
        "entry_id": document.entry_id,
        "title": document.title,
        "text": document.text,
        "canonical_url": document.canonical_url,
        "content_hash": document.content_hash,
        "embedding_key": document.embedding_key,
        "language": document.language.code,
        "language_probability": round(document.language.probability, 4),
        "structure": asdict(document.structure),
        "linguistics": asdict(document.linguistics),
        "truncated": document.truncated,
        "dropped": document.dropped,
        "problems": list(document.problems),
    }


async def load_documents(connection: Connection, entry_ids: Sequence[int]) -> list[StoredDocument]:
    """Return the documents of `entry_ids` with their entries and sources, in that order."""
    rows = await connection.fetch(
        """
        SELECT e.entry_id, e.pake_id, i.source, s.name AS source_name, s.authority, s.authority_basis, d.title, d.text,
               e.url, i.key, e.published_at, f.fetched_at, e.tags, d.content_hash, d.language, d.language_probability,
               d.structure, d.linguistics, d.truncated, e.body,
               coalesce(g.canonical_id <> e.pake_id, false) AS is_copy
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(entry_id, position)
        JOIN entries e USING (entry_id) JOIN documents d USING (entry_id) JOIN items i USING (pake_id)
        JOIN sources s USING (source) JOIN raw_fetches f USING (fetch_id)
        LEFT JOIN duplicate_members m USING (pake_id) LEFT JOIN duplicate_groups g USING (group_id)
        ORDER BY position
        """,
        list(entry_ids),
    )
    return [_document(dict(row)) for row in rows]


def _document(row: dict[str, Any]) -> StoredDocument:
    linguistics = row.pop("linguistics")
    entities = tuple((text, label) for text, label in linguistics.pop("entities"))
    return StoredDocument(
        language=Language(row.pop("language"), row.pop("language_probability")),
        structure=Structure(**row.pop("structure")),
        linguistics=Linguistics(**linguistics, entities=entities),
        tags=tuple(row.pop("tags")),
        **row,
    )
