"""What is known of a service, and what follows from it alone: how it stands, since when, how often it was tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from pake_pipelines.config.services import Restarts
from pake_pipelines.model.health import DOWN, SERVES, STALE, HealthSample, HealthStatus
from pake_pipelines.model.restart import Restart, RestartState, Surrender

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a service: its samples and the attempts at it, both the newest first.

    Moments after the `now` that the functions here are asked for count as now: a clock may have been set back.
    """

    samples: tuple[HealthSample, ...] = ()
    attempts: tuple[Restart, ...] = ()
    surrender: Surrender | None = None

    @property
    def last(self) -> Restart | None:
        """The newest attempt."""
        return self.attempts[0] if self.attempts else None


def status_of(standing: Standing | None, now: datetime) -> HealthStatus:
    """Return how a service stands at `now`: unknown without a sample that is fresh enough."""
    if standing is None or not standing.samples or standing.samples[0].at < now - STALE:
        return HealthStatus.UNKNOWN
    return standing.samples[0].status


def bad_in_a_row(standing: Standing) -> int:
    """Return how many samples in a row, up to the newest, say that the service is down.

    What was seen before an attempt that worked is of the past; one that failed has changed nothing.
    """
    last = standing.last
    worked = last.ended_at if last and last.state is RestartState.VERIFIED else None
    bad = takewhile(lambda one: one.status in DOWN and (worked is None or one.at > worked), standing.samples)
    return sum(1 for _ in bad)


def serves_since(standing: Standing, since: datetime, now: datetime) -> bool:
    """Return whether the newest sample is later than `since` and says that the service serves."""
    return status_of(standing, now) in SERVES and standing.samples[0].at > min(since, now)


def recovered_at(standing: Standing | None, now: datetime) -> datetime | None:
    """Return when a service came back, if it serves and is known to have been down before."""
    if standing is None or status_of(standing, now) not in SERVES:
        return None
    back = standing.samples[0].at
    for sample in standing.samples:
        if sample.status in DOWN:
            # whoever restarted it saw it come back before the next sample did
            last = standing.last
            seen = last.ended_at if last and last.state is RestartState.VERIFIED else None
            return min(back, seen, now) if seen and seen > sample.at else min(back, now)
        if sample.status in SERVES:
            back = sample.at
    return None


def used_up(attempts: Sequence[Restart], now: datetime) -> int:
    """Return how many attempts healing has made within the hour before `now`, whatever came of them."""
    return sum(not one.by_hand and one.begun_at > now - HOUR for one in attempts)


def in_a_row(standing: Standing, rule: Restarts) -> int:
    """Return how many attempts were made since the service last ran well, or was last started by hand."""
    last = standing.last
    return 0 if last is None or last.by_hand or was_settled(standing, rule) else last.attempt


def was_settled(standing: Standing, rule: Restarts) -> bool:
    """Return whether the service has served for `settled_minutes` at a stretch since its last attempt."""
    if standing.last is None:
        return True
    after = standing.last.left_at
    newest: datetime | None = None
    for sample in takewhile(lambda one: one.at >= after, standing.samples):
        if sample.status not in SERVES:
            newest = None
            continue
        newest = newest or sample.at
        if newest - sample.at >= timedelta(minutes=rule.settled_minutes):
            return True
    return False


def may_again_at(standing: Standing, rule: Restarts, made: int, now: datetime) -> datetime | None:
    """Return when the back-off after `made` attempts in a row is over (KEP-4603); None without any attempt."""
    last = standing.last
    if last is None or not made:
        return None
    # a float has an end: far below this exponent the longest wait is reached
    seconds = min(rule.backoff_seconds * rule.backoff_factor ** min(made - 1, 64), rule.backoff_max_seconds)
    return min(last.left_at, now) + timedelta(seconds=seconds)
