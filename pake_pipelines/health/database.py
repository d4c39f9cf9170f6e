"""Metrics of the knowledge database (DB-13, DB-17..20), from the figures that it tells of itself."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store.database_metrics import DatabaseFigures, Missing

_FEWEST_BLOCKS: Final = 1000
"""With fewer blocks asked for, the share of those found in the cache says nothing."""


def sample_database(figures: DatabaseFigures, previous: Mapping[str, float], now: datetime) -> list[MetricSample]:
    """Return the database's metrics at `now`; `previous` are counters of the sample before, by their names."""
    return [*_figures(figures, now), *_tables(figures, now), _hit_ratio(figures, previous, now)]


def _figures(figures: DatabaseFigures, now: datetime) -> Iterator[MetricSample]:
    for name, figure in figures.figures.items():
        yield _absent(name, figure, now) if isinstance(figure, Missing) else measured(name, figure, now)


def _tables(figures: DatabaseFigures, now: datetime) -> Iterator[MetricSample]:
    if isinstance(figures.table_bytes, Missing):
        yield _absent("db_table_bytes", figures.table_bytes, now)
        return
    for table, size in figures.table_bytes.items():
        yield measured("db_table_bytes", size, now, table=table)


def _hit_ratio(figures: DatabaseFigures, previous: Mapping[str, float], now: datetime) -> MetricSample:
    """Return the share since the sample before: that since the server's start neither falls nor recovers in time."""
    name, cache = "cache_hit_ratio_percent", "database"
    hit, read = figures.figures["db_blocks_hit_total"], figures.figures["db_blocks_read_total"]
    for figure in (hit, read):
        if isinstance(figure, Missing):
            return _absent(name, figure, now, cache=cache)
    if not {"db_blocks_hit_total", "db_blocks_read_total"} <= previous.keys():
        return missing(name, "known from the second sample on", now, status=CheckStatus.UNKNOWN, cache=cache)
    hits, reads = _grown(hit, previous["db_blocks_hit_total"]), _grown(read, previous["db_blocks_read_total"])
    if hits + reads < _FEWEST_BLOCKS:
        return missing(name, f"only {hits + reads:.0f} blocks were asked for since", now, cache=cache)
    return measured(name, 100 * hits / (hits + reads), now, cache=cache)


def _grown(now: object, before: float) -> float:
    """Return by how much a counter grew; one that is less than before was reset and counts from nought."""
    assert isinstance(now, float)
    return now - before if now >= before else now


def _absent(name: str, why: Missing, now: datetime, **labels: str) -> MetricSample:
    status = CheckStatus.UNAVAILABLE if why.expected else CheckStatus.UNKNOWN
    return missing(name, why.why, now, status=status, **labels)
