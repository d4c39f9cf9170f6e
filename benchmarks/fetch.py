"""Reading many feeds, each from a host of its own, parsed and stored, beside lemon24/reader on the same feeds.

    python -m benchmarks.fetch [--feeds 1000] [--items 20] [--latency-ms 50] [--rounds 3] [--concurrency 64]
                               [--workers 4,10,20,40] [--peer-feeds FEEDS]

Each round of ours has a project and a database of its own and reads everything twice: first all is new, then every
host answers 304. Both sides run in fresh processes. The peer's best number of workers is found on a fifth of its feeds.
"""

import argparse
import importlib.util
import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from benchmarks.children import byte_code_cache, python
from benchmarks.feed_hosts import FeedHosts, feed_hosts
from benchmarks.report import Report, publish
from benchmarks.scratch import environment_of, scratch_project
from pake_pipelines.settings import PACKAGE_HOME

Measured = dict[str, Any]
Environment = dict[str, str]


def main() -> None:
    """Measure and report."""
    asked = arguments()
    with byte_code_cache() as cache, feed_hosts(asked.feeds, asked.items, asked.latency_ms) as served:
        beside = FeedHosts(asked.peer_feeds or asked.feeds, served.port)
        trials = try_workers(beside, asked.items, asked.workers, cache) if importlib.util.find_spec("reader") else {}
        ours, peer = [], []
        for number in range(asked.rounds):
            print(f"round {number + 1} of {asked.rounds} ...", file=sys.stderr, flush=True)
            ours.append(measure_ours(served, asked.items, asked.concurrency, cache))
            if trials:
                peer.append(measure_reader(beside, asked.items, max(trials, key=trials.__getitem__), cache))
    publish(report(asked, ours, peer, trials))


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=64, help="max_concurrent_sources of our project")
    parser.add_argument("--workers", type=numbers, default=numbers("4,10,20,40"), help="the peer's, to choose from")
    parser.add_argument("--peer-feeds", type=int, help="how many of the feeds the peer reads (all)")
    return parser.parse_args()


def numbers(text: str) -> list[int]:
    """Return the numbers in a list like 4,10,20."""
    return [int(number) for number in text.split(",")]


def measure_ours(served: FeedHosts, items: int, concurrency: int, cache: Environment) -> Measured:
    """Read every feed twice in a new project; raises RuntimeError when anything was not stored or not conditional."""
    with scratch_project(configuration(served, concurrency)) as settings:
        before = served.counts()
        output = python(["-m", "benchmarks.fetch_child"], {**cache, **environment_of(settings)}, PACKAGE_HOME).output
        answered = served.counts() - before
    result: Measured = json.loads(output)
    expect("entries stored", result["entries"], served.feeds * items)
    expect("visits with something new", result["cold"]["outcomes"], {"ok": served.feeds})
    expect("visits without", result["unchanged"]["outcomes"], {"unchanged": served.feeds})
    expect("answers of the hosts", dict(answered), {"200": served.feeds, "304": served.feeds})
    return {
        "cold": served.feeds / result["cold"]["seconds"],
        "unchanged": served.feeds / result["unchanged"]["seconds"],
        "entries": result["entries"],
        "peak_mb": result["peak_mb"],
    }


def configuration(served: FeedHosts, concurrency: int) -> str:
    """Return a sources.yaml with every feed as a source; all other manners are the defaults."""
    sources = {
        f"feed-{number}": {"name": f"Feed {number}", "kind": "feed", "url": url, "authority": "news"}
        for number, url in enumerate(served.urls)
    }
    http = {"allow_private_hosts": served.hosts}
    return yaml.safe_dump({"max_concurrent_sources": concurrency, "http": http, "sources": sources})


def try_workers(served: FeedHosts, items: int, choices: Sequence[int], cache: Environment) -> dict[int, float]:
    """Return the peer's feeds per second for each number of workers, on a fifth of its feeds."""
    fifth = FeedHosts(max(served.feeds // 5, 1), served.port)
    return {count: measure_reader(fifth, items, count, cache)["cold"] for count in choices}


def measure_reader(served: FeedHosts, items: int, workers: int, cache: Environment) -> Measured:
    """Let reader read every feed into a new database."""
    arguments = ["-m", "benchmarks.fetch_reader", str(served.feeds), str(served.port), str(workers)]
    result: Measured = json.loads(python(arguments, cache, PACKAGE_HOME).output)
    expect("entries stored by reader", result["entries"], served.feeds * items)
    return {"cold": served.feeds / result["seconds"], "peak_mb": result["peak_mb"]}


def expect(what: str, found: object, wanted: object) -> None:
    """Raise RuntimeError unless `found` is what was wanted: a run that stores nothing would be the fastest."""
    if found != wanted:
        raise RuntimeError(f"{what}: {found} instead of {wanted}")


def report(
    asked: argparse.Namespace, ours: Sequence[Measured], peer: Sequence[Measured], trials: dict[int, float]
) -> Report:
    """Return medians, and the ratios within each round, of which neighbouring load disturbs both sides."""
    ratios = [mine["cold"] / its["cold"] for mine, its in zip(ours, peer, strict=True)] if peer else []
    return Report(
        "fetch",
        figures={
            "feeds_per_second_cold": middle(one["cold"] for one in ours),
            "ratio_to_reader_cold": middle(ratios) if ratios else "unavailable",
            "ratio_304_to_cold": middle(one["unchanged"] / one["cold"] for one in ours),
        },
        peers={"reader": peer_summary(peer, trials) if peer else "unavailable"},
        sizes={
            "feeds": asked.feeds,
            "peer_feeds": asked.peer_feeds or asked.feeds,
            "items": asked.items,
            "latency_ms": asked.latency_ms,
            "rounds": asked.rounds,
            "concurrency": asked.concurrency,
            "entries_stored": min(one["entries"] for one in ours),
            "cold_per_second": rounded(one["cold"] for one in ours),
            "unchanged_per_second": rounded(one["unchanged"] for one in ours),
            "reader_per_second": rounded(one["cold"] for one in peer),
            "peak_mb": max(one["peak_mb"] for one in ours),
        },
    )


def peer_summary(peer: Sequence[Measured], trials: dict[int, float]) -> Measured:
    """Return the peer's median, its best number of workers, and what the others reached."""
    return {
        "feeds_per_second": middle(one["cold"] for one in peer),
        "workers": max(trials, key=trials.__getitem__),
        "trials": {str(count): round(rate, 1) for count, rate in trials.items()},
        "peak_mb": max(one["peak_mb"] for one in peer),
    }


def middle(values: Iterable[float]) -> float:
    """Return the median, rounded as it is reported."""
    return round(statistics.median(values), 2)


def rounded(values: Iterable[float]) -> list[float]:
    """Return raw numbers as they are reported."""
    return [round(value, 1) for value in values]


if __name__ == "__main__":
    main()
