"""Schedules in plain language (MNT-24) or cron, and their translation to a five-field cron expression.

every 15 minutes          every 2 hours           hourly
daily at 03:00            weekdays at 03:00       daily except sunday at 04:00
weekly on monday at 03:00 monthly on the 1st at 04:00    yearly on january 1 at 06:00
"""

import calendar
import re
from datetime import datetime
from typing import Annotated, Final

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator

_DAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = tuple(name.lower() for name in calendar.month_name)
_TIME: Final = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_GRAMMAR: Final = (
    "a cron expression, 'every N minutes', 'every N hours', 'hourly', 'daily at HH:MM', 'daily except DAY at HH:MM', "
    "'weekdays at HH:MM', 'weekly on DAY at HH:MM', 'monthly on the Nth at HH:MM' or 'yearly on MONTH N at HH:MM'"
)


def cron_of(text: str) -> str:
    """Translate a schedule to cron. Raises ValueError, naming the grammar, for any text outside it (D-53)."""
    plain = " ".join(text.lower().split())
    if plain == "hourly":
        return "0 * * * *"
    if match := re.fullmatch(r"every (?:(?P<count>\d+) )?(?P<unit>minute|hour)s?", plain):
        return _every(int(match["count"] or 1), match["unit"])
    if match := re.fullmatch(rf"(?P<when>.+) at {_TIME}", plain):
        return f"{int(match['minute'])} {int(match['hour'])} {_days(match['when'], text)}"
    if _is_cron(plain):
        return plain
    raise ValueError(f"unknown schedule {text!r}: expected {_GRAMMAR}")


def _every(count: int, unit: str) -> str:
    whole = 24 if unit == "hour" else 60
    if not 1 <= count <= whole or whole % count:
        raise ValueError(f"'every {count} {unit}s' cannot be kept: {count} does not divide {whole}")
    if count == whole:
        return "0 0 * * *" if unit == "hour" else "0 * * * *"
    return (f"0 */{count} * * *" if count > 1 else "0 * * * *") if unit == "hour" else f"*/{count} * * * *"


def _days(when: str, text: str) -> str:
    """Return the last three fields of cron."""
    day = "|".join(_DAYS)
    if when == "daily":
        return "* * *"
    if when == "weekdays":
        return "* * 1-5"
    if match := re.fullmatch(rf"daily except (?P<day>{day})", when):
        left_out = _DAYS.index(match["day"])
        return "* * " + ",".join(str(one) for one in range(7) if one != left_out)
    if match := re.fullmatch(rf"weekly on (?P<day>{day})", when):
        return f"* * {_DAYS.index(match['day'])}"
    if match := re.fullmatch(r"monthly on the (?P<date>\d{1,2})(?:st|nd|rd|th)?", when):
        return f"{_date(int(match['date']), 28, text)} * *"
    if match := re.fullmatch(rf"yearly on (?P<month>{'|'.join(_MONTHS[1:])}) (?P<date>\d{{1,2}})", when):
        month = _MONTHS.index(match["month"])
        return f"{_date(int(match['date']), calendar.monthrange(2025, month)[1], text)} {month} *"
    raise ValueError(f"unknown schedule {text!r}: expected {_GRAMMAR}")


def _date(date: int, last: int, text: str) -> int:
    if not 1 <= date <= last:
        raise ValueError(f"{text!r} would not come round every time: the day must be from 1 to {last}")
    return date


def _is_cron(text: str) -> bool:
    if len(text.split()) != 5:
        return False
    try:
        CronSim(text, datetime(2026, 1, 1))  # noqa: DTZ001  # only the syntax is of interest
    except CronSimError:
        return False
    return True


def _understood(text: str) -> str:
    cron_of(text)
    return text


Schedule = Annotated[str, AfterValidator(_understood)]
