"""What a probe makes of what it saw."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from pake_pipelines.model.health import HealthStatus

Facts = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a service stands, in a sentence, and what it tells of itself.

    `response_ms` is how long it took to answer, None where nothing answered or nothing was asked.
    """

    status: HealthStatus
    detail: str
    response_ms: float | None = None
    http_status: int | None = None
    facts: Facts | None = None


def healthy(detail: str, response_ms: float | None = None, facts: Facts | None = None) -> Answer:
    """Return the answer of a service that serves."""
    return Answer(HealthStatus.HEALTHY, detail, response_ms, facts=facts)


def degraded(detail: str, response_ms: float | None = None, facts: Facts | None = None) -> Answer:
    """Return the answer of a service that serves, but not as it should."""
    return Answer(HealthStatus.DEGRADED, detail, response_ms, facts=facts)


def unhealthy(detail: str, response_ms: float | None = None, facts: Facts | None = None) -> Answer:
    """Return the answer of a service that does not serve."""
    return Answer(HealthStatus.UNHEALTHY, detail, response_ms, facts=facts)


def unknown(detail: str, facts: Facts | None = None) -> Answer:
    """Return the answer of a probe that could tell nothing."""
    return Answer(HealthStatus.UNKNOWN, detail, facts=facts)


def milliseconds_since(started: float) -> float:
    """Return the time since `started`, a reading of `time.perf_counter`."""
    return (time.perf_counter() - started) * 1000
