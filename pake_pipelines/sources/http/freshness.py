"""What an answer's headers say about when to come back: Retry-After, Cache-Control, Expires, Age and Date.

Dates of a server are taken relative to its own Date, because its clock may be wrong (RFC 9110 10.2.3, RFC 9111 4.2).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# RFC 9111 1.2.2: a number of seconds that is too large to handle counts as this
_LONGEST: Final = 2**31
_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_DIRECTIVE: Final = re.compile(r"""\s*([^\s=,;"]+)\s*(?:=\s*("[^"]*"|[^\s,;]*))?\s*(?:[,;]|$)""")


def retry_at(headers: Mapping[str, str], received_at: datetime, longest: timedelta) -> datetime | None:
    """Return when Retry-After asks us back, between `received_at` and `longest` after it; None when it does not say."""
    said = headers.get("Retry-After", "").strip()
    wait = _seconds(said)
    if wait is None and (moment := _date(said)) is not None:
        wait = (moment - _sent_at(headers, received_at)).total_seconds()
    if wait is None:
        return None
    return received_at + timedelta(seconds=min(max(wait, 0.0), longest.total_seconds()))


def fresh_until(headers: Mapping[str, str], received_at: datetime) -> datetime | None:
    """Return until when the answer may be taken as current (RFC 9111 4.2); None when it does not say or is stale.

    `headers` holds repeated Cache-Control lines joined by commas. `s-maxage` is for shared caches and has no say.
    """
    told = _directives(headers.get("Cache-Control", ""))
    if "no-cache" in told or "no-store" in told:
        return None
    if "max-age" in told:
        age = _seconds(headers.get("Age", "").strip()) or 0.0
        left = (_seconds(told["max-age"]) or 0.0) - age
    else:
        expires = _date(headers.get("Expires", ""))
        left = (expires - _sent_at(headers, received_at)).total_seconds() if expires else 0.0
    return received_at + timedelta(seconds=left) if left > 0 else None


def _directives(cache_control: str) -> dict[str, str]:
    """Return the directives by lower-case name; of a repeated one the first counts (RFC 9111 4.2.1)."""
    told: dict[str, str] = {}
    for name, value in _DIRECTIVE.findall(cache_control):
        told.setdefault(name.lower(), value.strip('"'))
    return told


def _seconds(said: str) -> float | None:
    """Return a number of seconds, at most `_LONGEST`; None when `said` is none."""
    return min(float(said), float(_LONGEST)) if _SECONDS.fullmatch(said) else None


def _sent_at(headers: Mapping[str, str], received_at: datetime) -> datetime:
    return _date(headers.get("Date", "")) or received_at


def _date(said: str) -> datetime | None:
    """Return an HTTP date in UTC; None when `said` is none. A date without a zone is taken as UTC."""
    try:
        moment = parsedate_to_datetime(said)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
