"""The charts of the QA report: what became of items day by day, and how their confidence is spread."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time

from pake_pipelines.reports.document import BarChart, Layer
from pake_pipelines.reports.qa.figures import daily, spread
from pake_pipelines.reports.qa.report import DAYS
from pake_pipelines.reports.rendering.charts import bars_svg, spread_svg
from pake_pipelines.reports.tones import VERDICTS
from pake_pipelines.store.qa_statistics import DayVerdicts, Tenth


def verdicts_chart(verdicts: Iterable[DayVerdicts], made_at: datetime) -> str:
    """Return the verdicts of the last days up to `made_at`, stacked by status; empty without any."""
    axis, heights = daily(verdicts, made_at.astimezone(UTC).date(), DAYS)
    days = [datetime.combine(day, time(), UTC) for day in axis]
    return bars_svg(BarChart("verdicts", "Verdicts", "count", days, _layers(heights)), "v-")


def confidence_chart(tenths: Iterable[Tenth]) -> str:
    """Return the items in each tenth of confidence, stacked by status; empty without any."""
    return spread_svg(_layers(spread(tenths)), "c-")


def _layers(heights: Mapping[str, Sequence[int]]) -> list[Layer]:
    return [Layer(status.value, tone, heights[status.value]) for status, tone in VERDICTS.items()]
