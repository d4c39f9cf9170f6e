"""`pake schedules`: what is read when (ING-21), and with `--all` when the house is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.config.loading import load_maintenance, load_sources
from pake_pipelines.config.sources import ALL_ENABLED, Schedule, SourcesConfig
from pake_pipelines.maintenance.due import Planned, planned
from pake_pipelines.settings import Settings, get_settings

_TICKS: Final = 3


def schedules(
    everything: Annotated[bool, typer.Option("--all", help="Those of maintenance, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the schedules as configured, with the sources they read and their next ticks."""
    settings, now = get_settings(), datetime.now(UTC)
    config = load_sources(settings.configs)
    on = settings.automation_enabled
    tasks = _tasks(settings) if everything else []
    ticks = {slug: _ticks(one.cron, now, on=on and one.enabled) for slug, one in config.schedules.items()}
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
            + [
                {
                    "slug": task.name,
                    "cron": cron,
                    "enabled": task.enabled,
                    "priority": task.priority,
                    "maintenance": True,
                    "next_ticks": [tick.isoformat() for tick in _ticks(cron, now, on=on and task.enabled)],
                }
                for task, cron in tasks
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
    for task, cron in tasks:
        ahead = _ticks(cron, now, on=on and task.enabled)
        due = f"{ahead[0]:%a %d %b %H:%M}" if ahead else "off"
        table.add_row(Text(task.name, "" if task.enabled else "dim"), "maintenance", "", cron, Text(due))
    out.print(table)


def _tasks(settings: Settings) -> list[tuple[Planned, str]]:
    return [(task, task.cron) for task in planned(load_maintenance(settings.configs)) if task.cron]


def _ticks(cron: str, now: datetime, *, on: bool) -> list[datetime]:
    return list(islice(next_ticks(cron, now), _TICKS)) if on else []


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
