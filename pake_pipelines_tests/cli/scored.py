"""A knowledge base of scored items for the commands that measure scores, put in through the store's own functions."""

import asyncio
import random
from datetime import timedelta

from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.document import Document, Language, Linguistics, Structure
from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.store import documents, entries, fetches, sources
from pake_pipelines.store.database import open_database
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.conftest import NOW, TODAY

AUTHORITY = 0.6


class Base:
    """Items numbered from 0, their scores and whether they are good; the score of an item is less than its truth."""

    def __init__(self, url, number=0, slugs=("web", "mail", "notes", "wire", "press", "forum")):
        self.url = url
        drawing = random.Random(number)
        truths = [drawing.random() for _ in range(number)]
        self.scores = [truth**2 for truth in truths]
        self.good = [drawing.random() < truth for truth in truths]
        self.slugs = slugs
        if number:
            self.ids = asyncio.run(self._fill())

    def source(self, number):
        return self.slugs[number % len(self.slugs)]

    def pake_id(self, number):
        return str(pake_id(self.source(number), str(number)))

    def lines(self, numbers):
        """Return labels of items as a file of labels has them."""
        return [{"pake_id": self.pake_id(number), "good": self.good[number]} for number in numbers]

    def ask(self, statement, *values):
        """Return the rows of a query."""

        async def _ask():
            async with open_database(self.url) as database, database.connection() as connection:
                return [dict(row) for row in await connection.fetch(statement, *values)]

        return asyncio.run(_ask())

    async def _fill(self):
        async with open_database(self.url) as database, database.transaction() as connection:
            rows = [SourceRow(slug, slug.title(), "feed", slug, AUTHORITY, "news", True, None) for slug in self.slugs]
            await sources.sync_sources(connection, rows)
            made = [fetches.NewFetch(slug, TODAY, slug, NOW, None, None, 1, slug, "p") for slug in self.slugs]
            fetched = dict(zip(self.slugs, await fetches.save_fetches(connection, made, "run-1"), strict=True))
            await entries.save_entries(connection, [self._version(n, fetched) for n in range(len(self.good))], "run-1")
            ids = {
                row["pake_id"]: row["entry_id"]
                for row in await connection.fetch("SELECT pake_id, entry_id FROM entries")
            }
            in_order = [ids[pake_id(self.source(number), str(number))] for number in range(len(self.good))]
            texts = [self._document(number, entry_id) for number, entry_id in enumerate(in_order)]
            await documents.save_documents(connection, texts, version="1", run_id="run-1")
            factors = [{"name": "source_authority", "value": AUTHORITY, "weight": 0.25, "reason": "news"}]
            await connection.executemany(
                "INSERT INTO confidence_scores (entry_id, score, decision_score, factors) VALUES ($1, $2, $2, $3)",
                [(entry_id, score, factors) for entry_id, score in zip(in_order, self.scores, strict=True)],
            )
        return in_order

    def _version(self, number, fetched):
        source = self.source(number)
        entry = Entry(
            key=str(number), title=f"Item {number}", body=f"text {number}", media_type="text/plain",
            url=f"https://{source}.example/{number}", published_at=NOW - timedelta(hours=number),
        )  # fmt: skip
        return entries.NewVersion(source, pake_id(source, str(number)), 1, TODAY, fetched[source], entry)

    def _document(self, number, entry_id):
        text = f"The text of item {number}. " + "It goes on and on. " * (60 + number % 7) + f"Here item {number} ends."
        return Document(
            entry_id=entry_id, title=f"Item {number}", text=text, canonical_url=None, content_hash=content_hash(text),
            embedding_key=embedding_key(str(number), text), language=Language("en", 1.0), structure=Structure(),
            linguistics=Linguistics(),
        )  # fmt: skip
