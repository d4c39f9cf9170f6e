"""Reports as messages: put into the outbox of each channel once for each run, the page attached (NOT-11, REP-16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pake_pipelines.alerts.channels.opening import lacking
from pake_pipelines.alerts.words import words
from pake_pipelines.config.alerting import Alerting, AnyChannel, EmailChannel
from pake_pipelines.model.alert import Message, MessageKind, Severity
from pake_pipelines.settings import Settings
from pake_pipelines.store import notifications
from pake_pipelines.store.database import Database

EXCERPT: Final = 3000
"""Characters of a report that stand in a message; the page has all of it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A report as it goes out: `text` is Markdown, `page` the file that is attached to mails."""

    name: str
    title: str
    text: str
    page: Path


@dataclass(frozen=True, slots=True)
class Audience:
    """Who gets a report: `channels` that take it, and why others that were named do not.

    `lacking` are channels that take it but cannot send it yet, with what they lack.
    """

    channels: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)


def audience(
    alerting: Alerting, named: Sequence[str] | None, settings: Settings, environ: Mapping[str, str]
) -> Audience:
    """Return who gets a report that goes to the channels `named`, by default to every e-mail channel."""
    if named is None:
        named = [name for name, one in alerting.channels.items() if isinstance(one, EmailChannel) and one.enabled]
    reasons = {name: _why_not(alerting.channels.get(name)) for name in named}
    taking = tuple(name for name, why in reasons.items() if not why)
    lack = lacking({name: alerting.channels[name] for name in taking}, settings, environ)
    return Audience(taking, {name: why for name, why in reasons.items() if why}, lack)


def _why_not(channel: AnyChannel | None) -> str:
    if channel is None:
        return "there is no such channel"
    if not channel.enabled:
        return "it is switched off"
    return "it has no recipients" if isinstance(channel, EmailChannel) and not channel.recipients else ""


def message_of(report: Outgoing, run: str, now: datetime) -> Message:
    """Return the message of a report that was made by `run`: the beginning of its text in words, and its page."""
    return Message(
        key=f"report:{report.name}:{run}",
        kind=MessageKind.DIGEST,
        group=f"report:{report.name}",
        title=f"{report.title} of {now:%Y-%m-%d %H:%M} UTC",
        severity=Severity.INFO,
        created_at=now,
        body=f"{excerpt(words(report.text))}\n\nThe whole report: {report.page}",
        attachments=(str(report.page),),
        labels={"report": report.name},
    )


def excerpt(text: str, most: int = EXCERPT) -> str:
    """Return the beginning of `text`, cut between two paragraphs, or else two lines, where it is longer than `most`."""
    if len(text) <= most:
        return text.rstrip()
    beginning = text[:most]
    cut = max(beginning.rfind("\n\n"), 0) or max(beginning.rfind("\n"), 0) or most
    return f"{beginning[:cut].rstrip()}\n\n(more on the page)"


async def put_report(
    database: Database, report: Outgoing, channels: Sequence[str], run: str, now: datetime
) -> tuple[str, ...]:
    """Put `report` into the outboxes of `channels`, and return those that did not have it yet.

    The same run puts it in once, however often it is tried. Raises StoreError.
    """
    message = message_of(report, run, now)
    async with database.transaction() as connection:
        return tuple([name for name in channels if await notifications.put(connection, name, message, now)])
