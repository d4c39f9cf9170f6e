"""Metrics as a table: the newest value of each series, in a unit that a person reads."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.text import Text

from pake_pipelines.cli.ages import ago
from pake_pipelines.cli.tables import Rows
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus

if TYPE_CHECKING:
    from pake_pipelines.health.kpis import KpiResult

_COLOURS: Final = {
    CheckStatus.OK: "green",
    CheckStatus.WARN: "yellow",
    CheckStatus.FAIL: "red",
    CheckStatus.UNKNOWN: "magenta",
    CheckStatus.UNAVAILABLE: "dim",
}
_BYTES: Final = ("bytes", "KB", "MB", "GB", "TB", "PB")


def shown_value(value: float | None, unit: str) -> str:
    """Return a value with its unit: `81.3 %`, `12.5 GB`, `1,204`; `-` for none."""
    if value is None:
        return "-"
    if unit == "percent":
        return f"{value:.1f} %"
    if unit == "bytes":
        return _bytes(value)
    if unit in {"ms", "s", "h", "d"}:
        return f"{value:,.1f} {unit}"
    return f"{value:,.1f} per minute" if unit == "per_minute" else f"{value:,.6g}"


def _bytes(value: float) -> str:
    step = 0
    while abs(value) >= 1000 and step < len(_BYTES) - 1:
        value, step = value / 1000, step + 1
    return f"{value:,.0f} {_BYTES[step]}" if step == 0 else f"{value:,.1f} {_BYTES[step]}"


def metric_table(samples: Iterable[MetricSample], now: datetime) -> Rows:
    """Return the newest samples as a table; one without a value says why."""
    table = Rows("metric", "of", "value", "sampled", "", right={"value"}, folding={"of", ""})
    for one in samples:
        value = Text(shown_value(one.value, one.unit))
        if one.status is not CheckStatus.OK:
            value = Text(one.status.value, style="magenta")
        of = ", ".join(f"{name} {label}" for name, label in one.labels.items())
        table.add_row(one.metric, of, value, ago(one.at, now), Text(one.detail, style="dim"))
    return table


def kpi_table(results: "Iterable[KpiResult]") -> Rows:
    """Return key figures with their bounds; what is beyond one says what to do."""
    figures = ("value", "target", "warning", "critical")
    table = Rows("key figure", "stands", *figures, "", right=figures)
    for one in results:
        bounds = (shown_value(bound, one.unit) for bound in (one.target, one.warn, one.critical))
        status = Text("on target" if one.on_target else one.status.value, style=_COLOURS[one.status])
        said = one.action if one.status in {CheckStatus.WARN, CheckStatus.FAIL} else one.detail
        table.add_row(one.name, status, shown_value(one.value, one.unit), *bounds, Text(said, style="dim"))
    return table
