"""One report of a project, written in a process of its own: prints seconds, CPU seconds, peak memory and bytes as JSON.

python -m benchmarks.report_scale_child NAME
"""

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime

from pake_pipelines.config.loading import load_quality
from pake_pipelines.pipeline.calibrate import score_version
from pake_pipelines.reports.opening import open_desk
from pake_pipelines.reports.status.writing import make_status
from pake_pipelines.reports.writing import make
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import addresses, open_database


async def written(name: str) -> int:
    """Write the report and return the bytes of its page."""
    settings = get_settings()
    version = score_version(load_quality(settings.configs))
    async with (
        open_database(addresses(settings).knowledge) as database,
        open_desk(database, settings, None, version, datetime.now(UTC)) as desk,
    ):
        page = (await make_status(desk)).html if name == "status" else (await make(desk, name)).html
    return len(page.encode())


def main() -> None:
    """Write the report that the argument names, and tell what it cost."""
    before = time.perf_counter()
    size = asyncio.run(written(sys.argv[1]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - before,
                "cpu_seconds": used.ru_utime + used.ru_stime,
                "peak_megabytes": used.ru_maxrss / 1024,
                "page_bytes": size,
            }
        )
    )


if __name__ == "__main__":
    main()
