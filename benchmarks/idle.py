"""What the second, unchanged run of a day costs beside an empty Dagster run of the same shape.

    python -m benchmarks.idle [--rounds 5]

Both run in fresh processes against the same Dagster instance on PostgreSQL, alternating. Only the local samples are
read, so that no name lookup is measured.
"""

import argparse
import json
import statistics
from datetime import UTC, datetime
from typing import Final

import yaml

from benchmarks.children import Cost, byte_code_cache, python
from benchmarks.report import Report, publish
from benchmarks.scratch import environment_of, rows_written, scratch_project
from pake_pipelines.settings import PACKAGE_HOME

_OURS: Final = "pake_pipelines.definitions"
_EMPTY: Final = "benchmarks.idle_empty"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
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
    loaded = sorted({name for again, _ in pairs for name in json.loads(again.output)})
    publish(
        Report(
            "idle",
            figures={
                "rerun_cpu_ratio_to_empty_run": round(
                    statistics.median(again.cpu_seconds / nothing.cpu_seconds for again, nothing in pairs), 3
                ),
                "models_loaded": loaded,
                "changed_rows": changed,
            },
            peers={"empty Dagster run of the same shape": f"{empty:.2f} CPU s"},
            sizes={
                "rounds": rounds,
                "assets": len(json.loads(described)["assets"]),
                "first_run_cpu_seconds": round(first.cpu_seconds, 2),
                "rerun_cpu_seconds": round(ours, 3),
                "empty_run_cpu_seconds": round(empty, 3),
            },
        )
    )


def local_samples() -> str:
    """Return a sources.yaml with those of the project's sources that are samples on disk."""
    configured = yaml.safe_load((PACKAGE_HOME / "configs" / "sources.yaml").read_text())["sources"]
    local = {
        slug: {**source, "path": str(PACKAGE_HOME / source["path"])}
        for slug, source in configured.items()
        if slug.startswith("sample-")
    }
    return yaml.safe_dump({"sources": local})


if __name__ == "__main__":
    main()
