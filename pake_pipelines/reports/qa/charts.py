"""The charts of the QA report: what became of items day by day, and how their confidence is spread."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pake_pipelines.reports.charts import Layer, stacked_bars
from pake_pipelines.reports.qa.figures import daily, spread
from pake_pipelines.reports.qa.report import DAYS
from pake_pipelines.store.qa_statistics import DayVerdicts, Tenth

_COLOURS: Final = {
    "verified": "good",
    "pending": "wait",
    "quarantined": "warn",
    "rejected": "bad",
    "archived": "soft",
}


def verdicts_chart(verdicts: Iterable[DayVerdicts], made_at: datetime) -> str:
    """Return the verdicts of the last days up to `made_at`, stacked by status; empty without any."""
    axis, heights = daily(verdicts, made_at.astimezone(UTC).date(), DAYS)
    ticks = [(place, f"{day.day} {day:%b}") for place, day in enumerate(axis) if (DAYS - 1 - place) % 7 == 0]
    return stacked_bars(_layers(heights), ticks)


def confidence_chart(tenths: Iterable[Tenth]) -> str:
    """Return the items in each tenth of confidence, stacked by status; empty without any."""
    return stacked_bars(_layers(spread(tenths)), [(place - 0.5, f"{place / 10:g}") for place in range(0, 11, 2)])


def _layers(heights: Mapping[str, Sequence[int]]) -> list[Layer]:
    return [Layer(colour, heights[status]) for status, colour in _COLOURS.items()]
