"""What healing does now, and what it leaves for later or for people, decided from plain data (SVC-12, C-22, D-08).

A service is healed when it was down several times in a row, everything that it depends on serves, its last attempt is
over, and healing has not used up its attempts of the hour. Of what nothing is known nothing is healed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pake_pipelines.config import services as config
from pake_pipelines.config.services import AnyService, in_order
from pake_pipelines.model.health import DOWN, SERVES, HealthStatus
from pake_pipelines.model.restart import RestartState
from pake_pipelines.services.standing import (
    Standing,
    bad_in_a_row,
    in_a_row,
    may_again_at,
    recovered_at,
    serves_since,
    status_of,
    used_up,
)

# one bad answer is no fault: a probe meets a restart, a full queue, a lost packet
IN_A_ROW: Final = 2


class WaitReason(StrEnum):
    """Why a service that is down is not healed now."""

    ONCE = "down only once"
    PARENT = "depends on what does not serve"
    UNDER_WAY = "an attempt is under way"
    GRACE = "just started"
    BACK_OFF = "back-off"
    LEFT_ALONE = "given up"
    STOPPED = "stopped by hand"


@dataclass(frozen=True, slots=True)
class Heal:
    """A service to be restarted now, or as soon as those of `after` have been restarted and serve again.

    It will be the `attempt`-th attempt in a row; `last_id` is the newest one made so far.
    """

    service: str
    attempt: int
    cause: str
    after: tuple[str, ...] = ()
    last_id: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """A service that is down and not healed now; `until` is None where no clock ends it."""

    service: str
    reason: WaitReason
    detail: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A service that healing could not help, and why it thinks so."""

    service: str
    detail: str


