"""One run of a job in a process of its own, as Dagster's run worker makes it: import the definitions, run, end.

    python -m benchmarks.idle_child MODULE PARTITION

Prints which of the heavy libraries were loaded on the way.
"""

import importlib
import json
import sys
from typing import Final

import dagster as dg

_HEAVY: Final = ("torch", "sentence_transformers", "spacy", "trafilatura", "pandas", "matplotlib", "langdetect")


def main() -> None:
    """Run the job `ingest` of the definitions in the named module."""
    module, partition = sys.argv[1:]
    job = importlib.import_module(module).defs.resolve_job_def("ingest")
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(partition_key=partition, instance=instance)
    if not result.success:
        sys.exit(1)
    print(json.dumps([name for name in _HEAVY if name in sys.modules]))


if __name__ == "__main__":
    main()
