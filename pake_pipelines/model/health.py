"""How a service stands, as a probe finds it, and how everything stands together (C-17, C-19)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    """A process that we started: its pid, and when it was made (seconds since the epoch, as the system tells it).

    A pid alone may be somebody else's by now.
    """

    pid: int
    created_at: float


def overall(samples: Iterable[HealthSample]) -> HealthStatus:
    """Return how all services stand together: by their flags, not by their number or names (C-17, C-18).

    A critical one that is unhealthy makes it critical; one of which nothing can be told makes it unknown if it is
    critical and degraded if not; without any service that is configured nothing is known.
    """
    told = [one for one in samples if one.status is not HealthStatus.NOT_CONFIGURED]
    if not told:
        return HealthStatus.UNKNOWN
    if any(one.critical and one.status in {HealthStatus.UNHEALTHY, HealthStatus.CRITICAL} for one in told):
        return HealthStatus.CRITICAL
    if any(one.critical and one.status is HealthStatus.UNKNOWN for one in told):
        return HealthStatus.UNKNOWN
    if any(one.status is not HealthStatus.HEALTHY for one in told):
        return HealthStatus.DEGRADED
    return HealthStatus.HEALTHY
