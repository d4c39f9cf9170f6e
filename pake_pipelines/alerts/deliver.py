"""Sending what waits in the outbox: all channels at once, each at its own pace, none in the way of another.

What this promises: a message that was put into the outbox is sent at least once, as long as its channel takes messages
again within `give_up_hours`; a second time, with the same key, only when this process died between sending and noting
it. What a channel refuses for good, or for too long, becomes a dead letter with its cause.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pake_pipelines.alerts.courier import Courier, Outcome, Pace
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.settings import Settings
from pake_pipelines.store import notifications
from pake_pipelines.store.database import Database

# a lease outlives the sending by this many seconds
_MARGIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of a round, by channel; channels for which nothing was due are left out."""

    channels: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """How many messages went out."""
        return sum(one.sent for one in self.channels.values())

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong last on each channel, or what it lacks."""
        return {name: one.error for name, one in self.channels.items() if one.error}


async def deliver(
    database: Database,
    config: MonitoringConfig,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    seconds: float,
    environ: Mapping[str, str] | None = None,
) -> Delivered:
    """Send what is due, within about `seconds`; `clock` says what time it is (aware).

    A channel that hangs costs its own time only. Whatever is left over goes out with the next round. Secrets are read
    from `environ`, by default this process's.
    """
    delivery = config.alerting.delivery
    ends_at = asyncio.get_running_loop().time() + seconds
    pace = Pace(delivery, clock, seconds, ends_at, max(delivery.lease_seconds, seconds + _MARGIN))
    async with database.connection() as connection:
        due = await notifications.channels_due(connection, pace.lease())
    couriers = {name: Courier(name, database, pace) for name in due}
    held = os.environ if environ is None else environ
    work = (courier.work(config.alerting.channels.get(name), settings, held) for name, courier in couriers.items())
    for failure in await asyncio.gather(*work, return_exceptions=True):
        if failure is not None:
            raise failure
    return Delivered({name: courier.outcome for name, courier in couriers.items()})
