"""Pictures of every report of a project, as a phone and a desk show them: PNG files for the documentation.

    python -m demos.screenshots [--reports DIR] [--out DIR] [--dark] [NAME ...]

The pages are those that lie in the project's `data/reports`; nothing is made anew. Without a name all are taken.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from demos.browser import VARIABLE, chromium, find_chromium
from pake_pipelines.settings import PACKAGE_HOME, get_settings

WIDTHS: Final = {"phone": 390, "desk": 1280}


def main() -> None:
    """Take the pictures and print where they lie."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="reports, such as status or qa_report")
    parser.add_argument("--reports", type=Path, help="the directory of the pages; the project's own if not given")
    parser.add_argument("--out", type=Path, default=PACKAGE_HOME / "docs" / "images" / "reports")
    parser.add_argument("--dark", action="store_true", help="in dark, too")
    given = parser.parse_args()
    directory = given.reports or get_settings().data / "reports"
    pages = [directory / f"{name}.html" for name in given.names] or sorted(directory.glob("*.html"))
    program = find_chromium()
    if program is None:
        raise SystemExit(f"no Chromium: install it, or name it in {VARIABLE}")
    if missing := [str(page) for page in pages if not page.is_file()]:
        raise SystemExit(f"not there: {', '.join(missing)}; `pake report run --all` makes all reports")
    if not pages:
        raise SystemExit(f"no page in {directory}; `pake report run --all` makes all reports")
    for picture in asyncio.run(pictures(program, pages, given.out, dark=given.dark)):
        print(picture)


async def pictures(program: str, pages: Sequence[Path], out: Path, *, dark: bool) -> list[Path]:
    """Take a picture of each page at each width, in light and where asked for in dark; return the files."""
    out.mkdir(parents=True, exist_ok=True)
    taken = []
    async with chromium(program) as browser:
        for page in pages:
            for screen, width in WIDTHS.items():
                for in_dark in (False, True) if dark else (False,):
                    await browser.look(width=width, dark=in_dark)
                    await browser.open(page)
                    taken.append(out / f"{page.stem}-{screen}{'-dark' if in_dark else ''}.png")
                    await browser.picture(taken[-1])
    return taken


if __name__ == "__main__":
    main()
