"""How a source stands: whether it may be asked now, and what a visit changes about that. Pure decisions.

A source that fails `error_threshold` times in a row rests, the n-th time for multiplier^n hours (ING-10). The first
visit after a rest is a probe: one success ends the matter, one failure starts the next, longer rest. A 410 ends a
source until somebody enables it again. A permanent redirect is believed when it was seen often enough over days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import exp
from typing import Final

from pake_pipelines.config.manners import Failures, Polling, Redirects
from pake_pipelines.sources.protocol import GONE
from pake_pipelines.store.sources import SourceEvent, SourceState

# a schedule's tick comes a few seconds sooner or later than the last
_JITTER: Final = timedelta(minutes=1)
# the rhythm of a source is its mean over about a week, older items count e^-age/week (exponential decay)
_MEMORY_DAYS: Final = 7.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says about asking again; `polled` tells whether the source has a rhythm of its own."""

    polling: Polling
    failures: Failures
    redirects: Redirects
    polled: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a visit that took place says about its source."""

    new: int = 0
    error: str | None = None
    status: int | None = None
    retry_at: datetime | None = None
    fresh_until: datetime | None = None
    moved_to: str | None = None
    conditional: bool = True


def reason_to_wait(state: SourceState, now: datetime, *, only_due: bool) -> str | None:
    """Return why the source must not be asked now, None when it may; `only_due` also waits until it is due."""
    if state.disabled_because:
        return f"disabled: {state.disabled_because}"
    if state.wait_until and now < state.wait_until:
        return f"the server asked to wait until {_shown(state.wait_until)}"
    if only_due and is_resting(state, now):
        return f"resting until {_shown(state.resting_until)} after {state.consecutive_failures} failures in a row"
    if only_due and state.due_at and now < state.due_at - _JITTER:
        return f"not due until {_shown(state.due_at)}: {state.due_because}"
    return None


def is_resting(state: SourceState, now: datetime) -> bool:
    """Tell whether the source is backing off after failures."""
    return state.resting_until is not None and now < state.resting_until


def after_visit(
    source: str, state: SourceState, outcome: Outcome, now: datetime, rules: Rules
) -> tuple[SourceState, Sequence[SourceEvent]]:
    """Return how `source` stands after a visit that ended at `now`, and what happened to it by that."""
    if outcome.error is not None:
        return _after_failure(source, state, outcome, now, rules)
    events = []
    if state.rests:
        events.append(SourceEvent(source, "recovered", f"after {state.consecutive_failures} failures in a row"))
    rhythm = _rhythm(state, outcome.new, now)
    due_at, because = next_due(rhythm, outcome, now, rules) if rules.polled else (None, None)
    moved = _moved(state, outcome.moved_to, now, rules.redirects)
    if moved.learned_url != state.learned_url:
        events.append(SourceEvent(source, "moved", f"to {moved.learned_url}"))
    stands = replace(
        moved,
        checked_at=now,
        succeeded_at=now,
        consecutive_failures=0,
        last_error=None,
        items_per_day=rhythm,
        due_at=due_at,
        due_because=because,
        wait_until=None,
        rests=0,
        resting_until=None,
    )
    return stands, events


def _after_failure(
    source: str, state: SourceState, outcome: Outcome, now: datetime, rules: Rules
) -> tuple[SourceState, Sequence[SourceEvent]]:
    failures = state.consecutive_failures + 1
    stands = replace(state, checked_at=now, consecutive_failures=failures, last_error=outcome.error)
    if outcome.retry_at:
        longest = now + timedelta(hours=rules.polling.max_wait_hours)
        stands = replace(stands, wait_until=min(outcome.retry_at, longest))
    if outcome.status == GONE:
        said = "the server says that it is gone for good (410)"
        return replace(stands, disabled_because=said), [SourceEvent(source, "gone", said)]
    if rules.polled:
        due = now + timedelta(minutes=rules.polling.min_minutes)
        stands = replace(stands, due_at=due, due_because="the last visit failed")
    if failures < rules.failures.error_threshold:
        return stands, []
    rests = state.rests + 1
    until = now + rest_of(rests, rules.failures)
    events = [SourceEvent(source, "resting", f"until {_shown(until)} after {failures} failures in a row")]
    if state.learned_url:
        events.append(SourceEvent(source, "moved_back", f"from {state.learned_url}, which fails"))
        stands = replace(stands, learned_url=None, moved_to=None, moved_visits=0, moved_since=None)
    return replace(stands, rests=rests, resting_until=until), events


def rest_of(number: int, rules: Failures) -> timedelta:
    """Return how long the `number`-th rest in a row takes: multiplier^number hours, at most the configured most."""
    hours = min(rules.backoff_multiplier ** min(number, 64), rules.max_backoff_hours)
    return timedelta(hours=hours)


def next_due(items_per_day: float, outcome: Outcome, now: datetime, rules: Rules) -> tuple[datetime, str]:
    """Return when a schedule should ask again, and why then.

    The mean time between two items divided by `factor` (miniflux's entry-frequency scheduler), within bounds, and not
    before what the server said stays fresh until, as far as that is believed. A source that must be read as a whole
    to see whether it has changed is asked daily at most (Feed Reader Behavior).
    """
    polling = rules.polling
    least = polling.min_minutes if outcome.conditional else polling.min_minutes_unconditional
    shortest, longest = timedelta(minutes=least), timedelta(hours=polling.max_hours)
    wanted = timedelta(days=1 / (items_per_day * polling.factor)) if items_per_day > 0.01 else longest
    due, because = now + max(min(wanted, longest), shortest), f"about {items_per_day:.1f} items a day"
    if outcome.fresh_until:
        believed = min(outcome.fresh_until, now + timedelta(hours=polling.max_fresh_hours))
        if believed > due:
            due, because = believed, "the server says that it stays as it is until then"
    return due, because


def _rhythm(state: SourceState, new: int, now: datetime) -> float:
    """Return the source's items a day: an exponentially decaying mean, which a first visit cannot know."""
    if state.succeeded_at is None:
        return new / _MEMORY_DAYS
    passed = max((now - state.succeeded_at).total_seconds() / 86400, 0.0)
    return state.items_per_day * exp(-passed / _MEMORY_DAYS) + new / _MEMORY_DAYS


def _moved(state: SourceState, target: str | None, now: datetime, rules: Redirects) -> SourceState:
    if target is None or target == state.learned_url:
        return replace(state, moved_to=None, moved_visits=0, moved_since=None)
    if target != state.moved_to or state.moved_since is None:
        return replace(state, moved_to=target, moved_visits=1, moved_since=now)
    visits, long_enough = state.moved_visits + 1, timedelta(days=rules.learn_after_days)
    if visits >= rules.learn_after_visits and now - state.moved_since >= long_enough:
        return replace(state, learned_url=target, moved_to=None, moved_visits=0, moved_since=None)
    return replace(state, moved_visits=visits)


def _shown(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
