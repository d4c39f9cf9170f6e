"""One process that lets lemon24/reader read the same feeds into a database of its own.

    python -m benchmarks.fetch_reader FEEDS PORT WORKERS

Prints the seconds of the update, the entries stored and the highest memory in MB.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import feedparser  # noqa: F401 - imported on first use otherwise, and no side's clock is to count imports
import requests  # noqa: F401
from reader import make_reader

from benchmarks.feed_hosts import FeedHosts


def main() -> None:
    """Add the feeds, then update them under the clock."""
    feeds, port, workers = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="pake-bench-reader-") as directory:
        reader = make_reader(str(Path(directory) / "reader.sqlite"))
        for url in FeedHosts(feeds, port).urls:
            reader.add_feed(url)
        started = time.perf_counter()
        reader.update_feeds(workers=workers)
        seconds = time.perf_counter() - started
        entries = reader.get_entry_counts().total
        reader.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "entries": entries, "peak_mb": round(peak, 1)}))


if __name__ == "__main__":
    main()
