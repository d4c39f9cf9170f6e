"""The stretch of time that a report is on, the one before it, and how a figure stands to the one before."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from pake_pipelines.reports.amounts import amount

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
THIRTY_DAYS: Final = 30
_NO_CHANGE: Final = 0.0005  # of the figure before
_MANY: Final = 5  # times as much: a percentage of that says little
_SHARES: Final = {"percent": 1, "share": 100}  # points in their unit


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` until before `until`; `before` is what the one before it is called."""

    since: datetime
    until: datetime
    title: str
    before: str

    def starts(self) -> list[datetime]:
        """Return when each of its days begins; a day is 24 hours from `since` on, the last one may be shorter."""
        days = -(-(self.until - self.since) // DAY)
        return [self.since + number * DAY for number in range(days)]


def last_week(now: datetime) -> tuple[Period, Period]:
    """Return the seven times 24 hours up to `now`, and those before."""
    return (
        Period(now - WEEK, now, "the last 7 days", "the week before"),
        Period(now - 2 * WEEK, now - WEEK, "the week before", ""),
    )


def last_month(now: datetime, known_since: datetime | None) -> tuple[Period, Period]:
    """Return the last full calendar month (UTC) and the one before; the last 30 days where nothing is as old as that.

    Days begin at midnight, also those of the last 30 days, of which the last is not over.
    """
    this_month = now.astimezone(UTC).date().replace(day=1)
    first = _month_before(this_month)
    if known_since is not None and known_since < _midnight(first + DAY):
        earlier = _month_before(first)
        return (
            Period(_midnight(first), _midnight(this_month), f"{first:%B %Y}", f"{earlier:%B %Y}"),
            Period(_midnight(earlier), _midnight(first), f"{earlier:%B %Y}", ""),
        )
    since = _midnight(now.astimezone(UTC).date() - (THIRTY_DAYS - 1) * DAY)
    span = THIRTY_DAYS * DAY
    return (
        Period(since, now, "the last 30 days", "the 30 days before"),
        Period(since - span, now - span, "the 30 days before", ""),
    )


def midnights(since: datetime, until: datetime) -> list[datetime]:
    """Return when each day (UTC) begins that the time from `since` to `until` touches, the oldest first."""
    first = since.astimezone(UTC).date()
    days = (until.astimezone(UTC).date() - first).days + 1
    return [_midnight(first + number * DAY) for number in range(days)]


def versus(value: float | None, before: float | None, unit: str, period: Period) -> str:
    """Return in words how a figure stands to that of the period before; shares differ by points.

    An empty string where the figure itself is unknown.
    """
    if value is None:
        return ""
    if before is None:
        return f"nothing known of {period.before}"
    change = value - before
    if abs(change) <= _NO_CHANGE * abs(before):
        return f"as in {period.before}"
    sign = "+" if change > 0 else "-"
    if unit in _SHARES:
        return f"{sign}{_SHARES[unit] * abs(change):.1f} points against {period.before}"
    of_it = f"{sign}{100 * abs(change) / abs(before):.0f} %, " if before and unit and value < _MANY * before else ""
    return f"{of_it}{amount(before, unit)} in {period.before}"


def _month_before(first: date) -> date:
    return (first - DAY).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
