"""A sign of life: a file that something touches, at least once in its period."""

import os
from datetime import datetime
from pathlib import Path

from pake_pipelines.config.services import HeartbeatService
from pake_pipelines.health import blocking
from pake_pipelines.health.probes.answer import Answer, healthy, unhealthy, unknown
from pake_pipelines.health.surroundings import Surroundings


async def probe(service: HeartbeatService, surroundings: Surroundings) -> Answer:
    """Look when the file was last touched; nothing of it is read."""
    path = surroundings.settings.home / Path(service.path).expanduser()
    try:
        found = await blocking.ask(("heartbeat", path), path.stat)
    except (FileNotFoundError, NotADirectoryError):
        return unhealthy("it never gave a sign of life: the file is not there")
    except PermissionError:
        return unknown("we may not look at its file")
    except OSError as error:
        return unknown(f"its file cannot be looked at: {os.strerror(error.errno or 0).lower()}")
    return judge(found.st_mtime, surroundings.now, service)


def judge(touched: float, now: datetime, service: HeartbeatService) -> Answer:
    """Return how something stands that last gave a sign at `touched`, seconds since the epoch.

    A sign from the future is one of now: a clock was set back.
    """
    age = max(now.timestamp() - touched, 0.0)
    facts = {"age_seconds": round(age, 1), "period_seconds": service.period_seconds}
    detail = f"last sign of life {age:.0f} s ago, one is due every {service.period_seconds:g} s"
    if age > service.period_seconds + service.grace_seconds:
        return unhealthy(detail, facts=facts)
    return healthy(detail, facts=facts)
