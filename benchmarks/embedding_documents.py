"""Documents as the stage before leaves them, put into a project without fetching and cleaning them first."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.settings import Settings
from pake_pipelines.store import documents, entries, fetches, sources
from pake_pipelines.store.database import open_database
from pake_pipelines.store.entries import NewVersion
from pake_pipelines.store.fetches import NewFetch
from pake_pipelines.store.sources import SourceRow


async def store_documents(settings: Settings, source: str, items: Sequence[tuple[str, str]], day: date) -> None:
    """Store `items` (title, text) as documents of `source` on `day`."""
    async with open_database(Kit.of(settings).database) as database, database.transaction() as connection:
        await sources.sync_sources(connection, [SourceRow(source, source, "feed", "a", 0.5, "news", True, None)])
        fetch = NewFetch(source, day, "a", datetime.now(UTC), None, None, len(items), source, "p")
        (fetch_id,) = await fetches.save_fetches(connection, [fetch], source)
        ids = [pake_id(source, str(number)) for number in range(len(items))]
        await entries.save_entries(
            connection,
            [
                NewVersion(source, ids[number], 1, day, fetch_id,
                           Entry(key=str(number), title=title, body=text, media_type="text/plain"))
                for number, (title, text) in enumerate(items)
            ],
            source,
        )  # fmt: skip
        rows = await connection.fetch("SELECT pake_id, entry_id FROM entries WHERE pake_id = ANY ($1::uuid[])", ids)
        entry_ids = {row["pake_id"]: row["entry_id"] for row in rows}
        await documents.save_documents(
            connection,
            [
                Document(
                    entry_id=entry_ids[one], title=title, text=text, canonical_url=None,
                    content_hash=content_hash(text), embedding_key=embedding_key(title, text),
                    language=Language("en", 1.0), structure=Structure(), linguistics=Linguistics(),
                )
                for one, (title, text) in zip(ids, items, strict=True)
            ],
            version="1",
            run_id=source,
        )  # fmt: skip
