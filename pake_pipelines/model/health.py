"""How a service stands, as a probe finds it, and how everything stands together (C-17, C-19)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class HealthStatus(StrEnum):
    """The one vocabulary of health. `UNKNOWN` means that nothing could be told, and is never healthy.

    A service is `HEALTHY`, `DEGRADED` (it serves, but slowly or not fully), `UNHEALTHY`, `NOT_CONFIGURED` or `UNKNOWN`;
    all of them together are also `CRITICAL`, when one that is critical is unhealthy.
    """

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    CRITICAL = "critical"
    NOT_CONFIGURED = "not_configured"
    UNKNOWN = "unknown"


DOWN: Final = frozenset({HealthStatus.UNHEALTHY, HealthStatus.CRITICAL})
SERVES: Final = frozenset({HealthStatus.HEALTHY, HealthStatus.DEGRADED})
STALE: Final = timedelta(minutes=10)
"""What is older tells nothing about now: the slower rhythm of probing is 5 minutes, and this is twice as long."""


@dataclass(frozen=True, slots=True)
class HealthSample:
    """What one probe of one service found (SVC-20); `response_ms` is None where nothing answered.

    `detail` is a sentence for people: what was found, or what went wrong. `facts` has what the service tells of itself.
    """

    service: str
    kind: str
    critical: bool
    status: HealthStatus
    at: datetime
    response_ms: float | None
    detail: str
    http_status: int | None = None
    facts: "dict[str, str | int | float | bool | None] | None" = None


@dataclass(frozen=True, slots=True)
class OwnProcess:
    """A process that we started: its pid, and when it was made, in seconds since the system's start.

    A pid alone may be somebody else's by now; a time of day would move with the clock. `health.own_process` reads it.
    """

    pid: int
    created_at: float


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of a service's status; `before` is None where nothing was known of it."""

    service: str
    at: datetime
    before: HealthStatus | None
    after: HealthStatus
    detail: str


@dataclass(frozen=True, slots=True)
class Uptime:
    """For how long a service stood how, in seconds; what was not seen is unknown, and never counts as up."""

    samples: int
    healthy_seconds: float
    degraded_seconds: float
    unhealthy_seconds: float
    unknown_seconds: float

    @property
    def known_seconds(self) -> float:
        """For how long anything is known of it."""
        return self.healthy_seconds + self.degraded_seconds + self.unhealthy_seconds

    @property
    def up_share(self) -> float | None:
        """The share of the known time in which it served, healthy or degraded; None when nothing is known."""
        return (self.healthy_seconds + self.degraded_seconds) / self.known_seconds if self.known_seconds else None

    @property
    def healthy_share(self) -> float | None:
        """The share of the known time in which it was healthy; None when nothing is known."""
        return self.healthy_seconds / self.known_seconds if self.known_seconds else None

    @property
    def known_share(self) -> float | None:
        """The share of all the time of which anything is known; None for a service that was not configured."""
        total = self.known_seconds + self.unknown_seconds
        return self.known_seconds / total if total else None


def overall(samples: Iterable[HealthSample]) -> HealthStatus:
    """Return how all services stand together: by their flags, not by their number or names (C-17, C-18).

    A critical one that is unhealthy makes it critical; one of which nothing can be told makes it unknown if it is
    critical and degraded if not; without any service that is configured nothing is known.
    """
    told = [one for one in samples if one.status is not HealthStatus.NOT_CONFIGURED]
    if not told:
        return HealthStatus.UNKNOWN
    if any(one.critical and one.status in DOWN for one in told):
        return HealthStatus.CRITICAL
    if any(one.critical and one.status is HealthStatus.UNKNOWN for one in told):
        return HealthStatus.UNKNOWN
    if any(one.status is not HealthStatus.HEALTHY for one in told):
        return HealthStatus.DEGRADED
    return HealthStatus.HEALTHY
