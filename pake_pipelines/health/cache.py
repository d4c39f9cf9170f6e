"""Metrics of the cache of results (DB-24, MNT-09, MNT-10): what it holds, how it is used, what it answered."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Final

from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.store.cache_accesses import Use
from pake_pipelines.store.cache_figures import Figures

_FEWEST: Final = 50
"""With fewer results asked for, the share of those found says nothing."""


def sample_cache(figures: Figures, use: Use, now: datetime) -> Iterator[MetricSample]:
    """Yield the metrics at `now`; `use` is how often the cache was asked since the sample before."""
    for name, value in asdict(figures).items():
        metric = f"cache_{name}"
        yield missing(metric, "the cache is empty", now) if value is None else measured(metric, value, now)
    ratio = use.hit_ratio_percent
    if ratio is None or use.accesses < _FEWEST:
        why = f"only {use.accesses} results were asked for since the sample before"
        yield missing("cache_hit_ratio_percent", why, now, cache="entries")
    else:
        yield measured("cache_hit_ratio_percent", ratio, now, cache="entries")
