"""What reports cost on much: 1,000,000 metric samples, 100,000 nodes, 10,000 sources, a month of probes.

    python -m benchmarks.report_scale [--samples N] [--nodes N] [--sources N] [--only NAME ...]

Each report, and the status page, is written by a process of its own, so that its memory is its own. Beside them one
plain query that counts the samples by metric and hour: what merely looking at all of them takes.
"""

import argparse
import asyncio
import json
import os
import time
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.children import python
from benchmarks.report import Report, publish
from benchmarks.report_store import fill
from benchmarks.scratch import environment_of, scratch_project
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.database import addresses, open_database

_LOOK: Final = """
SELECT count(*) FROM (SELECT metric, date_trunc('hour', at), avg(value) FROM metric_samples GROUP BY 1, 2) AS all_of_it
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", default=[*REPORTS, "status"], help="these reports")
    given = parser.parse_args()
    with scratch_project("sources: {}\n") as settings:
        rows = fill(settings, samples=given.samples, nodes=given.nodes, sources=given.sources, now=datetime.now(UTC))
        costs = {name: cost(settings, name) for name in given.only}
        look = asyncio.run(look_seconds(settings))
    publish(
        Report(
            "report_scale",
            figures={
                "slowest_seconds": round(max(one["seconds"] for one in costs.values()), 2),
                "most_megabytes": round(max(one["peak_megabytes"] for one in costs.values())),
                "largest_page_bytes": max(one["page_bytes"] for one in costs.values()),
                **{f"{name}_seconds": round(one["seconds"], 2) for name, one in costs.items()},
            },
            peers={"one query over all samples": f"{look:.2f} s"},
            sizes={
                **rows,
                "megabytes": {name: round(one["peak_megabytes"]) for name, one in costs.items()},
                "cpu_seconds": {name: round(one["cpu_seconds"], 2) for name, one in costs.items()},
                "page_bytes": {name: one["page_bytes"] for name, one in costs.items()},
            },
        )
    )


def cost(settings: Settings, name: str) -> dict[str, Any]:
    """Return what writing a report cost."""
    environment = {**os.environ, **environment_of(settings)}
    done = python(["-m", "benchmarks.report_scale_child", name], environment, PACKAGE_HOME)
    told: dict[str, Any] = json.loads(done.output.splitlines()[-1])
    return told


async def look_seconds(settings: Settings) -> float:
    """Return how long a plain query over all samples takes."""
    async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
        before = time.perf_counter()
        await connection.fetchval(_LOOK)
        return time.perf_counter() - before


if __name__ == "__main__":
    main()
