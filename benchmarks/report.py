"""The form of every benchmark's answer: a table for people on stderr, one JSON object on stdout."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Report:
    """What a benchmark measured.

    `figures` have fixed names and are tracked; `peers` says what each was measured beside (or "unavailable");
    `sizes` says on how much, with the raw numbers behind the figures.
    """

    benchmark: str
    figures: Mapping[str, Any]
    peers: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, Any] = field(default_factory=dict)


def publish(report: Report) -> None:
    """Print `report` in both forms."""
    print(f"\n{report.benchmark}", file=sys.stderr)
    for part in (report.figures, report.peers, report.sizes):
        width = max(map(len, part), default=0)
        for name, value in part.items():
            print(f"  {name:<{width}}  {_shown(value)}", file=sys.stderr)
        print(file=sys.stderr)
    print(json.dumps(asdict(report)))


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "none"
    return str(value)
