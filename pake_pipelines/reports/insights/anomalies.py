"""The section on anomalies: each with what was expected, and a chart of the samples around it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.reports.amounts import amount, lasting
from pake_pipelines.reports.document import Block, Column, LineChart, Section, Table, Tag, Tone, Value
from pake_pipelines.reports.insights.figures import DAYS, Episode, Insights
from pake_pipelines.reports.parts.series_names import series_title
from pake_pipelines.store.anomalies import Anomaly

_HOLE: Final = 3  # samples may be a little further apart than a stretch is wide


def anomalies(told: Insights) -> Section:
    """Return the anomalies that go on, and those of the last days."""
    columns = [
        Column("what", "What"), Column("state", "State"), Column("value", "It was"), Column("expected", "Expected"),
        Column("kind", "Kind"), Column("started_at", "From"), Column("lasted", "For"), Column("peak_at", "Oddest at"),
        Column("score", "Score"),
    ]  # fmt: skip
    going_on = told.going_on
    rows = [_row(one, _state(one, goes_on=one in going_on)) for one in told.anomalies]
    empty = f"Nothing was odd in the last {DAYS} days."
    blocks: list[Block] = [Table("anomalies", columns, rows, empty, most=20)]
    blocks += [chart for one in told.episodes if (chart := episode_chart(one)) is not None]
    return Section("anomalies", "What is odd", blocks)


def _state(one: Anomaly, *, goes_on: bool) -> Tag:
    if one.ended_at:
        return Tag("over", Tone.PLAIN)
    return Tag("goes on", Tone.WARN) if goes_on else Tag("not sampled since", Tone.UNKNOWN)


def _row(one: Anomaly, state: Tag) -> list[Value]:
    unit = _unit(one)
    minutes = (one.last_at - one.started_at).total_seconds() / 60
    return [
        series_title(one.metric, one.labels), state, amount(one.value, unit), expected(one), one.kind.replace("_", " "),
        one.started_at, lasting(minutes) if minutes > 0 else "one sample", one.peak_at, round(one.score, 3),
    ]  # fmt: skip


def expected(one: Anomaly) -> str:
    """Return in words what would not have been odd."""
    unit, low, high = _unit(one), one.expected_low, one.expected_high
    if low is None and high is None:
        return "not told"
    if low is None:
        return f"at most {amount(high, unit)}"
    if high is None:
        return f"at least {amount(low, unit)}"
    return f"{amount(low, unit)} to {amount(high, unit)}"


def episode_chart(episode: Episode) -> LineChart | None:
    """Return the samples around an anomaly as a line; during it the band is what was expected. None of two samples."""
    one, found = episode.anomaly, episode.bins
    if len(found) < 2:
        return None
    points = _with_gaps([(bin_.at, bin_.mean) for bin_ in found], episode.width)
    banded = one.expected_low is not None and one.expected_high is not None
    odd = [banded and one.started_at - episode.width < at <= one.last_at for at, _ in points]
    key = "_".join(["anomaly", one.metric, *(str(value) for _, value in sorted(one.labels.items()))])
    return LineChart(
        f"{key}_{one.started_at:%Y%m%dT%H%M}",
        f"{series_title(one.metric, one.labels)}, {one.started_at:%d %b} (band: expected)",
        _unit(one),
        [at for at, _ in points],
        [value for _, value in points],
        [one.expected_low if is_odd else None for is_odd in odd],
        [one.expected_high if is_odd else None for is_odd in odd],
    )


def _with_gaps(points: Sequence[tuple[datetime, float]], width: timedelta) -> list[tuple[datetime, float | None]]:
    """Return the points, and one without a value wherever several stretches in a row had no sample."""
    found: list[tuple[datetime, float | None]] = []
    for at, value in points:
        if found and at - found[-1][0] > _HOLE * width:
            found.append((found[-1][0] + width, None))
        found.append((at, value))
    return found


def _unit(one: Anomaly) -> str:
    return CATALOGUE[one.metric].unit if one.metric in CATALOGUE else ""
