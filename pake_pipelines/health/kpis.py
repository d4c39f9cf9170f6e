"""Key figures: the newest samples against target, warning and critical bounds (MON-18..23, C-09..C-13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.monitoring import Kpi
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus

# how bad a status is: of several series the worst speaks, and what is not known is worse than good
_GRAVITY: Final = (CheckStatus.OK, CheckStatus.UNKNOWN, CheckStatus.WARN, CheckStatus.FAIL)
# a series without a sample for so long, while others of its metric have theirs, is gone: a disk taken out, say
_GONE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KpiResult:
    """How a key figure stands: OK, WARN, FAIL, or UNKNOWN without a value.

    `labels` and `at` are of the series that speaks, the worst of its metric. `on_target` is None without a value;
    a figure between target and warning is OK and not on target.
    """

    name: str
    metric: str
    unit: str
    status: CheckStatus
    value: float | None
    target: float
    warn: float
    critical: float
    on_target: bool | None
    action: str
    labels: Mapping[str, str]
    at: datetime | None
    detail: str


def judge(kpis: Mapping[str, Kpi], latest: Iterable[MetricSample], since: datetime | None = None) -> list[KpiResult]:
    """Return how each of `kpis` stands by the newest samples; those older than `since` count as unknown.

    A series that is gone says nothing any more.
    """
    by_metric: dict[str, list[MetricSample]] = {}
    for sample in latest:
        by_metric.setdefault(sample.metric, []).append(sample)
    return [_worst(name, kpi, by_metric.get(kpi.metric, []), since) for name, kpi in kpis.items()]


def _worst(name: str, kpi: Kpi, samples: list[MetricSample], since: datetime | None) -> KpiResult:
    if not samples:
        return _unknown(name, kpi, None, f"no sample of {kpi.metric}")
    sign = 1 if kpi.better == "lower" else -1
    newest = max(sample.at for sample in samples)
    results = [_result(name, kpi, sample, since) for sample in samples if newest - sample.at < _GONE]
    return max(results, key=lambda one: (_GRAVITY.index(one.status), sign * (one.value or 0.0)))


def _result(name: str, kpi: Kpi, sample: MetricSample, since: datetime | None) -> KpiResult:
    if since is not None and sample.at < since:
        return _unknown(name, kpi, sample, f"the newest sample is of {sample.at:%Y-%m-%d %H:%M} UTC")
    if sample.value is None:
        return _unknown(name, kpi, sample, sample.detail or f"{kpi.metric} is {sample.status.value}")
    if _beyond(kpi, sample.value, kpi.critical):
        status = CheckStatus.FAIL
    elif _beyond(kpi, sample.value, kpi.warn):
        status = CheckStatus.WARN
    else:
        status = CheckStatus.OK
    on_target = not _beyond(kpi, sample.value, kpi.target)
    return _made(name, kpi, status, sample, sample.value, on_target, sample.detail)


def _beyond(kpi: Kpi, value: float, bound: float) -> bool:
    return value > bound if kpi.better == "lower" else value < bound


def _unknown(name: str, kpi: Kpi, sample: MetricSample | None, why: str) -> KpiResult:
    return _made(name, kpi, CheckStatus.UNKNOWN, sample, None, None, why)


def _made(
    name: str,
    kpi: Kpi,
    status: CheckStatus,
    sample: MetricSample | None,
    value: float | None,
    on_target: bool | None,
    detail: str,
) -> KpiResult:
    return KpiResult(
        name=name, metric=kpi.metric, unit=kpi.unit, status=status, value=value, target=kpi.target, warn=kpi.warn,
        critical=kpi.critical, on_target=on_target, action=kpi.action, labels=sample.labels if sample else {},
        at=sample.at if sample else None, detail=detail,
    )  # fmt: skip
