"""`pake qa report`: the QA report from the database as it is now, at the terminal and as files."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.padding import Padding
from rich.text import Text

from pake_pipelines.cli.console import fail, out
from pake_pipelines.cli.judgement_view import STATUS_STYLES, bar
from pake_pipelines.cli.report.formats import FORMATS, files_of
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.pipeline.calibrate import score_version
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.reports.opening import open_desk
from pake_pipelines.reports.qa.made import made_of, qa_json, report_of
from pake_pipelines.reports.qa.render import qa_html, qa_markdown
from pake_pipelines.reports.qa.report import QaReport
from pake_pipelines.reports.strangers import shown
from pake_pipelines.reports.whole import write_whole
from pake_pipelines.reports.writing import write_files
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import open_database

_FORMS: Final = {".html": qa_html, ".md": qa_markdown, ".json": qa_json}
_ISSUES: Final = 5


def report(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR|FILE",
            help="Where to: a directory for all forms, or a file that ends in .html, .md or .json; "
            "data/reports otherwise.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the QA report on the knowledge base as it is now, and show it in short."""
    kit = Kit.of(get_settings())
    wanted = output or kit.settings.data / "reports"
    if wanted.suffix and wanted.suffix not in _FORMS and not wanted.is_dir():
        fail(f"{wanted}: no form of the report", hint="a file ends in .html, .md or .json; else name a directory")
    made = asyncio.run(_build(kit))
    try:
        page = _write(kit, output, made)
    except OSError as error:
        fail(f"{wanted}: {error.strerror or error}")
    if as_json:
        typer.echo(qa_json(made))
        return
    _show(made)
    out.print(f"\n[dim]all of it:[/] {page}", soft_wrap=True)


async def _build(kit: Kit) -> QaReport:
    version, now = score_version(kit.quality), datetime.now(UTC)
    async with (
        open_database(kit.database) as database,
        open_desk(database, kit.settings, None, version, now) as desk,
    ):
        return await report_of(desk)


def _write(kit: Kit, output: Path | None, made: QaReport) -> Path:
    """Write the report to the file or directory `output`; return what a person opens."""
    if output is None:
        return write_files(kit.settings.data / "reports", made_of(made), 0).page
    form = None if output.is_dir() else _FORMS.get(output.suffix)
    if form is not None:
        write_whole(output, form(made))
        return output
    written = list(files_of(made_of(made), output, FORMATS))
    for path, text in written:
        write_whole(path, text)
    return written[0][0]


def _show(made: QaReport) -> None:
    figures = made.statistics
    if not figures.total_items:
        out.print("the knowledge base is empty: `pake ingest` fills it")
        return
    mean = "unknown" if figures.avg_confidence is None else f"{figures.avg_confidence:.2f}"
    out.print(
        f"[bold]{figures.total_items:,} items[/], quality score {figures.quality_score} %, mean confidence {mean}, "
        f"{figures.high_confidence_items:,} high, {figures.low_confidence_items:,} low, "
        f"{figures.potential_duplicates:,} potential duplicates",
        soft_wrap=True,
    )
    for status, items in sorted(figures.by_status.items(), key=lambda one: -one[1]):
        if items:
            share = bar(items / figures.total_items)
            out.print(Text.assemble("  ", share, f" {items:>8,} ", (status, STATUS_STYLES[status])))
    for title, table in (("rules", _rules(made)), ("sources", _sources(made))):
        out.print(f"\n[bold]{title}[/]")
        out.print(Padding(table, (0, 0, 0, 2)))
    if made.issues:
        out.print("\n[bold]recent issues[/]")
        out.print(Padding(_issues(made), (0, 0, 0, 2)))
    for one in made.recommendations:
        out.print(Text.assemble(("\n! ", "yellow"), (one.says, "bold")))
        out.print(Padding(Text(f"{one.evidence} {one.acts}"), (0, 0, 0, 2)))


def _table(first: str, *numbers: str) -> Rows:
    return Rows(first, *numbers, right=numbers, folding={first})


def _rules(made: QaReport) -> Rows:
    table = _table("rule", "ok", "warn", "fail", "unknown", "not run")
    for line in made.checks:
        counts = (line.ok, line.warn, line.fail, line.unknown, line.not_run)
        table.add_row(line.name, *(f"{count:,}" if count else Text("0", style="dim") for count in counts))
    return table


def _sources(made: QaReport) -> Rows:
    table = _table("source", "items", "verified", "rejected", "dropped", "confidence")
    for row in made.sources:
        mean = "-" if row.average is None else f"{row.average:.2f}"
        counts = (row.items, row.verified, row.rejected, row.dropped)
        table.add_row(shown(row.name, 60), *(f"{count:,}" for count in counts), mean)
    return table


def _issues(made: QaReport) -> Rows:
    table = Rows("", "", "")
    for one in made.issues[:_ISSUES]:
        table.add_row(
            Text(str(one.pake_id)[:8], style="dim"),
            Text(one.status, style=STATUS_STYLES[one.status]),
            shown(one.title, 80),
        )
    return table
