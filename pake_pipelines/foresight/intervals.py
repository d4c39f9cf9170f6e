"""How far apart the times of a cron expression lie: what a recommended interval is compared with."""

from datetime import datetime, timedelta
from itertools import islice, pairwise
from statistics import median

_LOOKED_AT = 24


def usual_interval(cron: str, now: datetime) -> timedelta:
    """Return the median distance between the next times of `cron`."""
    from cronsim import CronSim

    times = list(islice(CronSim(cron, now), _LOOKED_AT + 1))
    return timedelta(seconds=median((later - sooner).total_seconds() for sooner, later in pairwise(times)))
