"""Times as a person reads them: how long ago, how long it took, when."""

import re
from datetime import datetime, timedelta
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)")


def lasting(time: timedelta) -> str:
    """Return a length of time in its two largest units: `3 d 4 h`, `12 min`, `8 s`. Negative ones count as none."""
    seconds = max(0, int(time.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was; a moment that is still to come counts as now."""
    return f"{lasting(now - then)} ago"


def moment(at: datetime | None) -> str:
    """Return a moment in UTC, to the second; `-` for none."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "-"


def minutes(value: float | None) -> str:
    """Return a number of minutes as a length of time; `-` for none."""
    return lasting(timedelta(minutes=value)) if value is not None else "-"


def length(text: str) -> timedelta:
    """Return the length of time that `90s`, `30m`, `2h` or `1d` means. Raises ValueError."""
    if not (found := _LENGTH.fullmatch(text.strip().lower())):
        raise ValueError(f"{text!r} is no length of time: write it like 30m, 2h or 1d")
    try:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error
