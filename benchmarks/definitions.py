"""What importing the definitions costs beside importing Dagster alone, and what that import reads.

python -m benchmarks.definitions [--rounds 5]
"""

import argparse
import json
import statistics
import sysconfig
from pathlib import Path
from typing import Final

from benchmarks.children import byte_code_cache, python
from benchmarks.report import Report, publish
from pake_pipelines.settings import PACKAGE_HOME

_IMPORT: Final = "import pake_pipelines.definitions"
_PEER: Final = "import dagster"

# prints the files that importing the definitions opens for reading beyond what importing Dagster opens
_WATCH: Final = f"""
import json, os, sys
{_PEER}
opened = set()
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and not (arguments[1] or "r").startswith(("w", "a", "x")):
        opened.add(os.path.abspath(arguments[0]))
sys.addaudithook(watch)
{_IMPORT}
print(json.dumps(sorted(opened)))
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with byte_code_cache() as environment:
        for warm in (_IMPORT, _PEER):
            python(["-c", warm], environment, PACKAGE_HOME)
        pairs = [
            tuple(python(["-c", code], environment, PACKAGE_HOME).cpu_seconds for code in (_PEER, _IMPORT))
            for _ in range(rounds)
        ]
        opened = json.loads(python(["-c", _WATCH], environment, PACKAGE_HOME).output)
        read = [Path(one) for one in opened if not one.startswith(environment["PYTHONPYCACHEPREFIX"])]
    own, foreign = classify(read)
    dagster, definitions = (statistics.median(column) for column in zip(*pairs, strict=True))
    publish(
        Report(
            "definitions",
            figures={
                "import_ratio": round(statistics.median(ours / theirs for theirs, ours in pairs), 3),
                "foreign_files_read": len(foreign),
            },
            peers={"import dagster": f"{dagster:.2f} CPU s"},
            sizes={
                "rounds": rounds,
                "dagster_cpu_seconds": round(dagster, 3),
                "definitions_cpu_seconds": round(definitions, 3),
                "project_files_read": sorted(own),
                "foreign_files": sorted(foreign),
            },
        )
    )


def classify(read: list[Path]) -> tuple[list[str], list[str]]:
    """Return the project's own configuration files among `read`, and what is neither those nor code."""
    installed = tuple(Path(path).resolve() for path in {*sysconfig.get_paths().values()})
    defaults = PACKAGE_HOME / "pake_pipelines" / "config" / "defaults"
    own, foreign = [], []
    for file in (path.resolve() for path in read if path.is_file()):
        if any(file.is_relative_to(place) for place in installed) or file.suffix in {".py", ".pyc"}:
            continue
        configured = file.parent in {PACKAGE_HOME / "configs", defaults} and file.suffix == ".yaml"
        (own if configured else foreign).append(str(file))
    return own, foreign


if __name__ == "__main__":
    main()
