"""Probes as readings: whether a service is down, or does not serve as it should."""

from collections.abc import Iterable

from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.health import DOWN, HealthSample, HealthStatus


def service_readings(samples: Iterable[HealthSample]) -> Readings:
    """Return a series per service that is configured; one that no longer is has no alerts any more.

    A critical service is bad when it is down: while it serves slowly it is not, and key figures tell of that. Any other
    is bad as soon as it does not serve as it should.
    """
    series = tuple(_reading(one) for one in samples if one.status is not HealthStatus.NOT_CONFIGURED)
    return Readings("service", series, complete=True)


def _reading(sample: HealthSample) -> Reading:
    return Reading(
        {"service": sample.service, "kind": sample.kind, "critical": str(sample.critical).lower()},
        condition=_condition(sample),
        detail=sample.detail,
        at=sample.at,
    )


def _condition(sample: HealthSample) -> Condition:
    if sample.status is HealthStatus.UNKNOWN:
        return Condition.UNKNOWN
    if sample.status in DOWN or (sample.status is HealthStatus.DEGRADED and not sample.critical):
        return Condition.BAD
    return Condition.OK
