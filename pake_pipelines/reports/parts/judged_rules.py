"""Whether anybody judges the alert rules: where nobody does, that no alert fires says nothing."""

from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.reports.desk import Desk
from pake_pipelines.store import alert_rounds, monitor_ticks

_JUDGED_WITHIN: Final = timedelta(minutes=15)
"""Rules are judged about every minute."""


async def judged_at(desk: Desk) -> datetime | None:
    """Return when the alert rules were judged last."""
    tick = await monitor_ticks.read(desk.connection, alert_rounds.NAME)
    return tick.ticked_at if tick else None


def not_judged(at: datetime | None, now: datetime) -> str | None:
    """Return that nobody judges the alert rules, and what to do; None where they are judged."""
    if at is not None and now - at <= _JUDGED_WITHIN:
        return None
    last = f"were judged last on {at:%d %b %H:%M} UTC" if at else "were never judged here"
    return f"Alert rules {last}: see whether the sensor service_health is on"
