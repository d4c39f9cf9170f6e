"""How long a feed says that it stays the same: RSS's `ttl`, and the syndication module of RSS 1.0."""

import re
from datetime import timedelta
from typing import Final

_TTL: Final = re.compile(rb"<ttl>\s{0,100}(\d{1,7})\s{0,100}</ttl>")
_PERIOD: Final = re.compile(rb"updatePeriod>\s{0,100}(hourly|daily|weekly|monthly|yearly)\s{0,100}<")
_FREQUENCY: Final = re.compile(rb"updateFrequency>\s{0,100}(\d{1,5})\s{0,100}<")
_FIRST_ITEM: Final = re.compile(rb"<(?:item|entry)[\s>]")
_PERIODS: Final = {
    b"hourly": timedelta(hours=1),
    b"daily": timedelta(days=1),
    b"weekly": timedelta(weeks=1),
    b"monthly": timedelta(days=30),
    b"yearly": timedelta(days=365),
}


def fresh_for(body: bytes) -> timedelta | None:
    """Return how long the channel, before its first item, asks not to be read again; None when it does not say.

    `ttl` is in minutes (RSS 2.0); sy:updatePeriod is divided by sy:updateFrequency (RSS 1.0 syndication module).
    """
    first = _FIRST_ITEM.search(body)
    head = body[: first.start()] if first else body
    if ttl := _TTL.search(head):
        return timedelta(minutes=int(ttl[1]))
    if period := _PERIOD.search(head):
        times = _FREQUENCY.search(head)
        return _PERIODS[period[1]] / max(1, int(times[1]) if times else 1)
    return None
