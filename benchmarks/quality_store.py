"""A knowledge base of any size to be judged anew: real measures of a few thousand texts, given to many items."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from benchmarks.corpus import Writer
from pake_pipelines.config.loading import load_quality
from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.comparison import Edge
from pake_pipelines.model.document import Document
from pake_pipelines.model.entry import Entry
from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.settings import Settings
from pake_pipelines.store import connections, documents, entries, fetches, marks, sources
from pake_pipelines.store.database import Connection, addresses, open_database
from pake_pipelines.store.marks import Stage
from pake_pipelines.store.sources import SourceRow
from pake_pipelines.text.language import detect_language
from pake_pipelines.text.linguistics import load_pipeline, measure_all
from pake_pipelines.text.structure import measure_structure

WORDS: Final = 300
_SOURCE: Final = SourceRow("bench", "Bench", "feed", "a", 0.7, "news", True, None)
_DIFFERENT: Final = 2_000
_BATCH: Final = 2_000


@dataclass(frozen=True)
class Written:
    """A text with its title, as it is stored."""

    title: str
    text: str


def texts(count: int, seed: int = 0) -> list[Written]:
    """Return `count` texts of about 300 words."""
    writer = Writer(seed)
    return list(islice(_long(writer), count))


def _long(writer: Writer) -> Iterator[Written]:
    while True:
        title, text = writer.document()
        while len(text.split()) < WORDS:
            text = f"{text}\n\n{writer.document()[1]}"
        yield Written(title, " ".join(text.split(" ")[:WORDS]))


def fill(settings: Settings, items: int, day: datetime) -> None:
    """Store `items` kept documents of 300 words with ages of up to two years and up to four connections each."""
    rules = load_quality(settings.configs)
    written = texts(min(items, _DIFFERENT))
    measured = measure_all([one.text for one in written], load_pipeline(settings.spacy_model))
    made = [
        Document(
            entry_id=0,
            title=one.title,
            text=one.text,
            canonical_url=None,
            content_hash=content_hash(one.text),
            embedding_key=embedding_key(one.title, one.text),
            language=detect_language(one.text, rules.language),
            structure=measure_structure(one.text),
            linguistics=linguistics,
        )
        for one, linguistics in zip(written, measured, strict=True)
    ]
    asyncio.run(_fill(addresses(settings).knowledge, made, items, day))


async def _fill(url: str, made: Sequence[Document], items: int, day: datetime) -> None:
    chance = random.Random(0)
    async with open_database(url) as database:
        async with database.transaction() as connection:
            await sources.sync_sources(connection, [_SOURCE])
            fetched = fetches.NewFetch("bench", day.date(), "a", datetime.now(UTC), None, None, 1, "0", "p")
            (fetch_id,) = await fetches.save_fetches(connection, [fetched], "bench")
        for numbers in batches(range(items), _BATCH):
            async with database.transaction() as connection:
                await _store(connection, made, numbers, fetch_id, day, chance)
    await _tidy(url)


def tidy(settings: Settings) -> None:
    """Let the server take in what was written: statistics, dead rows, and the log up to here."""
    asyncio.run(_tidy(addresses(settings).knowledge))


async def _tidy(url: str) -> None:
    async with open_database(url) as database, database.connection() as connection:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")


async def _store(
    connection: Connection,
    made: Sequence[Document],
    numbers: Sequence[int],
    fetch_id: int,
    day: datetime,
    chance: random.Random,
) -> None:
    ids = [pake_id("bench", str(number)) for number in numbers]
    versions = [
        entries.NewVersion(
            "bench",
            item,
            1,
            day.date(),
            fetch_id,
            Entry(
                key=str(number),
                title=made[number % len(made)].title,
                body="",
                media_type="text/plain",
                url=f"https://bench.example/{number}",
                published_at=day - timedelta(days=chance.expovariate(1 / 120)),
            ),
        )
        for number, item in zip(numbers, ids, strict=True)
    ]
    await entries.save_entries(connection, versions, "bench")
    rows = await connection.fetch("SELECT entry_id, pake_id FROM entries WHERE pake_id = ANY ($1::uuid[])", ids)
    entry_of = {row["pake_id"]: row["entry_id"] for row in rows}
    stored = [
        replace(made[number % len(made)], entry_id=entry_of[item]) for number, item in zip(numbers, ids, strict=True)
    ]
    await documents.save_documents(connection, stored, version="bench", run_id="bench")
    await marks.mark(connection, Stage.DUPLICATES, entry_of.values(), "bench", "bench")
    edges = [
        Edge(item, other, "similar_to", round(chance.uniform(0.7, 1.0), 3))
        for item in ids
        for other in chance.sample(ids, chance.randrange(5))
        if other != item
    ]
    await connections.replace_connections(connection, {"similar_to": ids}, edges, "bench")
