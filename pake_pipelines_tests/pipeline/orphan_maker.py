"""A program that parses something endless in a worker, to be killed while it does: `orphan_maker FILE_FOR_THE_PID`."""

import asyncio
import sys
from datetime import UTC, datetime

from pake_pipelines.config.manners import Parsing
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.sources.protocol import Fetched
from pake_pipelines_tests.pipeline import parsers

if __name__ == "__main__":
    limits = Parsing(deadline_seconds=600, memory_mb=512, max_items=1, workers=1)
    fetched = Fetched("http://a.example/", sys.argv[1].encode(), datetime.now(UTC))
    asyncio.run(Worker(limits).parse(parsers.hang_and_tell, fetched))
