"""One measured value of one metric, as it is sampled and kept (MON-24)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pake_pipelines.model.status import CheckStatus


@dataclass(frozen=True, slots=True)
class MetricSample:
    """A metric's value at a moment; `value` is None unless `status` is OK.

    `status` is OK, UNAVAILABLE (it cannot be had here: an extension is absent, a file is not there) or UNKNOWN (it
    should be there and could not be read); `detail` says why. `unit` is as in the catalogue of metrics.
    """

    metric: str
    value: float | None
    unit: str
    at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    status: CheckStatus = CheckStatus.OK
    detail: str = ""
