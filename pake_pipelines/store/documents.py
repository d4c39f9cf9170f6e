"""Documents: the clean text of entry versions (`documents`)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.store import marks, signals, signatures
from pake_pipelines.store.database import Connection
from pake_pipelines.store.marks import Stage


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What is known of a document without reading it, with what its entry and source say, as stages judge by it.

    `is_copy` is None while the document was not compared with others.
    """

    entry_id: int
    pake_id: UUID
    source: str
    source_name: str
    authority: float
    authority_basis: str
    url: str | None
    key: str
    published_at: datetime | None
    characters: int
    language: Language
    structure: Structure
    linguistics: Linguistics
    is_copy: bool | None


async def save_documents(
    connection: Connection, documents: Sequence[Document], *, version: str, run_id: str
) -> list[int]:
    """Store `documents` with their marks; return the entries whose document is new or differs from the stored one.

    The stages behind are asked to look again at those that differ. Belongs into one transaction.
    """
    rows = await connection.fetch(
        """
        INSERT INTO documents AS d (entry_id, title, text, canonical_url, content_hash, embedding_key, language,
                                    language_probability, structure, linguistics, truncated, dropped, problems, hrefs)
        SELECT * FROM jsonb_to_recordset($1) AS g(entry_id bigint, title text, text text, canonical_url text,
             content_hash text, embedding_key text, language text, language_probability real, structure jsonb,
             linguistics jsonb, truncated boolean, dropped text, problems text[], hrefs text[])
        ON CONFLICT (entry_id) DO UPDATE SET (title, text, canonical_url, content_hash, embedding_key, language,
                language_probability, structure, linguistics, truncated, dropped, problems, hrefs)
            = (excluded.title, excluded.text, excluded.canonical_url, excluded.content_hash, excluded.embedding_key,
               excluded.language, excluded.language_probability, excluded.structure, excluded.linguistics,
               excluded.truncated, excluded.dropped, excluded.problems, excluded.hrefs)
        WHERE d IS DISTINCT FROM excluded
        RETURNING entry_id
        """,
        [_record(document) for document in documents],
    )
    changed = [row["entry_id"] for row in rows]
    await signatures.forget(connection, changed)
    await signals.forget_signals(connection, changed)
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
        "hrefs": list(document.hrefs),
    }


async def load_documents(connection: Connection, entry_ids: Sequence[int]) -> list[StoredDocument]:
    """Return what is known of the documents of `entry_ids`, in that order."""
    rows = await connection.fetch(
        """
        SELECT e.entry_id, e.pake_id, i.source, s.name AS source_name, s.authority, s.authority_basis,
               e.url, i.key, e.published_at, d.characters, d.language, d.language_probability, d.structure,
               d.linguistics - '{entities,key_phrases}'::text[] AS linguistics,
               CASE WHEN c.entry_id IS NOT NULL THEN coalesce(g.canonical_id <> e.pake_id, false) END AS is_copy
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(entry_id, position)
        JOIN entries e USING (entry_id) JOIN documents d USING (entry_id) JOIN items i USING (pake_id)
        JOIN sources s USING (source)
        LEFT JOIN stage_marks c ON c.entry_id = e.entry_id AND c.stage = 'duplicates' AND c.version <> ''
        LEFT JOIN duplicate_members m USING (pake_id) LEFT JOIN duplicate_groups g USING (group_id)
        ORDER BY position
        """,
        list(entry_ids),
    )
    return [_document(dict(row)) for row in rows]


def _document(row: dict[str, Any]) -> StoredDocument:
    return StoredDocument(
        language=Language(row.pop("language"), row.pop("language_probability")),
        structure=Structure(**row.pop("structure")),
        linguistics=Linguistics(**row.pop("linguistics")),
        **row,
    )
