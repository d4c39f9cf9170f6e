"""The digest: the monitoring report put into the outbox of the e-mail channels, once for each run (NOT-11)."""

from datetime import datetime
from pathlib import Path
from typing import Final

from pake_pipelines.config.alerting import EmailChannel
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import Message, MessageKind, Severity
from pake_pipelines.store import notifications
from pake_pipelines.store.database import Database

_NAME: Final = "monitoring"
_GROUP: Final = "digest"


async def put_digest(
    database: Database, config: MonitoringConfig, reports: Path, run_id: str, now: datetime
) -> tuple[str, ...]:
    """Put the report in the directory `reports` into the outboxes, and return their channels.

    The same run puts it in once, however often it is tried. Raises OSError where there is no report.
    """
    body = (reports / f"{_NAME}.md").read_text("utf-8")
    message = Message(
        key=f"{_GROUP}:{run_id}",
        kind=MessageKind.DIGEST,
        group=_GROUP,
        title=f"Health digest of {now:%Y-%m-%d %H:%M} UTC",
        severity=Severity.INFO,
        created_at=now,
        body=body,
        attachments=(str(reports / f"{_NAME}.html"),),
    )
    async with database.transaction() as connection:
        return tuple([name for name in _channels(config) if await notifications.put(connection, name, message, now)])


def _channels(config: MonitoringConfig) -> list[str]:
    """Return the e-mail channels that are switched on and have somebody to write to."""
    return [
        name
        for name, channel in config.alerting.channels.items()
        if isinstance(channel, EmailChannel) and channel.enabled and channel.recipients
    ]
