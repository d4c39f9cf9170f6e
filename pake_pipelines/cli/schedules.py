"""`pake schedules`: what is read when (ING-21)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.sources import ALL_ENABLED, Schedule, SourcesConfig
from pake_pipelines.settings import get_settings

_TICKS: Final = 3


def schedules(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the schedules as configured, with the sources they read and their next ticks."""
    settings, now = get_settings(), datetime.now(UTC)
    config = load_sources(settings.configs)
    on = settings.automation_enabled
    ticks = {
        slug: list(islice(next_ticks(one.cron, now), _TICKS)) if on and one.enabled else []
        for slug, one in config.schedules.items()
    }
    if as_json:
        print_json(
            [
                {
                    "slug": slug,
                    **one.model_dump(mode="json"),
                    "cron": one.cron,
                    "reads": config.read_by(one),
                    "next_ticks": [tick.isoformat() for tick in ticks[slug]],
                }
                for slug, one in config.schedules.items()
            ]
        )
        return
    if not on:
        out.print("[yellow]no schedule starts by itself: PAKE_AUTOMATION_ENABLED is off[/]")
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("schedule", "reads", "frequency", "cron (UTC)", "next tick (UTC)"):
        table.add_column(column, overflow="fold", no_wrap=column in {"schedule", "cron (UTC)"})
    for slug, one in config.schedules.items():
        due = f"{ticks[slug][0]:%a %d %b %H:%M}" if ticks[slug] else "off"
        style = "" if one.enabled else "dim"
        table.add_row(
            Text(slug, style), Text(_reads(config, one)), one.frequency.replace("_", " "), one.cron, Text(due, style)
        )
    out.print(table)


def next_ticks(cron: str, after: datetime) -> Iterator[datetime]:
    """Yield the moments (aware, UTC) after `after` at which the five-field expression `cron` ticks, without end."""
    from cronsim import CronSim

    return CronSim(cron, after.astimezone(UTC))


def _reads(config: SourcesConfig, schedule: Schedule) -> str:
    """Say what a tick reads, and how much of its list it does not because that is disabled."""
    read = config.read_by(schedule)
    if schedule.sources == ALL_ENABLED:
        return f"all {len(read)} enabled sources"
    disabled = len(schedule.sources) - len(read)
    return " ".join(filter(None, [", ".join(read), f"({disabled} disabled)" if disabled else ""]))
