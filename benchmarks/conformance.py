"""Conformance: real feeds, e-mails and hostile XML that the project does not own, read by what reads the world.

    make conformance
    PAKE_CORPORA=/where/they/are python -m benchmarks.conformance

Prints one report for each corpus and ends with 1 when a promise is broken; a corpus that is absent is skipped.
"""

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import (
    conformance_attacks,
    conformance_emails,
    conformance_feeds,
    conformance_languages,
    conformance_pages,
)
from benchmarks.report import Report, publish
from pake_pipelines.settings import PACKAGE_HOME

CORPORA: Final[dict[str, Callable[[Path], Report]]] = {
    "feeds/feedparser": conformance_feeds.check,
    "emails/mikel-mail": conformance_emails.check,
    "attacks/defusedxml": conformance_attacks.check,
    "pages/article-extraction": conformance_pages.check,
    "languages/lingua": conformance_languages.check,
}
# figures that must be 0, and those that have a limit
PROMISES: Final = {
    "exceptions_escaped": 0,
    "worker_differs": 0,
    "entries_missed": 0,
    "leaked": 0,
    "order_differs": 0,
    "peak_memory_mb": 200,
    "slowest_seconds": 5,
}


def main() -> int:
    """Check every corpus; return how the process ends."""
    warnings.simplefilter("ignore")  # feedparser warns of its own corpus
    home = Path(os.environ.get("PAKE_CORPORA") or PACKAGE_HOME / ".." / "shared" / "corpora").resolve()
    broken = []
    for name, check in CORPORA.items():
        if not (home / name).is_dir():
            print(f"{name}: corpus not found, skipped", file=sys.stderr)
            continue
        report = check(home / name)
        publish(report)
        broken += [f"{name}: {figure} is {value}" for figure, value in broken_promises(report)]
    for promise in broken:
        print(f"broken promise: {promise}", file=sys.stderr)
    return 1 if broken else 0


def broken_promises(report: Report) -> list[tuple[str, float]]:
    """Return the figures of `report` beyond what is promised."""
    return [
        (figure, report.figures[figure]) for figure, limit in PROMISES.items() if report.figures.get(figure, 0) > limit
    ]


if __name__ == "__main__":
    sys.exit(main())
