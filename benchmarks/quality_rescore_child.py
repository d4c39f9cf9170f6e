"""One process that judges a whole knowledge base anew under the rules as they are, as a full scan does.

    python -m benchmarks.quality_rescore_child DAY

Prints the seconds of each stage, the nodes that changed and the highest memory in MB.
"""

import asyncio
import json
import re
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pake_pipelines.pipeline.confidence import score_items
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.publish import publish_nodes
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import open_database


async def rescore(day: date) -> dict[str, Any]:
    """Run both judging stages over all days."""
    kit = Kit.of(get_settings())
    run = Run(f"bench-{time.time_ns()}", day, datetime.now(UTC), everywhere=True)
    seconds, counts = {}, {}
    async with open_database(kit.database) as database:
        for name, stage in {"confidence": score_items, "knowledge_nodes": publish_nodes}.items():
            begun = time.perf_counter()
            result = await stage(kit, database, run)
            seconds[name] = time.perf_counter() - begun
            counts[name] = {"looked_at": result.looked_at, "changed": result.changed}
    return {"seconds": seconds, "counts": counts}


def _peak_mb() -> float:
    """Return the most memory this program has held; what getrusage says includes the parent's before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


if __name__ == "__main__":
    told = asyncio.run(rescore(date.fromisoformat(sys.argv[1])))
    print(json.dumps({**told, "peak_mb": _peak_mb()}))
