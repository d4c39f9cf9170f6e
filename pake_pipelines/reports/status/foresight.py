"""Sections of what comes next and what is odd: forecasts, open anomalies, recommendations, and what happened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.reports import tones
from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import (
    Advice,
    Block,
    Column,
    Prose,
    Recommendation,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.parts.series_names import series_title
from pake_pipelines.reports.status.reading import DAY, Seen
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.forecasts import ForecastRow

_LASTS: Final = DAY
"""A forecast that is older was made when nobody has analysed for six of its rounds."""

_MOST_ADVICE: Final = 6
_ROUNDS: Final = 3  # of looking for anomalies that may be missed
_SOON: Final = timedelta(days=30)
_FAR: Final = datetime.fromisoformat("9999-12-31T00:00:00+00:00")
_FORECASTS: Final = (
    Column("series", "What"),
    Column("limit", "Limit"),
    Column("days", "Days left", "d"),
    Column("reaches_at", "Reached"),
    Column("says", "Within, or why there is no date"),
    Column("made_at", "Foreseen"),
)
_ANOMALIES: Final = (
    Column("series", "What"),
    Column("value", "It was"),
    Column("expected", "Expected"),
    Column("since", "Since"),
    Column("last_at", "Last seen"),
)
_EVENTS: Final = (Column("at", "When"), Column("what", "What"), Column("says", "About"))
_GRAVITIES: Final = {"good": Tone.GOOD, "notice": Tone.NOTICE, "warn": Tone.WARN, "bad": Tone.BAD}


def forecasts(seen: Seen) -> Section:
    """Return when limits are reached, the soonest first; then what has a limit and no date, with the reason."""
    bounded = [one for one in seen.forecasts if one.limit_value is not None]
    bounded.sort(key=lambda one: (one.reaches_at or _FAR, one.metric))
    empty = "Nothing has been foreseen yet." if not seen.forecasts else "Nothing that is foreseen has a limit."
    table = Table("forecasts", _FORECASTS, [_forecast(one, seen.now) for one in bounded], empty, most=8)
    return Section("forecasts", "Days to full", [table])


def _forecast(one: ForecastRow, now: datetime) -> Sequence[Value]:
    series, limit = series_title(one.metric, one.labels), amount(one.limit_value, one.unit)
    if now - one.made_at > _LASTS:
        return series, limit, Tag("stale", Tone.UNKNOWN), "", "it was foreseen too long ago", one.made_at
    if one.reaches_at is None:
        return series, limit, Tag("no date", Tone.PLAIN), "", one.reason, one.made_at
    left = max(one.reaches_at - now, timedelta()) / DAY
    soon = Tag(f"{one.reaches_at:%d %b %Y}", Tone.WARN if one.reaches_at - now < _SOON else Tone.PLAIN)
    return series, limit, round(left, 1), soon, _within(one), one.made_at


def _within(one: ForecastRow) -> str:
    early = f"{one.reaches_early:%d %b %Y}" if one.reaches_early else "unknown"
    late = f"{one.reaches_late:%d %b %Y}" if one.reaches_late else "later than can be told"
    return early if early == late else f"{early} to {late}"


def anomalies(seen: Seen, every: timedelta) -> Section:
    """Return what does what it does not do; `every` is how often that is looked at."""
    looks = seen.anomalies_at is not None and seen.now - seen.anomalies_at <= _ROUNDS * every
    rows = [_anomaly(one) for one in seen.anomalies]
    table = Table("anomalies", _ANOMALIES, rows, "Nothing is odd." if looks else "Nothing is known.", most=8)
    if looks:
        return Section("anomalies", "Anomalies", [table])
    since = f" since {seen.anomalies_at:%d %b %H:%M}" if seen.anomalies_at else " yet, or it is switched off"
    return Section("anomalies", "Anomalies", [table], [f"Nobody has looked for anomalies{since}."])


def _anomaly(one: Anomaly) -> Sequence[Value]:
    unit = CATALOGUE[one.metric].unit if one.metric in CATALOGUE else ""
    low, high = amount(one.expected_low, unit), amount(one.expected_high, unit)
    expected = f"{low} to {high}" if one.expected_low is not None and one.expected_high is not None else one.kind
    return series_title(one.metric, one.labels), amount(one.value, unit), expected, one.started_at, one.last_at


def recommendations(advice: Sequence[Recommendation]) -> Section:
    """Return what to do first; reports tell the rest."""
    blocks: list[Block] = [Advice("recommendations", advice[:_MOST_ADVICE])]
    if left := len(advice[_MOST_ADVICE:]):
        blocks.append(Prose(f"{left} more: see the health report and the insights."))
    return Section("recommendations", "What to do", blocks)


def events(seen: Seen) -> Section:
    """Return what happened of late, changes of services among it, the newest first."""
    lines: list[tuple[datetime, Tag, str]] = [
        (one.at, Tag(f"{one.kind} {one.what}".replace("_", " "), _GRAVITIES[one.gravity]), one.says)
        for one in seen.events
    ]
    lines += [
        (one.at, Tag(f"{one.before.value if one.before else 'unknown'} → {one.after.value}".replace("_", " "),
                     tones.of_health(one.after).tone), f"{one.service}: {one.detail}")
        for one in seen.changes
    ]  # fmt: skip
    rows = sorted(lines, key=lambda one: one[0], reverse=True)
    return Section("events", "Recent events", [Table("events", _EVENTS, rows, "Nothing has happened.", most=15)])
