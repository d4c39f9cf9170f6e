"""Parsing feeds of the shapes that sites really send, beside feedparser and fastfeedparser on the same bytes.

    python -m benchmarks.parse [--feeds 40] [--rounds 5] [--seed 0]

The parsers take turns, round by round; the ratios are medians over the rounds. Seconds are the process's own, so that
what else the machine does at the time counts for none of them.
"""

import argparse
import gc
import io
import statistics
import time
from collections.abc import Callable, Sequence

import fastfeedparser
import feedparser

from benchmarks.report import Report, publish
from benchmarks.written_feeds import FeedWriter
from pake_pipelines.sources.feeds.parsing import parse_feed

Parser = Callable[[bytes], int]

PARSERS: dict[str, Parser] = {
    "ours": lambda body: len(parse_feed(body).entries),
    "feedparser": lambda body: len(feedparser.parse(io.BytesIO(body)).entries),
    "fastfeedparser": lambda body: len(fastfeedparser.parse(body).entries),
}


def main() -> None:
    """Measure and report."""
    asked = arguments()
    feeds = list(FeedWriter(asked.seed).feeds(asked.feeds))
    rounds = [one_round(feeds) for _ in range(asked.rounds)]
    exceptions, missed = faults(feeds)
    seconds = {name: statistics.median(taken[name] for taken in rounds) for name in PARSERS}
    bytes_read = sum(map(len, feeds))
    publish(
        Report(
            "parse",
            {
                "ratio_to_feedparser": statistics.median(taken["feedparser"] / taken["ours"] for taken in rounds),
                "ratio_to_fastfeedparser": statistics.median(
                    taken["fastfeedparser"] / taken["ours"] for taken in rounds
                ),
                "feeds_per_second": len(feeds) / seconds["ours"],
                "exceptions": exceptions,
                "entries_missed": missed,
            },
            {name: {"seconds": taken} for name, taken in seconds.items() if name != "ours"},
            {
                "feeds": len(feeds),
                "bytes": bytes_read,
                "entries": sum(map(PARSERS["ours"], feeds)),
                "rounds": asked.rounds,
                "seconds": seconds["ours"],
                "seconds_of_rounds": [taken["ours"] for taken in rounds],
            },
        )
    )


def one_round(feeds: Sequence[bytes]) -> dict[str, float]:
    """Return the seconds that each parser takes for all of `feeds`, one parser after the other."""
    taken = {}
    for name, parse in PARSERS.items():
        gc.collect()
        started = time.process_time()
        for body in feeds:
            parse(body)
        taken[name] = time.process_time() - started
    return taken


def faults(feeds: Sequence[bytes]) -> tuple[int, int]:
    """Return on how many feeds we raise, and how many entries that a peer finds we miss."""
    exceptions = missed = 0
    for body in feeds:
        most = max(PARSERS["feedparser"](body), PARSERS["fastfeedparser"](body))
        try:
            missed += max(0, most - PARSERS["ours"](body))
        except Exception:  # noqa: BLE001  whatever it is, it is counted
            exceptions += 1
            missed += most
    return exceptions, missed


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
