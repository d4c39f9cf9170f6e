"""`pake report list`: which reports there are, how the newest of each stands, and when the next is made."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.text import Text

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_monitoring, load_reports
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.maintenance.due import next_time
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.head import head_of
from pake_pipelines.reports.rendering.values import STANDINGS
from pake_pipelines.settings import get_settings

DIGEST: Final = "health_digest"
_MAIL: Final = ("every e-mail channel",)
_WITH_ITEMS: Final = {"ingestion_report": "every ingestion", "qa_report": "every ingestion"}


@dataclass(frozen=True, slots=True)
class Line:
    """A report: its newest file and what that says, and its editions, the soonest first."""

    name: str
    title: str
    description: str
    newest_at: datetime | None
    status: Tone | None
    lead: str | None
    file: Path | None
    editions: tuple[str, ...]
    next_at: datetime | None
    channels: tuple[str, ...]


def list_reports(as_json: Json = False) -> None:
    """List the reports with the newest of each and when the next is made; JSON has who gets it, too."""
    settings, now = get_settings(), datetime.now(UTC)
    config, digest = load_reports(settings.configs), load_monitoring(settings.configs).digest_cron
    lines = [line(name, settings.data / "reports", config, digest, now) for name in REPORTS]
    if as_json:
        print_json([asdict(one) for one in lines])
        return
    table = Rows("report", "newest (UTC)", "status", "next (UTC), made by")
    for one in lines:
        table.add_row(
            one.name,
            f"{one.newest_at:%d %b %H:%M}" if one.newest_at else Text("never", style="dim"),
            (one.status and STANDINGS[one.status]) or "-",
            _next(one),
        )
    out.print(table)


def _next(one: Line) -> Text:
    if one.next_at is None:
        return Text(_WITH_ITEMS.get(one.name, "by hand"), style="dim")
    # an edition of the report's own name says nothing new
    names = [edition for edition in one.editions if edition != one.name]
    return Text.assemble(f"{one.next_at:%d %b %H:%M}", (f" {', '.join(names)}", "dim"))


def line(name: str, directory: Path, config: ReportsConfig, digest_cron: str, now: datetime) -> Line:
    """Return how the report `name` stands at `now`."""
    head = head_of(directory, name)
    page = directory / f"{name}.html"
    own = {edition: one for edition, one in config.editions.items() if one.enabled and name in one.reports}
    ticks = [(next_time(cron_of(one.schedule), now), edition) for edition, one in own.items()]
    named = [channel for one in own.values() for channel in (_MAIL if one.channels is None else one.channels)]
    if name == "monitoring_report":
        ticks.append((next_time(digest_cron, now), DIGEST))
        named += _MAIL
    ticks.sort()
    kind = REPORTS[name]
    return Line(
        name=name,
        title=kind.title,
        description=kind.description,
        newest_at=head.made_at,
        status=head.tone,
        lead=head.lead or None,
        file=page if page.exists() else None,
        editions=tuple(edition for _, edition in ticks),
        next_at=ticks[0][0] if ticks else None,
        channels=tuple(dict.fromkeys(named)),
    )
