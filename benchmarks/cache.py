"""The cache: hit ratios of every policy on written logs beside Belady's MIN, and what it costs and saves a stage.

    python -m benchmarks.cache [--requests 100000] [--documents 2000] [--pages 300] [--rounds 5]

Each log is replayed in a tenth of its keys. A stage is timed with the cache off, on and empty, and on and filled.
"""

import argparse
import asyncio
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.corpus import Writer, write_feeds
from benchmarks.report import Report, publish
from benchmarks.scratch import scratch_project
from pake_pipelines.config.loading import load_maintenance, load_quality, load_sources
from pake_pipelines.maintenance.cache.policies import Capacity, Request
from pake_pipelines.maintenance.cache.replay import ceiling, replay
from pake_pipelines.pipeline.documents import build_documents
from pake_pipelines.pipeline.fetch import fetch_sources
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult
from pake_pipelines.settings import Settings
from pake_pipelines.store.cache_accesses import is_sampled
from pake_pipelines.store.database import Database, open_database

_KEYS: Final = 10_000
_SAMPLE: Final = 0.25


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    logs = {name: list(log(asked.requests, random.Random(7))) for name, log in LOGS.items()}
    started = time.perf_counter()
    hits = {name: ratios(log) for name, log in logs.items()}
    seconds = time.perf_counter() - started
    told = {name: sampled(log) for name, log in logs.items()}
    errors = [abs(told[name][policy] - hits[name][policy]) for name in logs for policy in told[name]]
    feeds = stage(asked.rounds, lambda settings: _feeds(settings, asked.documents))
    pages = stage(asked.rounds, lambda settings: _pages(settings, asked.pages))
    publish(
        Report(
            "cache",
            figures={
                "hit_ratio_percent": hits,
                "sampled_quarter_largest_error_points": round(max(errors), 2),
                "sampled_quarter_largest_regret_points": round(max(regret(hits[one], told[one]) for one in logs), 2),
                "replay_accesses_per_second": round(len(logs) * asked.requests * 7 / seconds),
                "documents_stage_seconds_feeds": feeds,
                "documents_stage_seconds_pages": pages,
            },
            peers={"cachetools": {name: peers(log) for name, log in logs.items()}},
            sizes={
                "requests": asked.requests,
                "documents": asked.documents,
                "pages": asked.pages,
                "rounds": asked.rounds,
            },
        )
    )


def _made(number: int, key: str, size: int = 1, ttl: float = float("inf")) -> Request:
    return Request(float(number), key, size, 1.0, number + ttl)


def _zipf(requests: int, chance: random.Random, exponent: float) -> list[int]:
    weights = list(accumulate(1 / rank**exponent for rank in range(1, _KEYS + 1)))
    return chance.choices(range(_KEYS), cum_weights=weights, k=requests)


def zipf(requests: int, chance: random.Random) -> Iterator[Request]:
    """Yield requests for keys whose popularity falls with their rank."""
    for number, key in enumerate(_zipf(requests, chance, 0.9)):
        yield _made(number, f"z{key}")


def zipf_and_scans(requests: int, chance: random.Random) -> Iterator[Request]:
    """Yield the same with long scans in between, of keys that come once: a rerun of everything."""
    for number, key in enumerate(_zipf(requests, chance, 0.9)):
        yield _made(number, f"scan{number}" if number % 10_000 > 6_000 else f"z{key}")


def expiring(requests: int, chance: random.Random) -> Iterator[Request]:
    """Yield requests of which half the keys expire soon, as robots.txt does beside texts."""
    for number, key in enumerate(_zipf(requests, chance, 0.9)):
        yield _made(number, f"z{key}", ttl=requests / 50 if key % 2 else float("inf"))


def of_all_sizes(requests: int, chance: random.Random) -> Iterator[Request]:
    """Yield requests for values from bytes to some hundred kilobytes, all equally dear; bytes alone are bounded."""
    sizes = [max(1, int(chance.lognormvariate(8, 1.5))) for _ in range(_KEYS)]
    for number, key in enumerate(_zipf(requests, chance, 0.9)):
        yield _made(number, f"z{key}", size=sizes[key])


def drifting(requests: int, chance: random.Random) -> Iterator[Request]:
    """Yield requests whose popular keys change all the time, as news does."""
    for number, key in enumerate(_zipf(requests, chance, 1.1)):
        yield _made(number, f"z{key + number // 100}")


LOGS: Final[dict[str, Callable[[int, random.Random], Iterator[Request]]]] = {
    "zipf": zipf,
    "zipf_and_scans": zipf_and_scans,
    "expiring": expiring,
    "of_all_sizes": of_all_sizes,
    "drifting": drifting,
}


def _capacity(log: list[Request], share: float = 1.0) -> Capacity:
    size = sum({one.key: one.size for one in log}.values())
    if size > len(log):
        return Capacity(_KEYS, share * size / 10)
    return Capacity(int(share * _KEYS / 10))


