"""What was done to services: starts and restarts, each an attempt that is written before it is made; and surrenders."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RestartState(StrEnum):
    """How far an attempt has come. `BEGUN` and `STARTED` are under way; all others are final.

    `INTERRUPTED` is one whose maker died before it could say what came of it.
    """

    BEGUN = "begun"
    STARTED = "started"
    VERIFIED = "verified"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


UNDER_WAY = frozenset({RestartState.BEGUN, RestartState.STARTED})


@dataclass(frozen=True, slots=True)
class Restart:
    """An attempt: the `attempt`-th in a row, by healing or `by_hand` (these do not count towards the bound)."""

    restart_id: int
    service: str
    cause: str
    attempt: int
    state: RestartState
    begun_at: datetime
    ended_at: datetime | None
    detail: str
    actor: str
    by_hand: bool
    run_id: str | None

    @property
    def is_under_way(self) -> bool:
        """Whether nobody has said yet what came of it."""
        return self.state in UNDER_WAY

    @property
    def left_at(self) -> datetime:
        """When the service was left to itself, as far as it is known: nobody saw the end of what was interrupted."""
        return self.begun_at if self.ended_at is None or self.state is RestartState.INTERRUPTED else self.ended_at


@dataclass(frozen=True, slots=True)
class Surrender:
    """A service that healing leaves alone until it serves again or somebody starts it.

    It was given up, or (`by_hand`) somebody stopped it, which is no reason to alert anybody.
    """

    service: str
    since: datetime
    detail: str
    by_hand: bool
