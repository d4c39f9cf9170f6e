"""`pake report open`: the newest page of a report, in the browser where there is a display."""

import os
import sys
from typing import Annotated, Final

import typer

from pake_pipelines.cli.console import fail
from pake_pipelines.cli.report.names import named_report
from pake_pipelines.settings import get_settings

# pages that are no reports, and who writes them
_WRITTEN_BESIDE: Final = {
    "status": "the sensor `status_page` writes it while Dagster runs",
    "index": "it is written with every report: `pake report run --all`",
}


def open_report(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A report by name, `status` or `index`.", show_default=False)
    ],
) -> None:
    """Print where the newest page of a report lies, and open it where there is a display."""
    report = named_report(name, _WRITTEN_BESIDE)
    page = get_settings().data / "reports" / f"{report}.html"
    if not page.exists():
        fail(f"{report} was not made yet", hint=_WRITTEN_BESIDE.get(report, f"`pake report run {report}` makes it"))
    typer.echo(str(page))
    if _has_display():
        typer.launch(page.as_uri())


def _has_display() -> bool:
    shows = sys.platform in {"darwin", "win32"} or any(os.environ.get(one) for one in ("DISPLAY", "WAYLAND_DISPLAY"))
    return shows and sys.stdout.isatty()
