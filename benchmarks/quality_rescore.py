"""Judging a stored knowledge base anew after its rules changed: rows a second, and whether memory depends on size."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.children import byte_code_cache, python
from benchmarks.quality_store import fill, tidy
from benchmarks.scratch import environment_of, scratch_project
from pake_pipelines.settings import Settings

# each change is judged after the one before it: which rows differ is another matter than which are looked at
CHANGES: Final[Mapping[str, str]] = {
    "first": "links: {check_external: false}\n",
    "weights": "links: {check_external: false}\nconfidence: {weights: {source_authority: 0.2, content_coherence: 0.25, "
    "cross_reference_strength: 0.2, temporal_relevance: 0.15, linguistic_quality: 0.1, verification_status: 0.1}}\n",
    "min_length": "links: {check_external: false}\ncontent: {min_length: 1900}\n",
    "phrase": "links: {check_external: false}\nspam: {phrases: {own: {'report says': 0.05}}}\n",
}


@dataclass(frozen=True)
class Rescored:
    """What one change of rules took over `rows` nodes."""

    rows: int
    seconds: Mapping[str, float]
    changed: int
    peak_mb: float

    @property
    def rows_per_second(self) -> float:
        """Nodes judged and decided on in a second."""
        return self.rows / sum(self.seconds.values())


def rescore(rows: int) -> dict[str, Rescored]:
    """Judge `rows` nodes after each of `CHANGES`, in a process of its own each time."""
    found = {}
    with scratch_project("sources: {}\n") as settings, byte_code_cache() as cache:
        now = datetime.now(UTC)
        print(f"  storing {rows:,} documents", file=sys.stderr)
        fill(settings, rows, now)
        for name, quality in CHANGES.items():
            (settings.home / "configs" / "quality.yaml").write_text(quality)
            found[name] = _judged(settings, cache, now, rows)
            tidy(settings)  # as autovacuum does within a minute: without statistics every plan is a guess
            print(f"  {name}: {found[name].rows_per_second:,.0f} rows/s", file=sys.stderr)
    return found


def _judged(settings: Settings, cache: Mapping[str, str], now: datetime, rows: int) -> Rescored:
    cost = python(
        ["-m", "benchmarks.quality_rescore_child", f"{now:%Y-%m-%d}"],
        {**cache, **environment_of(settings)},
        Path.cwd(),
    )
    told: dict[str, Any] = json.loads(cost.output.splitlines()[-1])
    looked_at = told["counts"]["confidence"]["looked_at"]
    if looked_at != rows:
        raise RuntimeError(f"{looked_at} of {rows} nodes were judged")
    return Rescored(rows, told["seconds"], told["counts"]["confidence"]["changed"], told["peak_mb"])
