"""Figures that say when they were measured; one that is older than it may be is not shown as how things are now."""

from datetime import datetime, timedelta

from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import Figure, Tag, Tone


def figure(
    name: str,
    value: float | None,
    unit: str,
    *,
    at: datetime | None,
    now: datetime,
    lasts: timedelta,
    asset: str,
    tone: Tone = Tone.PLAIN,
    note: str = "",
) -> Figure:
    """Return a figure that was measured at `at` and says something for as long as it `lasts`."""
    if value is None or at is None:
        return Figure(name, None, unit, Tone.UNKNOWN, note or "never measured", at, asset)
    if now - at > lasts:
        was = f"it was {amount(value, unit)} then; nothing newer is known"
        return Figure(name, Tag("stale", Tone.UNKNOWN), unit, Tone.UNKNOWN, was, at, asset)
    return Figure(name, value, unit, tone, note, at, asset)
