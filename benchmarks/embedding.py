"""The embedding stage, from documents in the database to vectors in it, beside `SentenceTransformer.encode` alone.

    python -m benchmarks.embedding [--texts 1000] [--long 40] [--rounds 3] [--seed 1]

Texts have the lengths of feed items (log-normal, about 170 words on the mean). Those that fit in one chunk make the
main figure: there both sides read the same word pieces. Plain encode cuts longer ones off, the stage does not; for
them, plain encode is given the stage's chunks. Models are loaded and warm on both sides; the sides take turns in one
process. Plain encode takes turns with two batch sizes, the library's own and the one best for a CPU; what it is
measured by is the faster one.
"""

import argparse
import asyncio
import random
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Final

from benchmarks.corpus import Writer
from benchmarks.embedding_documents import store_documents
from benchmarks.end_to_end_child import plain_model
from benchmarks.report import Report, publish
from benchmarks.scratch import scratch_project
from pake_pipelines.dedup.fingerprint import embedding_text
from pake_pipelines.pipeline.embedder import MiniLmEmbedder
from pake_pipelines.pipeline.embeddings import embed_documents
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import open_database

_BATCH_SIZES: Final = (32, 8)  # the default of sentence-transformers; the best one measured on a CPU
_WARM: Final = 32
_WORDS: Final = (15, 1500)
_TODAY: Final = datetime.now(UTC).date()
_DAYS: Final = {"fitting": _TODAY, "long": _TODAY - timedelta(days=1)}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1000, help="texts that fit in one chunk")
    parser.add_argument("--long", type=int, default=40, help="texts that do not")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    embedder, model = MiniLmEmbedder(), plain_model()
    corpus = _corpus(embedder, {"fitting": asked.texts, "long": asked.long}, asked.seed)
    texts = {name: [embedding_text(*one) for one in some] for name, some in corpus.items()}
    chunks = [chunk.text for chunk in embedder.chunks(texts["long"])]

    def plain(some: Sequence[str], size: int) -> None:
        encode = partial(model.encode, batch_size=size, normalize_embeddings=True, show_progress_bar=False)
        # in a thread, as in the stage: on a busy machine OpenMP wastes less time waiting there than in the main thread
        asyncio.run(asyncio.to_thread(encode, some))

    for some in (embedder.encode, lambda warm: plain(warm, _BATCH_SIZES[0])):
        some(texts["fitting"][:_WARM])
    seconds: dict[str, list[float]] = defaultdict(list)
    with scratch_project("sources: {}\n") as settings:
        for name, day in _DAYS.items():
            asyncio.run(store_documents(settings, name, corpus[name], day))
        kit = Kit(settings, embedder)
        turns: list[tuple[str, Callable[[], object]]] = [
            ("stage", lambda: asyncio.run(_stage(kit, "fitting"))),
            ("stage_long", lambda: asyncio.run(_stage(kit, "long"))),
        ]
        for size in _BATCH_SIZES:
            turns.append((f"plain_{size}", partial(plain, texts["fitting"], size)))
            turns.append((f"plain_long_{size}", partial(plain, chunks, size)))
        for round_ in range(asked.rounds):
            asyncio.run(_execute(settings, "TRUNCATE embeddings", "DELETE FROM stage_marks WHERE stage = 'embeddings'"))
            for name, turn in turns if round_ % 2 == 0 else reversed(turns):
                seconds[name].append(_seconds(turn))
        rerun = asyncio.run(_encodes_of_reruns(kit, settings))
    middle = {name: statistics.median(some) for name, some in seconds.items()}
    best, best_long = (
        min((f"{side}_{size}" for size in _BATCH_SIZES), key=middle.__getitem__) for side in ("plain", "plain_long")
    )
    publish(
        Report(
            "embedding",
            figures={
                "ratio_to_plain_encode": _ratio(seconds[best], seconds["stage"]),
                "rerun_encodes": rerun,
                "ratio_long_per_chunk": _ratio(seconds[best_long], seconds["stage_long"]),
                "texts_per_second": round(asked.texts / middle["stage"], 1),
                "chunks_per_second_long": round(len(chunks) / middle["stage_long"], 1),
            },
            peers={
                f"SentenceTransformer.encode, batches of {size}": (
                    f"{asked.texts / middle[f'plain_{size}']:.1f} texts a second, "
                    f"{len(chunks) / middle[f'plain_long_{size}']:.1f} chunks of long texts a second"
                )
                for size in _BATCH_SIZES
            },
            sizes={
                "texts": asked.texts,
                "mean_words": round(statistics.mean(len(text.split()) for text in texts["fitting"])),
                "long_texts": asked.long,
                "mean_words_long": round(statistics.mean(len(text.split()) for text in texts["long"])),
                "chunks_of_long": len(chunks),
                "rounds": asked.rounds,
                "device": embedder.device,
                "seconds": {name: [round(one, 2) for one in some] for name, some in seconds.items()},
                "peak_mb_both_sides": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            },
        )
    )


def _ratio(plain: Sequence[float], stage: Sequence[float]) -> float:
    return round(statistics.median(one / other for one, other in zip(plain, stage, strict=True)), 3)


def _seconds(turn: Callable[[], object]) -> float:
    started = time.perf_counter()
    turn()
    return time.perf_counter() - started


def _corpus(embedder: MiniLmEmbedder, wanted: dict[str, int], seed: int) -> dict[str, list[tuple[str, str]]]:
    """Return as many (title, text) as are `wanted` of those that fit in one chunk, and of those that do not."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in wanted}
    items = _items(seed)
    while any(len(found[name]) < wanted[name] for name in wanted):
        item = next(items)
        name = "fitting" if len(embedder.chunks([embedding_text(*item)])) == 1 else "long"
        if len(found[name]) < wanted[name]:
            found[name].append(item)
    return found


def _items(seed: int) -> Iterator[tuple[str, str]]:
    """Yield documents without end, each of its own text, whose lengths are those of feed items."""
    writer, chance = Writer(seed), random.Random(seed)
    for _ in count():
        length = round(min(max(chance.lognormvariate(4.75, 0.85), _WORDS[0]), _WORDS[1]))
        title, text = writer.document()
        while len(text.split()) < length:
            text = f"{text}\n\n{writer.document()[1]}"
        yield title, " ".join(text.split(" ")[:length])


def _run(day: date) -> Run:
    return Run(f"bench-{time.time_ns()}", day, datetime.now(UTC))


async def _stage(kit: Kit, name: str) -> StageResult:
    async with open_database(kit.database) as database:
        result = await embed_documents(kit, database, _run(_DAYS[name]))
    if result.new != result.looked_at or not result.new:
        raise RuntimeError(f"only {result.new} of {result.looked_at} {name} texts were embedded")
    return result


async def _encodes_of_reruns(kit: Kit, settings: Settings) -> int:
    """Return how many chunks the network reads for a second run, and for one that looks at every text again."""
    before = kit.embedder.encoded
    for forget in ((), ("DELETE FROM stage_marks WHERE stage = 'embeddings'",)):
        await _execute(settings, *forget)
        for day in _DAYS.values():
            async with open_database(kit.database) as database:
                await embed_documents(kit, database, _run(day))
    return kit.embedder.encoded - before


async def _execute(settings: Settings, *statements: str) -> None:
    async with open_database(Kit.of(settings).database) as database, database.connection() as connection:
        for statement in statements:
            await connection.execute(statement)


if __name__ == "__main__":
    main()
