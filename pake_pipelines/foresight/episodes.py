"""Episodes as they were kept and as they are found now, brought together: one row for each, however often one looks.

Every judgement looks at the same days again, from a beginning that has moved on. What overlaps is the same episode, and
keeps its beginning. What was judged before is not judged again: only what goes on after the last judgement can be new,
and only what goes beyond what noise brings now and then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from pake_pipelines.store.anomalies import Anomaly

if TYPE_CHECKING:
    from pake_pipelines.analytics.anomalies import Episode

Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""What tells a series from all others: its metric and its labels."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one series up to its reading of `newest_at`; readings after `judged_at` are new."""

    metric: str
    labels: Mapping[str, str]
    episodes: "Sequence[Episode]"
    newest_at: datetime
    judged_at: datetime | None


def merged(looked: Looked, kept: Sequence[Anomaly], now: datetime) -> list[Anomaly]:
    """Return the rows of one series that are new or changed; `kept` are its rows."""
    rows = {one.started_at: one for one in kept}
    found: set[datetime] = set()
    for episode in looked.episodes:
        row = _same(rows.values(), episode)
        if row is None:
            if not episode.stands_out or (looked.judged_at is not None and episode.last_at <= looked.judged_at):
                continue
            row = _new(looked, episode, now)
        rows[row.started_at] = _goes_on(row, episode)
        found.add(row.started_at)
    for begun, row in rows.items():
        # it has readings after its last odd one, and no episode reaches to them: it is over
        if row.ended_at is None and begun not in found and looked.newest_at > row.last_at:
            rows[begun] = replace(row, ended_at=row.last_at)
    before = {one.started_at: one for one in kept}
    return [row for begun, row in rows.items() if before.get(begun) != row]


def _same(rows: Iterable[Anomaly], episode: "Episode") -> Anomaly | None:
    """Return the row that overlaps an episode, of several the one that began last."""
    overlapping = [
        one for one in rows if one.started_at <= episode.last_at and (one.ended_at or one.last_at) >= episode.started_at
    ]
    return max(overlapping, key=lambda one: one.started_at, default=None)


def _new(looked: Looked, episode: "Episode", now: datetime) -> Anomaly:
    return Anomaly(
        anomaly_id=None,
        metric=looked.metric,
        labels=looked.labels,
        kind=str(episode.kind),
        started_at=episode.started_at,
        last_at=episode.last_at,
        peak_at=episode.peak_at,
        ended_at=None,
        score=episode.score,
        value=episode.value,
        expected_low=episode.expected_low,
        expected_high=episode.expected_high,
        found_at=now,
    )


def _goes_on(row: Anomaly, episode: "Episode") -> Anomaly:
    """Return a row with what an episode adds to it; one that is over by now ends where it was last odd."""
    last = max(row.last_at, episode.last_at)
    after = replace(row, last_at=last, ended_at=last if episode.over else None)
    if episode.score <= row.score:
        return after
    return replace(
        after,
        kind=str(episode.kind),
        peak_at=episode.peak_at,
        score=episode.score,
        value=episode.value,
        expected_low=episode.expected_low,
        expected_high=episode.expected_high,
    )


def given_up(kept: Sequence[Anomaly], seen: Collection[Key], since: datetime) -> list[Anomaly]:
    """Return the open rows, ended, whose series had no reading since `since`: nobody can tell how they went."""
    return [
        replace(one, ended_at=one.last_at)
        for one in kept
        if one.ended_at is None and one.last_at < since and key(one.metric, one.labels) not in seen
    ]


def key(metric: str, labels: Mapping[str, str]) -> Key:
    """Return the key of a series."""
    return metric, tuple(sorted(labels.items()))
