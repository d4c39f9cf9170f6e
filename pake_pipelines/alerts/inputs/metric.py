"""Metrics as readings: values that the rules compare with their bounds."""

from collections.abc import Iterable
from datetime import datetime

from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus


def metric_readings(samples: Iterable[MetricSample], silent_since: datetime | None = None) -> Readings:
    """Return a series per metric and labels, from the newest sample of each; a value that is not there is unknown.

    A series without a sample after `silent_since` exists no more; where that is None, of none can that be told.
    """
    known = tuple(_reading(one) for one in samples if silent_since is None or one.at > silent_since)
    return Readings("metric", known, complete=silent_since is not None)


def _reading(sample: MetricSample) -> Reading:
    measured = sample.status is CheckStatus.OK and sample.value is not None
    return Reading(
        {"metric": sample.metric, **sample.labels},
        value=sample.value,
        condition=None if measured else Condition.UNKNOWN,
        detail=sample.detail,
        at=sample.at,
        unavailable=sample.status is CheckStatus.UNAVAILABLE,
    )