@dataclass(frozen=True, slots=True)
class HealingPlan:
    """Everything that was decided; `heal` has parents before their children, `over` the surrenders that end."""

    heal: tuple[Heal, ...] = ()
    waits: tuple[Wait, ...] = ()
    gives_up: tuple[GiveUp, ...] = ()
    over: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The services to be healed, in order."""
        return tuple(one.service for one in self.heal)

    @property
    def key(self) -> str:
        """The same as long as no further attempt was made at any of them: who has asked for it need not ask again."""
        return "heal:" + ",".join(f"{one.service}:{one.last_id}" for one in self.heal)

    @property
    def decided(self) -> Sequence[Heal | Wait | GiveUp]:
        """All decisions, one for each service that is down and can be healed."""
        return [*self.heal, *self.waits, *self.gives_up]

    def of(self, name: str) -> Heal | Wait | GiveUp | None:
        """Return what was decided about `name`; None when nothing is wrong with it, or nothing is known."""
        return next((one for one in self.decided if one.service == name), None)


@dataclass(slots=True)
class _Draft:
    heal: dict[str, Heal] = field(default_factory=dict)
    waits: list[Wait] = field(default_factory=list)
    gives_up: list[GiveUp] = field(default_factory=list)


def is_healable(service: AnyService) -> bool:
    """Return whether there is a way to start `service` and healing is on; all others are only watched."""
    return service.restarts.enabled and bool(service.start or service.restart)


def plan_healing(
    services: Mapping[str, AnyService], standings: Mapping[str, Standing], now: datetime, *, rule: int = IN_A_ROW
) -> HealingPlan:
    """Decide about all of `services` (those that are switched on); `rule` bad samples in a row are a fault.

    A service without a standing is unknown.
    """
    draft = _Draft()
    for name in in_order(services):
        if is_healable(services[name]) and status_of(standings.get(name), now) in DOWN:
            _decide(name, services, standings, draft, now, rule)
    over = tuple(
        name
        for name, standing in standings.items()
        if (surrender := standing.surrender)
        and (not _is_healed(services.get(name)) or serves_since(standing, surrender.since, now))
    )
    return HealingPlan(tuple(draft.heal.values()), tuple(draft.waits), tuple(draft.gives_up), over)


def _is_healed(service: AnyService | None) -> bool:
    return service is not None and is_healable(service)


def ancestors(services: Mapping[str, AnyService], name: str) -> list[str]:
    """Return everything that `name` depends on, directly or not, parents first; what is switched off is left out."""
    return in_order(services, config.ancestors(services, name))


def holds_back(status: HealthStatus) -> bool:
    """Return whether what depends on a service of this `status` is not started; what is not set up is not missed."""
    return status not in SERVES and status is not HealthStatus.NOT_CONFIGURED


def _decide(
    name: str,
    services: Mapping[str, AnyService],
    standings: Mapping[str, Standing],
    draft: _Draft,
    now: datetime,
    rule: int,
) -> None:
    service, standing = services[name], standings[name]
    above = ancestors(services, name)
    dead = [one for one in above if holds_back(status_of(standings.get(one), now))]
    exhausted = used_up(standing.attempts, now) >= service.restarts.max_per_hour
    if wait := _of_its_own(name, service, standing, now, rule):
        draft.waits.append(wait)
    elif dead and (exhausted or not draft.heal.keys() >= set(dead)):
        draft.waits.append(Wait(name, WaitReason.PARENT, _fault(dead[0], standings, now)))
    elif exhausted:
        draft.gives_up.append(GiveUp(name, _why_in_vain(service, standing)))
    else:
        made = in_a_row(standing, service.restarts)
        again = may_again_at(standing, service.restarts, made, now)
        # sitting out a back-off helps nobody once the reason of the failure is gone (kubernetes/kubernetes#57291)
        late = bool(dead) or _came_back(above, standings, standing, now)
        if again and again > now and not late:
            draft.waits.append(Wait(name, WaitReason.BACK_OFF, f"after attempt {made} in a row", again))
            return
        last_id = standing.last.restart_id if standing.last else 0
        draft.heal[name] = Heal(name, made + 1, standing.samples[0].detail, tuple(dead), last_id)


def _of_its_own(name: str, service: AnyService, standing: Standing, now: datetime, rule: int) -> Wait | None:
    """Return why a service that is down is left as it is, whatever it depends on."""
    if surrender := standing.surrender:
        reason = WaitReason.STOPPED if surrender.by_hand else WaitReason.LEFT_ALONE
        return Wait(name, reason, surrender.detail)
    if (last := standing.last) and last.is_under_way:
        return Wait(name, WaitReason.UNDER_WAY, f"attempt {last.attempt}, by {last.actor}")
    # an attempt that failed has had its time to start
    if last and last.state is not RestartState.FAILED:
        until = min(last.left_at, now) + timedelta(seconds=service.start_grace_seconds)
        if until > now:
            return Wait(name, WaitReason.GRACE, f"{service.start_grace_seconds:g} s are granted to a start", until)
    if bad_in_a_row(standing) < rule:
        return Wait(name, WaitReason.ONCE, f"{rule} times in a row make a fault")
    return None


def _came_back(above: list[str], standings: Mapping[str, Standing], standing: Standing, now: datetime) -> bool:
    """Return whether something that the service depends on has come back since the last attempt at it."""
    if standing.last is None:
        return False
    since = min(standing.last.begun_at, now)
    return any((at := recovered_at(standings.get(one), now)) and at > since for one in above)


def _fault(parent: str, standings: Mapping[str, Standing], now: datetime) -> str:
    if status_of(standings.get(parent), now) in DOWN:
        return f"{parent} is down: {standings[parent].samples[0].detail}"
    return f"nothing is known of {parent}"


def _why_in_vain(service: AnyService, standing: Standing) -> str:
    words = next((one.detail for one in standing.attempts if not one.by_hand and one.detail), "")
    most = service.restarts.max_per_hour
    attempts = f"{most} attempt{'s' if most > 1 else ''}"
    return f"down after {attempts} within an hour{f' ({words})' if words else ''}"
