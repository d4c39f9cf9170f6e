"""Reads labelled series laid out as NAB's are: folders of `timestamp,value` files, and one JSON file of windows."""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.anomaly_scoring import Window
from pake_pipelines.analytics.anomalies import Point


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its folder, its name, its points in the file's order, and the windows its anomalies lie in."""

    folder: str
    name: str
    points: tuple[Point, ...]
    windows: tuple[Window, ...]


def corpus() -> Path:
    """NAB's folder below `PAKE_CORPORA`."""
    return Path(os.environ.get("PAKE_CORPORA", "../shared/corpora")) / "timeseries" / "NAB"


def read(data: Path, labels: Path) -> Iterator[Series]:
    """Yield the series below `data` by folder and name; a file that `labels` doesn't name has no windows."""
    named: Mapping[str, list[list[str]]] = json.loads(labels.read_text("utf-8"))
    for file in sorted(data.rglob("*.csv")):
        name = file.relative_to(data).as_posix()
        windows = tuple(sorted((_time(begin), _time(end)) for begin, end in named.get(name, [])))
        yield Series(file.parent.relative_to(data).as_posix(), file.name, tuple(_points(file)), windows)


def _points(file: Path) -> Iterator[Point]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            yield Point(_time(row["timestamp"]), _value(row["value"]))


def _value(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)
