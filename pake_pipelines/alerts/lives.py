"""All series and their episodes, from one evaluation to the next: each goes on with its reading, or exists no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.alerts.conditions import Seen, covers
from pake_pipelines.alerts.lifecycle import Advanced, advance, end, rebased_episode, rebased_series
from pake_pipelines.config.alerting import Alerting
from pake_pipelines.model.alert import SERIES_GONE, Condition
from pake_pipelines.model.episode import Episode, Series, Transition


@dataclass(frozen=True, slots=True)
class Lives:
    """Series and open episodes after their readings, the episodes that have just ended, and what changed."""

    series: Mapping[str, Series]
    episodes: Mapping[str, Episode]
    ended: tuple[Episode, ...]
    transitions: tuple[Transition, ...]


def live(
    alerting: Alerting,
    known_series: Mapping[str, Series],
    known_episodes: Mapping[str, Episode],
    seen: Mapping[str, Seen],
    now: datetime,
) -> Lives:
    """Let every series go on with its reading, and end those that exist no more."""
    rules, flap = alerting.rules, alerting.flapping
    series = {key: rebased_series(one, now) for key, one in known_series.items()}
    episodes = {key: rebased_episode(one, now) for key, one in known_episodes.items()}
    ended: list[Episode] = []
    transitions: list[Transition] = []

    def take(key: str, after: Advanced) -> None:
        transitions.extend(after.transitions)
        if after.series is None:
            series.pop(key, None)
        else:
            series[key] = after.series
        if after.episode is None or not after.episode.is_open:
            episodes.pop(key, None)
        else:
            episodes[key] = after.episode
        if after.episode is not None and not after.episode.is_open:
            ended.append(after.episode)

    for name, one in seen.items():
        rule = rules[name]
        for key, reading in (one.observations or {}).items():
            known = series.get(key)
            if known is None and reading.condition is Condition.OK and key not in episodes:
                continue
            take(key, advance(rule, name, flap, known, episodes.get(key), reading, now))
    for key in [*series, *(key for key in episodes if key not in series)]:
        because = _ended_because(alerting, seen, series.get(key), episodes.get(key), now)
        if because:
            episode = episodes.get(key)
            take(key, end(None, episode, now, because) if episode else Advanced(None, None))
    return Lives(series, episodes, tuple(ended), tuple(transitions))


def _ended_because(
    alerting: Alerting, seen: Mapping[str, Seen], series: Series | None, episode: Episode | None, now: datetime
) -> str:
    known = series or episode
    assert known is not None
    rule = alerting.rules.get(known.rule)
    if rule is None:
        return "its rule is no more"
    if not rule.enabled:
        return "its rule is switched off"
    if not covers(rule, known.labels):
        return "its rule does not look at it any more"
    saw = seen[known.rule]
    if not saw.gone or known.fingerprint in (saw.observations or {}):
        return ""
    if rule.metric is None:
        return "what it is about exists no more"
    hours = max(alerting.gone_hours, rule.stale_seconds / 3600)
    # one that was read by a clock that is ahead is not among the samples up to now
    if series is not None and now - series.read_at < timedelta(hours=hours):
        return ""
    return f"{SERIES_GONE}: no sample for {hours:g} hours, while others were taken"
