"""The one thing that must be told without the database: that it does not answer. Rules and outbox are in it.

Only the log channel needs nothing but a disk. It is told once when an outage begins and once when it is over, by each
process that sees it; Dagster's UI shows the same as failed ticks.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pake_pipelines.alerts.channels.opening import open_channel
from pake_pipelines.alerts.redacted import redacted
from pake_pipelines.config.alerting import LogChannel
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import Message, MessageKind, Severity
from pake_pipelines.settings import Settings

_GROUP: Final = "knowledge-database-away"


class Outage:
    """What this process has seen of the database's absence."""

    def __init__(self) -> None:
        """Nothing is missing."""
        self.since: datetime | None = None

    def began(self, now: datetime, why: str) -> Message | None:
        """Return what is to be told now that the database does not answer; None when that was told."""
        if self.since is not None:
            return None
        self.since = now
        body = "Alerts cannot be judged, and messages of the outbox wait, until it is back."
        return _message(MessageKind.FIRE, "the knowledge database does not answer: " + why, body, now, now)

    def ended(self, now: datetime) -> Message | None:
        """Return what is to be told now that the database answers; None when it was not missed."""
        since, self.since = self.since, None
        if since is None:
            return None
        return _message(
            MessageKind.RESOLVE, f"the knowledge database is back, away since {since:%H:%M} UTC", "", now, since
        )


def _message(kind: MessageKind, title: str, body: str, now: datetime, since: datetime) -> Message:
    key = f"{_GROUP}:{since.isoformat()}:{kind.value}"
    return Message(key, kind, _GROUP, title, Severity.CRITICAL, now, body=body)


async def log(message: Message, config: MonitoringConfig, settings: Settings, environ: Mapping[str, str]) -> None:
    """Write `message` to every log channel. Raises ChannelError where the disk does not take it."""
    for name, channel in config.alerting.channels.items():
        if isinstance(channel, LogChannel) and channel.enabled:
            await open_channel(name, channel, settings, environ).send(redacted(message), ())