def ratios(log: list[Request]) -> dict[str, float]:
    """Return the hit ratio of every policy in percent, and that of MIN."""
    capacity = _capacity(log)
    found = {name: round(100 * one.hits, 2) for name, one in replay(log, capacity).items()}
    return {**found, "min": round(100 * ceiling(log, capacity.entries), 2)}


def sampled(log: list[Request]) -> dict[str, float]:
    """Return the hit ratios in percent that a sample of a quarter of the keys tells."""
    some = [one for one in log if is_sampled("c", one.key, _SAMPLE)]
    return {name: 100 * one.hits for name, one in replay(some, _capacity(log, _SAMPLE)).items()}


def regret(hits: dict[str, float], told: dict[str, float]) -> float:
    """Return by how many points the policy that a sample prefers is worse than the best."""
    chosen = max(told, key=lambda name: told[name])
    return max(hits[name] for name in told) - hits[chosen]


def peers(log: list[Request]) -> dict[str, float] | str:
    """Return the hit ratios of another library's caches in percent, sizes and ends left out."""
    try:
        import cachetools
    except ImportError:
        return "unavailable"
    found = {}
    for name, kind in {"LRUCache": cachetools.LRUCache, "LFUCache": cachetools.LFUCache}.items():
        cache, hits = kind(maxsize=_capacity(log).entries), 0
        for one in log:
            hits += one.key in cache
            cache[one.key] = cache.get(one.key)
        found[name] = round(100 * hits / len(log), 2)
    return found


def _feeds(settings: Settings, documents: int) -> dict[str, Any]:
    files = write_feeds(settings.home / "feeds", documents, 4)
    return {
        slug: {"name": slug, "kind": "feed", "path": str(file), "authority": "news", "max_items_per_run": documents}
        for slug, file in files.items()
    }


def _pages(settings: Settings, pages: int) -> dict[str, Any]:
    folder: Path = settings.home / "pages"
    folder.mkdir()
    writer = Writer()
    for number in range(pages):
        parts = [text for _, text in (writer.document() for _ in range(4))]
        said = "".join(f"<p>{one}</p>" for part in parts for one in part.split("\n\n"))
        menu = "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(60))
        (folder / f"{number}.html").write_text(
            f"<html><head><title>Page {number}</title></head><body><nav><ul>{menu}</ul></nav>"
            f"<article><h1>Page {number}</h1>{said}</article><footer>All rights reserved</footer></body></html>"
        )
    hour_ago = time.time() - 3600
    for file in folder.iterdir():
        os.utime(file, (hour_ago, hour_ago))
    return {
        "pages": {
            "name": "pages",
            "kind": "folder",
            "path": str(folder),
            "authority": "news",
            "max_items_per_run": pages,
        }
    }


def stage(rounds: int, write: Callable[[Settings], dict[str, Any]]) -> dict[str, float]:
    """Return the seconds of the documents stage, the best of `rounds`: without a cache, with an empty and a full."""
    found: dict[str, list[float]] = {f"{name}{unit}": [] for name in ("off", "cold", "warm") for unit in ("", "_cpu")}
    with scratch_project("sources: {}\n") as settings:
        (settings.configs / "sources.yaml").write_text(yaml.safe_dump({"sources": write(settings)}))
        load_sources.cache_clear()
        asyncio.run(_rounds(settings, rounds, found))
    return {name: round(min(seconds), 3) for name, seconds in found.items()}


async def _rounds(settings: Settings, rounds: int, found: dict[str, list[float]]) -> None:
    run = Run("bench", datetime.now(UTC).date(), datetime.now(UTC))
    kit = Kit.of(settings)
    async with open_database(kit.database) as database:
        async for visit in fetch_sources(kit, database, list(kit.sources.enabled), run):
            if visit.failed:
                raise RuntimeError(visit.error)
        for number in range(-1, rounds):
            print(f"round {number} ...", file=sys.stderr, flush=True)
            await _forget(database, "cache_entries", "cache_accesses")
            for name, enabled in (("off", False), ("cold", True), ("warm", True)):
                (settings.configs / "maintenance.yaml").write_text(f"cache: {{enabled: {str(enabled).lower()}}}\n")
                load_maintenance.cache_clear()
                load_quality.cache_clear()
                await _forget(database, "stage_marks", "documents")
                begun, worked = time.perf_counter(), _cpu_seconds()
                _check(name, await build_documents(kit, database, run))
                if number >= 0:  # the first round loads and warms up
                    found[name].append(time.perf_counter() - begun)
                    found[f"{name}_cpu"].append(_cpu_seconds() - worked)


def _cpu_seconds() -> float:
    """Return the processor time of this process and of its workers that have ended; the server's is not in it."""
    spent = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


async def _forget(database: Database, *tables: str) -> None:
    async with database.connection() as connection:
        for table in tables:
            await connection.execute(f"DELETE FROM {table}")
            await connection.execute(f"VACUUM ANALYZE {table}")


def _check(name: str, result: StageResult) -> None:
    told = result.details.get("cache", {"hits": 0, "misses": 0})
    if (name == "warm") != (told["misses"] == 0 and told["hits"] > 0):
        raise RuntimeError(f"{name}: the cache says {told}")


if __name__ == "__main__":
    main()
