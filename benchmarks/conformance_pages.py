"""Article pages with their text marked by people: what `pake text extract` finds of it, beside trafilatura alone.

Scored as in the set's own benchmark (scrapinghub/article-extraction-benchmark, evaluate.py): shingles of four words
per page, precision and recall averaged over the pages, F1 of the two means, intervals by resampling pages.
"""

import gzip
import hashlib
import json
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import typer
from typer.testing import CliRunner

from benchmarks.report import Report
from pake_pipelines.cli.text.extract import extract as extract_command
from pake_pipelines.config.loading import load_quality
from pake_pipelines.pipeline.extraction import Extractor
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.text.extract import extract

_WORD: Final = re.compile(r"\w+")
_SHINGLE: Final = 4
_RESAMPLES: Final = 1000
_ROUNDS: Final = 3

Score = tuple[float, float, float]
"""True positives, false positives and false negatives of a page, as shares of their sum."""


def check(corpus: Path) -> Report:
    """Extract every page below `corpus`, by the command, by the pipeline in both orders, and by trafilatura."""
    stated = json.loads((corpus / "ground-truth.json").read_text("utf-8"))
    pages = {name: gzip.decompress((corpus / "html" / f"{name}.html.gz").read_bytes()) for name in sorted(stated)}
    markup = [page.decode("utf-8", "replace") for page in pages.values()]
    truth = {name: stated[name].get("articleBody", "") for name in pages}
    scores = _scores(truth, _by_command(pages))
    peer = _scores(truth, dict(zip(pages, map(_trafilatura, markup), strict=True)))
    ours, theirs = _speeds(markup)
    return Report(
        "conformance_pages",
        {
            "pages": len(pages),
            **_figures(list(scores.values())),
            "pages_per_second": ours,
            "speed_ratio_to_trafilatura_fast": ours / theirs,
            "order_differs": _order_differs(markup),
            "exceptions_escaped": sum(map(_escapes, markup)),
            **{f"{name}_trafilatura_fast": value for name, value in _figures(list(peer.values())).items()},
        },
        {"trafilatura_fast": {"pages_per_second": theirs}},
        {f"half_{half}": _figures([score for name, score in scores.items() if _half(name) == half]) for half in "ab"}
        | {"worst": [name[:12] for name in sorted(scores, key=lambda name: scores[name][0])[:5]]},
    )


def _by_command(pages: Mapping[str, bytes]) -> dict[str, str]:
    """Return what the command prints as the text of each page; none where it printed an error."""
    app = typer.Typer()
    app.command()(extract_command)
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory) / f"{name}.html" for name in pages]
        for file, page in zip(files, pages.values(), strict=True):
            file.write_bytes(page)
        printed = CliRunner().invoke(app, ["--json", *map(str, files)])
    lines = [json.loads(line) for line in printed.stdout.splitlines()]
    return {name: line["text"] for name, line in zip(pages, lines, strict=True)}


def _trafilatura(markup: str) -> str:
    import trafilatura

    return trafilatura.extract(markup, fast=True) or ""


def _order_differs(markup: Sequence[str]) -> int:
    """Return how many pages give another text when all are read in reverse order."""
    with Extractor(load_quality(PACKAGE_HOME / "configs").extraction) as extractor:
        forward = extractor.extract([(page, "text/html") for page in markup])
        backward = extractor.extract([(page, "text/html") for page in reversed(markup)])
    return sum(one != other for one, other in zip(forward, reversed(backward), strict=True))


def _escapes(markup: str) -> bool:
    try:
        extract(markup, "text/html")
    except Exception:  # noqa: BLE001  whatever it is, it must not be
        return True
    return False


def _speeds(markup: Sequence[str]) -> tuple[float, float]:
    """Return the pages a second of our extraction and of trafilatura, in one process, alternating."""
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        theirs.append(_seconds(_trafilatura, markup))
        ours.append(_seconds(lambda page: extract(page, "text/html"), markup))
    return len(markup) / statistics.median(ours), len(markup) / statistics.median(theirs)


def _seconds(call: Callable[[str], str], markup: Sequence[str]) -> float:
    started = time.process_time()  # what else runs on the machine does not count
    for page in markup:
        call(page)
    return time.process_time() - started


def _scores(truth: Mapping[str, str], found: Mapping[str, str]) -> dict[str, Score]:
    return {name: score(truth[name], found[name]) for name in truth}


def score(true: str, found: str) -> Score:
    """Return how the shingles of a text that was `found` compare with those of the `true` one."""
    wanted, got = _shingles(true), _shingles(found)
    counts = ((wanted & got).total(), (got - wanted).total(), (wanted - got).total())
    right, extra, missing = (count / max(1, sum(counts)) for count in counts)
    return right, extra, missing


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    starts = range(max(1, len(words) - _SHINGLE + 1))
    return Counter(shingle for start in starts if (shingle := tuple(words[start : start + _SHINGLE])))


def _figures(scores: Sequence[Score]) -> dict[str, float]:
    """Return F1 with its 95 % interval, precision and recall."""
    chance = random.Random(0)
    drawn = sorted(_means(chance.choices(scores, k=len(scores)))[0] for _ in range(_RESAMPLES))
    f1, precision, recall = _means(scores)
    return {
        "f1": f1,
        "f1_low": drawn[int(0.025 * _RESAMPLES)],
        "f1_high": drawn[int(0.975 * _RESAMPLES) - 1],
        "precision": precision,
        "recall": recall,
    }


def _means(scores: Sequence[Score]) -> tuple[float, float, float]:
    # a page where nothing was found has no precision, one where there is nothing to find no recall
    precisions = [right / (right + extra) for right, extra, _ in scores if right + extra > 0]
    recalls = [right / (right + missing) for right, _, missing in scores if right + missing > 0]
    precision, recall = statistics.mean(precisions or [0.0]), statistics.mean(recalls or [0.0])
    return 2 * precision * recall / max(1e-9, precision + recall), precision, recall


def _half(name: str) -> str:
    """Return which half of the set a page belongs to; rules were chosen on half a alone."""
    return "ab"[hashlib.md5(name.encode(), usedforsecurity=False).digest()[0] % 2]
