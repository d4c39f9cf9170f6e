"""`pake analytics forecast`: what figures will be, and when they reach their limits."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.text import Text

from pake_pipelines.cli.ages import ago
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.metric_view import shown_value
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.foresight.finding import subject
from pake_pipelines.settings import get_settings
from pake_pipelines.store import forecasts
from pake_pipelines.store.forecasts import ForecastPoint, ForecastRow

_BARS: Final = "▁▂▃▄▅▆▇█"
_NONE: Final = "nothing was foreseen yet: `pake analytics run forecasts` does it now"


def forecast(
    metric: Annotated[
        str | None,
        typer.Argument(metavar="METRIC", help="One metric, or the beginning of several.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what figures are expected to be, and when they reach their limits; where there is no date, why."""
    now, latest = datetime.now(UTC), ask(get_settings(), forecasts.latest)
    rows = [one for one in latest if metric is None or one.metric.startswith(metric)]
    if latest and not rows:
        fail(f"no forecast of {metric!r}", hint=f"there are {', '.join(sorted({one.metric for one in latest}))}")
    if as_json:
        print_json([asdict(one) for one in rows])
        return
    if not rows:
        out.print(_NONE)
        return
    out.print(f"made {ago(max(one.made_at for one in rows), now)}")
    out.print(_table(rows))


def _table(rows: list[ForecastRow]) -> Rows:
    columns = ("series", "model", "expected", "", "between", "reaches", "on", "between the days")
    table = Rows(*columns, folding={*columns} - {""})
    for one in rows:
        last = one.points[-1] if one.points else None
        between = f"{shown_value(last.low, one.unit)} to {shown_value(last.high, one.unit)}" if last else "-"
        table.add_row(
            subject(one.metric, one.labels),
            one.model,
            f"{shown_value(last.value, one.unit)} on {last.at:%d %b}" if last else "-",
            _spark_line(one.points),
            between,
            shown_value(one.limit_value, one.unit),
            _reached(one),
            _interval(one),
        )
    return table


def _reached(one: ForecastRow) -> str | Text:
    if one.reaches_at is None:
        return Text(one.reason, "dim")
    return f"{one.reaches_at:%Y-%m-%d}" if one.reaches_at > one.made_at else "reached"


def _interval(one: ForecastRow) -> str:
    if one.reaches_at is None or one.reaches_at <= one.made_at:
        return ""
    late = f"{one.reaches_late:%d %b}" if one.reaches_late else "later than is foreseen"
    return f"{one.reaches_early:%d %b} and {late}"


def _spark_line(points: tuple[ForecastPoint, ...]) -> str:
    """Return the path of a forecast as bars, the lowest value the lowest one."""
    values = [one.value for one in points]
    low, high = min(values, default=0.0), max(values, default=0.0)
    steps = len(_BARS) - 1
    return "".join(_BARS[round((one - low) / (high - low) * steps) if high > low else 0] for one in values)
