"""`pake report test`: what would go to whom by which channel, and what keeps it from going; nothing is sent."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.padding import Padding
from rich.text import Text

from pake_pipelines.alerts.digest import Audience, Outgoing, audience, message_of
from pake_pipelines.alerts.text import plain, subject
from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.report.listing import DIGEST
from pake_pipelines.cli.report.names import named_report
from pake_pipelines.cli.report.running import Attempt, attempts
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.config.alerting import Alerting, AnyChannel, EmailChannel
from pake_pipelines.config.loading import load_monitoring, load_reports
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.redaction import redact
from pake_pipelines.settings import Settings, get_settings

Plan = tuple[str | None, str, Sequence[str] | None]
"""An edition, one of its reports, and the channels that it names."""

_LINES: Final = 12
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Sending:
    """What would go out by one channel; `lacking` is what keeps it from that."""

    channel: str
    kind: str
    to: tuple[str, ...]
    attached: str | None
    lacking: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of one report; with an `error` it could not even be made."""

    edition: str | None
    report: str
    subject: str | None
    text: str | None
    sendings: tuple[Sending, ...]
    left_out: Mapping[str, str]
    error: str | None


def try_delivery(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|EDITION]", help="A report or an edition; all editions without.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what would go to whom by which channel, and what is missing for that. Nothing is sent or written."""
    settings = get_settings()
    planned = _planned(load_reports(settings.configs), name)
    trials = asyncio.run(_try(settings, load_monitoring(settings.configs).alerting, planned))
    if as_json:
        print_json([asdict(one) for one in trials])
    else:
        for one in trials:
            _tell(one)
        out.print("\n[dim]nothing was sent[/]")
    if any(one.error for one in trials):
        raise typer.Exit(1)


def _planned(config: ReportsConfig, name: str | None) -> list[Plan]:
    """Return what goes out by itself under `name`; a report of no edition would go to every e-mail channel."""
    digest = (DIGEST, "monitoring_report", None)
    going: list[Plan] = [
        (edition, report, one.channels) for edition, one in config.editions.items() for report in one.reports
    ]
    going.append(digest)
    if name is None:
        return going
    plain_name = name.replace("-", "_")
    if chosen := [one for one in going if one[0] == plain_name]:
        return chosen
    report = named_report(name)
    return [one for one in going if one[1] == report] or [(None, report, None)]


async def _try(settings: Settings, alerting: Alerting, planned: Sequence[Plan]) -> list[Trial]:
    now = datetime.now(UTC)
    names = list(dict.fromkeys(report for _, report, _ in planned))
    made = {one.name: one async for one in attempts(settings, names, now)}
    return [
        _trial(edition, made[report], alerting, audience(alerting, channels, settings, os.environ), settings, now)
        for edition, report, channels in planned
    ]


def _trial(
    edition: str | None, attempt: Attempt, alerting: Alerting, who: Audience, settings: Settings, now: datetime
) -> Trial:
    from pake_pipelines.reports.kept import copy_of

    if attempt.made is None:
        return Trial(edition, attempt.name, None, None, (), who.left_out, attempt.error)
    made = attempt.made
    page = copy_of(settings.data / "reports", made.name, made.made_at)
    title = "Health digest" if edition == DIGEST else made.title
    message = message_of(Outgoing(made.name, title, made.markdown, page), "a run", now)
    size = len(made.html.encode())
    sendings = [
        _sending(name, alerting.channels[name], page.name, size, who.lacking.get(name)) for name in who.channels
    ]
    return Trial(edition, made.name, subject(message), redact(plain(message)), tuple(sendings), who.left_out, None)


def _sending(name: str, channel: AnyChannel, page: str, size: int, lacks: str | None) -> Sending:
    if not isinstance(channel, EmailChannel):
        return Sending(name, channel.kind, (), None, lacks)
    fits = size <= channel.max_attachment_mb * _MEGABYTE
    attached = (
        f"{page}, {size / 1000:.0f} kB" if fits else f"not attached: {size / 1000:.0f} kB are too large for a mail"
    )
    return Sending(name, channel.kind, channel.recipients, attached, lacks)


def _tell(one: Trial) -> None:
    out.print(Text.assemble("\n", (one.report, "bold"), f" of {one.edition}" if one.edition else " (of no edition)"))
    if one.error:
        out.print(Text(f"  cannot be made: {one.error}", style="red"))
        return
    out.print(Text(f"  {one.subject}"))
    if not one.sendings and not one.left_out:
        out.print(
            Text("  to nobody: no e-mail channel is switched on, and the edition names no channel", style="yellow")
        )
    for sending in one.sendings:
        to = f" to {', '.join(sending.to)}" if sending.to else ""
        attached = f", {sending.attached}" if sending.attached else ""
        out.print(Text(f"  by {sending.channel} ({sending.kind}){to}{attached}"), soft_wrap=True)
        if sending.lacking:
            out.print(Text(f"    not configured: {sending.lacking}", style="yellow"), soft_wrap=True)
    for channel, why in one.left_out.items():
        out.print(Text(f"  not by {channel}: {why}", style="yellow"), soft_wrap=True)
    lines = (one.text or "").strip().splitlines()
    cut = [*lines[:_LINES], "…"] if len(lines) > _LINES else lines
    out.print(Padding(Text("\n".join(cut), style="dim"), (0, 0, 0, 4)))
