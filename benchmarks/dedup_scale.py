"""What adding 1,000 documents to the near-duplicate index costs, from ten thousand items in it to a million.

An addition is what the stage does in its transactions: sign, write signatures and bands, look up, verify, store the
pairs, and wait until the log is on the disk. Each is taken back, so that sizes stay. Before each the server writes a
checkpoint, after which the first change of any page logs the whole page: the worst case, and the usual one for a
knowledge base that runs once an hour. Pages are in memory as far as there is room for them.

New bands go to a small recent index, which is merged into the large one whenever it holds those of 100,000 documents.
It is measured half full, as it is on average: of an index of 10,000 it holds all, for nothing was ever merged there.
What a merge into the largest takes, when the recent one is full, is measured once and printed beside the ratio.

Prints how signing compares with datasketch, too: with the loop over `update` that its documentation shows.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from benchmarks.corpus import Writer
from benchmarks.dedup_scale_index import add_recent_bands, fill, store_documents
from benchmarks.dedup_scale_parts import Parts
from benchmarks.dedup_scale_signing import signing
from benchmarks.report import Report, publish
from benchmarks.scratch import scratch_project
from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import DuplicateRules
from pake_pipelines.dedup.minhash import bands, sign, version
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.duplicates import compare
from pake_pipelines.store import documents, duplicates, signatures
from pake_pipelines.store.database import Connection, Patience, addresses, open_database, wait_for, with_database
from pake_pipelines.store.signature_upkeep import MERGE_AT, IndexSize, index_size, merge_recent

_BASE: Final = 2_000
_ADDED: Final = 1_000
_BANDS: Final = 40  # of a document with a title and one signature of its text, as all here
_BOUND: Final = MERGE_AT // _BANDS
_MODEL: Final = "none"  # without vectors: what their search costs is the embeddings' figure


@dataclass(frozen=True)
class Measured:
    """Of one size: the index at first, and of each round the seconds in all and by part."""

    held: IndexSize
    seconds: list[float] = field(default_factory=list)
    parts: list[Mapping[str, float]] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Return the seconds in all and those of each part."""
        names = {name: None for one in self.parts for name in one}
        by_part = {name: statistics.median([one.get(name, 0.0) for one in self.parts]) for name in names}
        return {"all": statistics.median(self.seconds), **by_part}


def main() -> None:
    """Measure and print."""
    asked = arguments()
    sizes = [int(size) for size in asked.sizes.split(",")]
    rates = signing(asked.signed, asked.rounds, asked.seed)
    with scratch_project("sources: {}\n") as settings:
        rules = load_quality(settings.configs).duplicates
        url = addresses(settings).knowledge
        found, merging = asyncio.run(measure(url, sizes, rules, rounds=asked.rounds, seed=asked.seed))
    small, large = found[min(sizes)], found[max(sizes)]
    per_addition = merging["seconds"] * _ADDED / merging["documents"]
    name = f"ratio_{_short(max(sizes))}_to_{_short(min(sizes))}"
    publish(
        Report(
            "dedup_scale",
            {
                name: _ratio(large.seconds, small.seconds),
                "signing_ratio_to_datasketch": rates["ours"] / rates["datasketch update"],
                "bytes_per_item": large.held.bytes_per_document,
                f"{name}_with_merging": _ratio([one + per_addition for one in large.seconds], small.seconds),
            },
            {"documents signed per second": rates},
            {
                "documents added": _ADDED,
                "signing ratio to datasketch bulk": rates["ours"] / rates["datasketch bulk"],
                "signing ratio with shingling": rates["ours with shingling"]
                / rates["datasketch update with shingling"],
                "signing ratio with shingling to datasketch bulk": rates["ours with shingling"]
                / rates["datasketch bulk with shingling"],
                "seconds of rounds": {_short(size): one.seconds for size, one in found.items()},
                **{f"seconds at {_short(size)}": one.medians() for size, one in found.items()},
                "documents of the recent index": {_short(size): _recent(size) for size in sizes},
                "bytes": {_short(size): one.held.bytes for size, one in found.items()},
                "merging into the largest": {**merging, "seconds per 1,000 documents": per_addition},
                "load of the machine": os.getloadavg(),
            },
        )
    )


def _ratio(much: Sequence[float], little: Sequence[float]) -> float:
    return statistics.median([one / other for one, other in zip(much, little, strict=True)])


