"""One process that reads every source of its project twice, as two runs would: first all is new, then nothing is.

    python -m benchmarks.fetch_child

Prints the seconds of both, what came of the visits, the entries stored and the highest memory in MB.
"""

import asyncio
import json
import resource
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pake_pipelines.pipeline.kit import Kit
    from pake_pipelines.store.database import Database


async def measure() -> dict[str, Any]:
    """Visit everything twice; the configuration is read before the clock starts."""
    # imported here because the parsing worker imports this module again; in a Dagster run it would not
    import aiohttp  # noqa: F401 - imported on first use otherwise, and no side's clock is to count imports

    from pake_pipelines.pipeline.kit import Kit
    from pake_pipelines.settings import get_settings
    from pake_pipelines.store.database import open_database

    kit = Kit.of(get_settings())
    slugs = list(kit.sources.enabled)
    async with open_database(kit.database) as database:
        cold = await visit(kit, database, slugs)
        unchanged = await visit(kit, database, slugs)
        async with database.connection() as connection:
            entries = await connection.fetchval("SELECT count(*) FROM entries")
    return {"cold": cold, "unchanged": unchanged, "entries": entries}


async def visit(kit: "Kit", database: "Database", slugs: list[str]) -> dict[str, Any]:
    """Return the seconds of one run over `slugs` and how often each outcome came."""
    from pake_pipelines.pipeline.fetch import fetch_sources
    from pake_pipelines.pipeline.run import Run

    now = datetime.now(UTC)
    run = Run(f"bench-{time.time_ns()}", now.date(), now)
    started = time.perf_counter()
    visits = [one async for one in fetch_sources(kit, database, slugs, run)]
    seconds = time.perf_counter() - started
    failed = [one.error for one in visits if one.failed]
    if failed:
        raise RuntimeError(f"{len(failed)} sources failed: {failed[:3]}")
    return {"seconds": seconds, "outcomes": Counter(one.outcome for one in visits)}


def main() -> None:
    """Measure and print."""
    measured = asyncio.run(measure())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**measured, "peak_mb": round(peak, 1)}))


if __name__ == "__main__":
    main()
