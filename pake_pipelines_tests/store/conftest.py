"""What the tests of this room share: a source with items, put in through the store's own functions."""

from datetime import timedelta

import pytest

from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.store import documents, entries, fetches, sources
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.conftest import NOW, TODAY


class Shelf:
    """Puts items of the source `s` into the store and names them by their keys."""

    def __init__(self, database):
        self.database = database
        self.fetches = 0

    def id(self, key):
        return pake_id("s", key)

    async def open(self):
        async with self.database.transaction() as connection:
            await sources.sync_sources(connection, [SourceRow("s", "S", "feed", "a", 0.5, "news", True, None)])
        return self

    async def put(self, keys, *, day=TODAY, body="text", run_id="run-1"):
        """Store a version of each of `keys`."""
        self.fetches += 1
        async with self.database.transaction() as connection:
            fetched = fetches.NewFetch(
                "s", day, "a", NOW + timedelta(seconds=self.fetches), None, None, 1, str(self.fetches), "p"
            )
            (fetch_id,) = await fetches.save_fetches(connection, [fetched], run_id)
            known = await entries.current_versions(connection, [("s", key) for key in keys])
            versions = {key: known["s", key].version + 1 if ("s", key) in known else 1 for key in keys}
            made = [
                entries.NewVersion("s", self.id(key), versions[key], day, fetch_id,
                                   Entry(key=key, title=key, body=body, media_type="text/plain"))
                for key in keys
            ]  # fmt: skip
            await entries.save_entries(connection, made, run_id)

    async def entry_ids(self, *keys):
        async with self.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT pake_id, entry_id FROM entries WHERE superseded_at IS NULL AND pake_id = ANY ($1::uuid[])",
                [self.id(key) for key in keys],
            )
        found = {row["pake_id"]: row["entry_id"] for row in rows}
        return [found[self.id(key)] for key in keys]

    async def write(self, texts, *, urls=None, dropped=None):
        """Store the document of each key in `texts`."""
        ids = await self.entry_ids(*texts)
        made = [
            Document(
                entry_id=entry_id, title=key, text=text, canonical_url=(urls or {}).get(key),
                content_hash=content_hash(text), embedding_key=embedding_key(key, text), language=Language("en", 1.0),
                structure=Structure(), linguistics=Linguistics(), dropped=dropped,
            )
            for entry_id, (key, text) in zip(ids, texts.items(), strict=True)
        ]  # fmt: skip
        async with self.database.transaction() as connection:
            return await documents.save_documents(connection, made, version="1", run_id="run-1")


@pytest.fixture
async def shelf(database):
    return await Shelf(database).open()


@pytest.fixture
async def four(shelf):
    """Four items, of which a and b share their words, b and c an address."""
    await shelf.put("abcd")
    await shelf.write(
        {"a": "The same WORDS.", "b": "the same words", "c": "others", "d": "alone"},
        urls={"b": "https://x.example/1", "c": "https://x.example/1", "d": "https://x.example/2"},
    )
    return shelf
