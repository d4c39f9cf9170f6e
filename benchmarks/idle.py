"""What the project costs while there is nothing to do, beside Dagster without it.

    python -m benchmarks.idle [--rounds 5] [--minutes 15] [--stack-only | --run-only]

The second, unchanged run of a day beside an empty Dagster run of the same shape: both in fresh processes against the
same Dagster instance on PostgreSQL, alternating; only the local samples are read, so that no name lookup is measured.
And the whole stack beside an empty Dagster project's (`idle_stack`).
"""

import argparse
import json
import statistics
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.children import Cost, byte_code_cache, python
from benchmarks.idle_stack import measure
from benchmarks.report import Report, publish
from benchmarks.scratch import environment_of, local_samples, rows_written, scratch_project
from pake_pipelines.settings import PACKAGE_HOME

_OURS: Final = "pake_pipelines.definitions"
_EMPTY: Final = "benchmarks.idle_empty"

Numbers = dict[str, Any]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=15, help="how long the stacks are watched")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--stack-only", action="store_true")
    part.add_argument("--run-only", action="store_true")
    asked = parser.parse_args()
    figures: Numbers = {}
    peers: Numbers = {}
    sizes: Numbers = {}
    if not asked.stack_only:
        figures, peers, sizes = rerun(asked.rounds)
    if not asked.run_only:
        beside = measure(asked.minutes)
        figures |= beside.figures()
        sizes |= beside.sizes()
        peers["empty Dagster project"] = f"{beside.empty.cpu:.1f} CPU s, {beside.empty.memory:.0f} MB"
    publish(Report("idle", figures, peers, sizes))


def rerun(rounds: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return figures, peers and sizes of the unchanged run of a day."""
    today = datetime.now(UTC).date().isoformat()
    with scratch_project(local_samples()) as settings, byte_code_cache() as cache:
        environment = {**cache, **environment_of(settings)}

        def run(module: str) -> Cost:
            return python(["-m", "benchmarks.idle_child", module, today], environment, PACKAGE_HOME)

        first = run(_OURS)
        described = python(["-m", "benchmarks.idle_shape"], environment, PACKAGE_HOME).output
        shape = settings.home / "shape.json"
        shape.write_text(described)
        environment["PAKE_BENCH_SHAPE"] = str(shape)
        run(_OURS)
        run(_EMPTY)
        before = rows_written(settings)
        pairs = [(run(_OURS), run(_EMPTY)) for _ in range(rounds)]
        changed = rows_written(settings) - before
    ours, empty = (statistics.median(one.cpu_seconds for one in column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(again.cpu_seconds / nothing.cpu_seconds for again, nothing in pairs)
    figures = {
        "rerun_cpu_ratio_to_empty_run": round(ratio, 3),
        "models_loaded": sorted({name for again, _ in pairs for name in json.loads(again.output)}),
        "changed_rows": changed,
    }
    sizes = {
        "rounds": rounds,
        "assets": len(json.loads(described)["assets"]),
        "first_run_cpu_seconds": round(first.cpu_seconds, 2),
        "rerun_cpu_seconds": round(ours, 3),
        "empty_run_cpu_seconds": round(empty, 3),
    }
    return figures, {"empty Dagster run of the same shape": f"{empty:.2f} CPU s"}, sizes


if __name__ == "__main__":
    main()
