"""`pake schedules`: what is read when (ING-21), and with `--all` when the house is kept and reports are made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.frequency import frequency_to_cron
from pake_pipelines.config.loading import load_maintenance, load_monitoring, load_quality, load_reports, load_sources
from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.config.sources import ALL_ENABLED, Schedule, SourcesConfig
from pake_pipelines.maintenance.due import planned
from pake_pipelines.pipeline.names import LINK_CHECKS, LINK_CHECKS_CRON, Scan
from pake_pipelines.settings import get_settings

_TICKS: Final = 3


@dataclass(frozen=True, slots=True)
class _Line:
    """A schedule: `does` is what it does, `said` how often in the words of its file, `more` what JSON has besides."""

    name: str
    does: str
    said: str
    cron: str
    enabled: bool
    more: Mapping[str, Any] = field(default_factory=dict)


def schedules(
    everything: Annotated[
        bool, typer.Option("--all", help="Those of scans, maintenance, analytics and reports, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the schedules as configured, with the sources they read and their next ticks."""
    settings, now = get_settings(), datetime.now(UTC)
    lines = list(_ingestion(load_sources(settings.configs)))
    if everything:
        lines += [*_scans(settings.configs), *_maintenance(settings.configs), *_reports(settings.configs)]
    ticks = {one.name: _ticks(one.cron, now, on=settings.automation_enabled and one.enabled) for one in lines}
    if as_json:
        print_json(
            [
                {
                    "slug": one.name,
                    **one.more,
                    "enabled": one.enabled,
                    "cron": one.cron,
                    "next_ticks": [tick.isoformat() for tick in ticks[one.name]],
                }
                for one in lines
            ]
        )
        return
    if not settings.automation_enabled:
        out.print("[yellow]no schedule starts by itself: PAKE_AUTOMATION_ENABLED is off[/]")
    # in words where there are many, so that they fit a terminal; JSON has both
    when = ("when (UTC)",) if everything else ("frequency", "cron (UTC)")
    does = "does" if everything else "reads"
    table = Rows("schedule", does, *when, "next tick (UTC)", folding={does, when[0]})
    for one in lines:
        due = f"{ticks[one.name][0]:%a %d %b %H:%M}" if ticks[one.name] else "off"
        style = "" if one.enabled else "dim"
        said = (one.said or one.cron,) if everything else (one.said, one.cron)
        table.add_row(Text(one.name, style), one.does, *said, Text(due, style))
    out.print(table)


def _ingestion(config: SourcesConfig) -> Iterator[_Line]:
    for slug, one in config.schedules.items():
        more = {**one.model_dump(mode="json"), "reads": config.read_by(one)}
        yield _Line(slug, _reads(config, one), one.frequency.replace("_", " "), one.cron, one.enabled, more)


def _scans(configs: Path) -> Iterator[_Line]:
    quality = load_quality(configs)
    yield _Line(LINK_CHECKS, "asks links", "", LINK_CHECKS_CRON, quality.links.check_external)
    for name, frequency in quality.scans.model_dump().items():
        said = frequency.replace("_", " ")
        yield _Line(Scan(name).schedule, "judges what waits", said, frequency_to_cron(frequency), enabled=True)


def _maintenance(configs: Path) -> Iterator[_Line]:
    config = load_maintenance(configs)
    said = {name: task.schedule or "" for name, task in config.tasks.items()}
    said |= {name: task.schedule or "" for name, task in config.custom_tasks.items()}
    for task in planned(config):
        if task.cron:
            more = {"priority": task.priority, "maintenance": True}
            yield _Line(task.name, "maintenance", said[task.name], task.cron, task.enabled, more)


def _reports(configs: Path) -> Iterator[_Line]:
    config = load_reports(configs)
    yield _Line("health_digest", "monitoring_report", "", load_monitoring(configs).digest_cron, enabled=True)
    yield _Line("analytics", "analytics", config.analytics.schedule, cron_of(config.analytics.schedule), enabled=True)
    for name, one in config.editions.items():
        more = {"reports": list(one.reports)}
        yield _Line(name, ", ".join(one.reports), one.schedule, cron_of(one.schedule), one.enabled, more)


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