async def measure(
    url: str, sizes: Sequence[int], rules: DuplicateRules, *, rounds: int, seed: int
) -> tuple[dict[int, Measured], dict[str, float]]:
    """Return what was measured, by items in the index, and what a merge costs; a round adds to each size in turn."""
    written = list(Writer(seed).documents(_BASE + (1 + rounds) * _ADDED))
    found: dict[int, Measured] = {}
    async with server(url) as maintenance:
        ids = {size: await prepare(maintenance, url, size, written) for size in sizes}
        for number in range(1 + rounds):
            start = _BASE + number * _ADDED
            for size in sizes:
                async with open_database(_address(url, size)) as database, database.connection() as connection:
                    one = found.setdefault(size, Measured(await index_size(connection)))
                    await maintenance.execute("CHECKPOINT")
                    taken, parts = await addition(connection, maintenance, ids[size][start : start + _ADDED], rules)
                print(f"round {number} at {_short(size)}: {taken:.3g} s, load {os.getloadavg()[0]}", file=sys.stderr)
                if number:  # the first warms
                    one.seconds.append(taken)
                    one.parts.append(parts)
        return found, await merge(maintenance, url, max(sizes))


@asynccontextmanager
async def server(url: str) -> AsyncIterator[Connection]:
    """Lend a connection to none of the measured databases."""
    connection = await wait_for(with_database(url, "postgres"), Patience())
    try:
        yield connection
    finally:
        await connection.close()


async def prepare(maintenance: Connection, url: str, size: int, written: Sequence[tuple[str, str]]) -> list[int]:
    """Make a database with an index of `size` items and the documents `written`, the first of them signed."""
    await maintenance.execute(f'CREATE DATABASE "scale_{size}" TEMPLATE pake_knowledge')
    async with open_database(_address(url, size)) as database:
        async with database.transaction() as connection:
            ids = await store_documents(connection, written)
            await fill(connection, size - _BASE, _recent(size) - _BASE)
            made = dict(zip(ids, sign(written[:_BASE]), strict=False))
            await signatures.save_signatures(connection, made, version=version(), bands=bands)
        async with database.connection() as connection:
            await connection.execute("VACUUM ANALYZE")
    return ids


def _recent(size: int) -> int:
    """Return how many documents the recent index holds, on average, when there are `size` in all."""
    return min(size, _BOUND // 2)


async def addition(
    connection: Connection, maintenance: Connection, entry_ids: Sequence[int], rules: DuplicateRules
) -> tuple[float, Mapping[str, float]]:
    """Return the seconds that adding the documents `entry_ids` takes, in all and by part; take it back."""
    transaction, parts = connection.transaction(), Parts()
    await transaction.start()
    started = time.perf_counter()
    with parts.watched():
        for batch in batches(entry_ids):
            await add(connection, batch, rules, parts)
            # what a commit waits for
            with parts.part("wait for the log"):
                await maintenance.execute("SELECT pg_logical_emit_message(false, 'bench', '', true)")
    taken = time.perf_counter() - started
    await transaction.rollback()
    return taken, parts.seconds


async def add(connection: Connection, batch: Sequence[int], rules: DuplicateRules, parts: Parts) -> None:
    """Carry out the comparison of `batch` as the stage does."""
    missing = await signatures.unsigned(connection, batch, version())
    with parts.part("sign"):
        made = sign([(one.title, one.text) for one in missing])
    signed = {one.entry_id: found for one, found in zip(missing, made, strict=True)}
    await signatures.save_signatures(connection, signed, version=version(), bands=bands)
    with parts.part("decide"):
        found = await compare(connection, batch, rules, _MODEL)
    mine = await documents.pake_ids(connection, batch)
    await duplicates.replace_candidates(connection, mine, found, version="bench", run_id="bench")


async def merge(maintenance: Connection, url: str, size: int) -> dict[str, float]:
    """Merge a full recent index into that of `size` items; return of how many documents it was, and the seconds."""
    async with open_database(_address(url, size)) as database:
        async with database.transaction() as connection:
            await add_recent_bands(connection, _BOUND - _recent(size), seed=size + 1)
        await maintenance.execute("CHECKPOINT")
        started = time.perf_counter()
        async with database.transaction() as connection:
            moved = await merge_recent(connection, 1)
        return {"documents": moved / _BANDS, "seconds": time.perf_counter() - started}


def _address(url: str, size: int) -> str:
    return with_database(url, f"scale_{size}")


def _short(size: int) -> str:
    return f"{size // 1_000_000}m" if size % 1_000_000 == 0 else f"{size // 1000}k"


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="items in the index, separated by commas")
    parser.add_argument("--signed", type=int, default=1000, help="documents to sign beside datasketch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
