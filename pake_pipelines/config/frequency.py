"""The frequency grammar of the guides (ING-07) and its translation to cron."""

import re
from typing import Annotated

from pydantic import AfterValidator

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_TIME = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_GRAMMAR = "every_hour, every_N_hours, every_N_minutes, daily_at_HH:MM or weekly_<day>_at_HH:MM"


def frequency_to_cron(text: str) -> str:
    """Translate a frequency to a five-field cron expression.

    N must divide its unit (a day or an hour), because cron starts counting anew at each: `every_45_minutes` would
    fire at :00 and :45. Raises ValueError for that and for any text outside the grammar (D-13).
    """
    if text == "every_hour":
        return "0 * * * *"
    if match := re.fullmatch(r"every_(\d+)_(hours|minutes)", text):
        return _every(int(match[1]), match[2])
    if match := re.fullmatch(rf"daily_at_{_TIME}", text):
        return f"{int(match['minute'])} {int(match['hour'])} * * *"
    if match := re.fullmatch(rf"weekly_(?P<day>{'|'.join(_DAYS)})_at_{_TIME}", text):
        return f"{int(match['minute'])} {int(match['hour'])} * * {_DAYS.index(match['day'])}"
    raise ValueError(f"unknown frequency {text!r}: expected {_GRAMMAR}")


def _every(count: int, unit: str) -> str:
    whole = 24 if unit == "hours" else 60
    if not 1 <= count <= whole or whole % count:
        raise ValueError(f"every_{count}_{unit} cannot be kept: {count} does not divide {whole} {unit}")
    if count == whole:
        return "0 0 * * *" if unit == "hours" else "0 * * * *"
    return f"0 */{count} * * *" if unit == "hours" else f"*/{count} * * * *"


def _cron_able(text: str) -> str:
    frequency_to_cron(text)
    return text


Frequency = Annotated[str, AfterValidator(_cron_able)]
