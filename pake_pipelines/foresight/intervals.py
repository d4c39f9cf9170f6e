"""How far apart the times of a cron expression lie."""

from datetime import datetime, timedelta
from itertools import islice, pairwise

_LOOKED_AT = 24


def distances(cron: str, now: datetime) -> list[timedelta]:
    """Return the distances between the next times of `cron`: two years of a monthly one."""
    from cronsim import CronSim

    return [later - sooner for sooner, later in pairwise(islice(CronSim(cron, now), _LOOKED_AT + 1))]


def usual_interval(cron: str, now: datetime) -> timedelta:
    """Return the median distance, which a recommended interval is compared with."""
    return sorted(distances(cron, now))[_LOOKED_AT // 2]
