"""The token bucket, as arithmetic on one number per bucket.

The number is the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371): the moment at which the
bucket is full again. It says the same as a count of tokens and a time stamp, and is easily shared in a database.
"""

from pake_pipelines.config.manners import Rate

SECONDS_PER_MINUTE = 60.0


def interval_of(rate: Rate) -> float:
    """Return the seconds in which one token comes."""
    return SECONDS_PER_MINUTE / rate.requests_per_minute


def reserve(full_at: float, rate: Rate, now: float) -> tuple[float, float]:
    """Take one token at `now`, in seconds; return how long to wait for it and when the bucket is full after it.

    A bucket that was never used is full since ever: `full_at` is then any moment that has passed.
    """
    interval = interval_of(rate)
    wait = full_at - (rate.burst - 1) * interval - now
    return max(0.0, wait), max(full_at, now) + interval
