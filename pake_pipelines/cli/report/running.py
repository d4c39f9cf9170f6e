"""`pake report run`: reports made now, one after another, into files or onto the screen."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.dagster_facts import read_facts
from pake_pipelines.cli.report.formats import FORMATS, files_of, form_of, named_formats
from pake_pipelines.cli.report.names import named_reports
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import as_served
from pake_pipelines.config.loading import load_reports
from pake_pipelines.redaction import redact
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.document import Tone
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store.database import addresses, open_database

if TYPE_CHECKING:
    from pake_pipelines.reports.writing import Made

_COLOURS = {Tone.GOOD: "green", Tone.NOTICE: "cyan", Tone.WARN: "yellow", Tone.BAD: "red"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one report after `seconds`: `made`, or the `error` that kept it from being made."""

    name: str
    seconds: float
    made: "Made | None" = None
    error: str = ""


def run(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Reports by name.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All reports.")] = False,
    formats: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMATS", help="Of html, md, json and csv; all without.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR|FILE",
            help="Where to; data/reports otherwise. One format without it goes to the screen.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make reports now. One that fails stops no other; exit code 1 then."""
    if bool(names) is everything:
        fail("name reports, or say --all", hint="`pake report list` shows them")
    wanted = list(REPORTS) if everything else named_reports(names or ())
    asked = named_formats(formats)
    settings = get_settings()
    file = _file(output, wanted, asked)
    place = _Place(settings, output, file, asked)
    if place.on_screen and (len(wanted) > 1 or asked == ("csv",) or as_json):
        fail("that does not go onto one screen", hint="name one report and one of html, md, json; or give --output")
    asyncio.run(_run(settings, wanted, place, quiet=as_json))


def _file(output: Path | None, wanted: Sequence[str], asked: Sequence[str]) -> Path | None:
    """Return `output` where it is to be one file; None where it is a directory."""
    form = output.suffix.removeprefix(".") if output else ""
    if output is None or not form or output.is_dir():
        return None
    if form not in FORMATS or (asked and tuple(asked) != (form,)):
        fail(f"{output}: no form of the report", hint="a file ends in .html, .md or .json; else name a directory")
    if form == "csv" or len(wanted) > 1:
        fail(f"{output}: more than one file is to be written", hint="name a directory")
    return output


@dataclass(frozen=True, slots=True)
class _Place:
    """Where reports go: onto the screen, into one file, into a directory, or where the newest of all lie."""

    settings: Settings
    output: Path | None
    file: Path | None
    asked: tuple[str, ...]

    @property
    def on_screen(self) -> bool:
        """Whether it goes there: one format, and no place named."""
        return self.output is None and len(self.asked) == 1

    def put(self, made: "Made") -> Path | None:
        """Put a report there, and return what a person opens. Raises OSError."""
        from pake_pipelines.reports.whole import write_whole
        from pake_pipelines.reports.writing import write_files

        if self.on_screen:
            typer.echo(form_of(made, self.asked[0]), nl=False)
            return None
        if self.file is not None:
            write_whole(self.file, form_of(made, self.file.suffix.removeprefix(".")))
            return self.file
        if self.output is None and not self.asked:
            keep = load_reports(self.settings.configs).keep
            return write_files(self.settings.data / "reports", made, keep).page
        directory = self.output or self.settings.data / "reports"
        written = list(files_of(made, directory, self.asked or (*made.forms, "csv")))
        for path, text in written:
            write_whole(path, text)
        return written[0][0] if written else directory


async def _run(settings: Settings, names: Sequence[str], place: _Place, *, quiet: bool) -> None:
    told, failed = [], False
    async for one in attempts(settings, names, datetime.now(UTC)):
        error, page = one.error, None
        if one.made is not None:
            try:
                page = place.put(one.made)
            except OSError as fault:
                error = str(fault)
        failed |= bool(error)
        told.append(_row(one, page, error))
        if not quiet and not (place.on_screen and not error):
            _tell(one, page, error)
    if quiet:
        print_json(told)
    if failed:
        raise typer.Exit(1)


async def attempts(settings: Settings, names: Sequence[str], now: datetime) -> AsyncIterator[Attempt]:
    """Yield the reports `names` as they are made, each of its own moment of the database. Raises StoreError."""
    from pake_pipelines.config.loading import load_quality
    from pake_pipelines.pipeline.calibrate import score_version
    from pake_pipelines.reports.opening import open_desk
    from pake_pipelines.reports.writing import make

    settings = as_served(settings)
    facts = await asyncio.to_thread(read_facts, settings, now)
    version = score_version(load_quality(settings.configs))
    async with open_database(addresses(settings).knowledge) as database:
        for name in names:
            began = time.monotonic()
            try:
                async with open_desk(database, settings, facts, version, now) as desk:
                    made = await make(desk, name)
            except Exception as error:  # noqa: BLE001  # told below; the others are still wanted
                said = redact(f"{type(error).__name__}: {error}")
                yield Attempt(name, time.monotonic() - began, error=said)
            else:
                yield Attempt(name, time.monotonic() - began, made)


def _row(one: Attempt, page: Path | None, error: str) -> dict[str, object]:
    made = one.made
    return {
        "name": one.name,
        "made": not error,
        "status": made.tone.value if made else None,
        "lead": made.lead if made else None,
        "file": page,
        "seconds": round(one.seconds, 3),
        "error": error or None,
    }


def _tell(one: Attempt, page: Path | None, error: str) -> None:
    from pake_pipelines.reports.rendering.values import STANDINGS
    from pake_pipelines.reports.strangers import shown

    if error or one.made is None:
        out.print(f"[red]✗[/] {one.name:30} {escape(shown(error, 400))}", soft_wrap=True)
        return
    tone = one.made.tone
    colour = _COLOURS.get(tone, "dim")
    standing = f"[{colour}]{STANDINGS[tone]:15}[/]"
    out.print(f"[{colour}]✓[/] {one.name:30} {standing} {one.seconds:5.1f} s  {page}", soft_wrap=True)
    out.print(f"  [dim]{escape(shown(one.made.lead, 200))}[/]", soft_wrap=True)
