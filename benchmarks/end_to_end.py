"""The whole way of a datum, from feed files to verdicts, beside embedding the same texts and nothing else.

    python -m benchmarks.end_to_end [--documents 10000] [--small 1000] [--feeds 20] [--rounds 1]

Each round has a database of its own. Both sides run in fresh processes and load their models themselves.
"""

import argparse
import json
import statistics
import sys
from datetime import UTC, datetime
from typing import Any

import yaml

from benchmarks.children import byte_code_cache, python
from benchmarks.corpus import write_feeds
from benchmarks.report import Report, publish
from benchmarks.scratch import environment_of, rows_written, scratch_project
from pake_pipelines.settings import PACKAGE_HOME, Settings

Measured = dict[str, Any]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--small", type=int, default=1_000, help="documents of the run that memory is compared with")
    parser.add_argument("--feeds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    with byte_code_cache() as cache:
        small = measure(asked.small, asked.feeds, cache)
        rounds = [measure(asked.documents, asked.feeds, cache) for _ in range(asked.rounds)]
    chain, plain, again = rounds[-1]["chain"], rounds[-1]["plain"], rounds[-1]["again"]
    whole = statistics.median(one["chain"]["total_seconds"] for one in rounds)
    alone = statistics.median(one["plain"]["total_seconds"] for one in rounds)
    publish(
        Report(
            "end_to_end",
            figures={
                "documents_per_second": round(asked.documents / whole, 1),
                "embedding_only_documents_per_second": round(asked.documents / alone, 1),
                "ratio_to_embedding_only": round(
                    statistics.median(one["plain"]["total_seconds"] / one["chain"]["total_seconds"] for one in rounds),
                    3,
                ),
                "rerun_changed_rows": max(one["changed"] for one in rounds),
                "peak_mb_1k": small["chain"]["peak_mb"],
                "peak_mb_10k": max(one["chain"]["peak_mb"] for one in rounds),
            },
            peers={"SentenceTransformer.encode": f"{plain['counts']['texts']} texts in {alone:.1f} s"},
            sizes={
                "documents": asked.documents,
                "small": asked.small,
                "feeds": asked.feeds,
                "rounds": asked.rounds,
                "seconds": {name: round(value, 2) for name, value in chain["seconds"].items()},
                "total_seconds": round(whole, 2),
                "rerun_seconds": round(again["total_seconds"], 2),
                "counts": chain["counts"],
                "peak_mb_of_workers": chain["peak_mb_of_children"],
                "peak_mb_embedding_only": plain["peak_mb"],
            },
        )
    )


def measure(documents: int, feeds: int, cache: dict[str, str]) -> Measured:
    """Run the chain, the plain encoding, and the chain once more, on `documents` generated entries."""
    print(f"{documents} documents ...", file=sys.stderr, flush=True)
    with scratch_project("sources: {}\n") as settings:
        configure(settings, documents, feeds)
        environment = {**cache, **environment_of(settings)}
        day = datetime.now(UTC).date().isoformat()

        def run(what: str) -> Measured:
            result: Measured = json.loads(
                python(["-m", "benchmarks.end_to_end_child", what, day], environment, PACKAGE_HOME).output
            )
            return result

        measured = {"chain": run("chain"), "plain": run("plain")}
        before = rows_written(settings)
        measured["again"] = run("chain")
        return {**measured, "changed": rows_written(settings) - before}


def configure(settings: Settings, documents: int, feeds: int) -> None:
    """Write the feeds and the configuration that reads them."""
    files = write_feeds(settings.home / "feeds", documents, feeds)
    sources = {
        slug: {"name": slug, "kind": "feed", "path": str(file), "authority": "news", "max_items_per_run": documents}
        for slug, file in files.items()
    }
    (settings.configs / "sources.yaml").write_text(yaml.safe_dump({"sources": sources}))


if __name__ == "__main__":
    main()
