"""A test message by one channel, now and past the outbox, to see whether it gets through."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from pake_pipelines.alerts.channels.opening import open_channel
from pake_pipelines.alerts.channels.protocol import ChannelError, NotConfiguredError
from pake_pipelines.alerts.courier import hand_over
from pake_pipelines.config.alerting import Alerting
from pake_pipelines.model.alert import Message, MessageKind, Severity
from pake_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it after `seconds`; `said` is the error, what the channel lacks, or what is to be noted."""

    channel: str
    state: Literal["sent", "failed", "refused", "not_configured"]
    said: str
    seconds: float


async def try_channel(
    name: str, alerting: Alerting, settings: Settings, environ: Mapping[str, str], now: datetime
) -> Trial:
    """Send a test message by the channel `name`. Raises KeyError when there is none of that name.

    `refused` is what would be a dead letter, `failed` what would be tried again.
    """
    config = alerting.channels[name]
    started = time.monotonic()
    try:
        channel = open_channel(name, config, settings, environ)
    except NotConfiguredError as error:
        return Trial(name, "not_configured", str(error), 0.0)
    try:
        note = await hand_over(channel, trial_message(name, now), (), config.timeout_seconds)
    except ChannelError as error:
        return Trial(name, "refused" if error.permanent else "failed", str(error), time.monotonic() - started)
    return Trial(name, "sent", note or "", time.monotonic() - started)


def trial_message(channel: str, now: datetime) -> Message:
    """Return a message that says that it is a test; each has a key of its own."""
    key = f"test_{uuid4().hex}"
    return Message(
        key=key,
        kind=MessageKind.TEST,
        group=key,
        title=f"test of the channel {channel}: nothing is wrong",
        severity=Severity.INFO,
        created_at=now,
        body="This message was asked for, to see whether it arrives.",
    )
