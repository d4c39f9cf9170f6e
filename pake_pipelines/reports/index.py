"""The index of the reports: what each says, when it was made, in which forms, and its past copies.

It is told by the files that lie there, so that it is right whoever wrote them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.head import head_of
from pake_pipelines.reports.kept import Copy, copies
from pake_pipelines.reports.rendering.page import moment_of
from pake_pipelines.reports.rendering.values import STANDINGS
from pake_pipelines.reports.templating import render
from pake_pipelines.reports.whole import write_whole

INDEX: Final = "index.html"
MOST_COPIES: Final = 30
"""So many past copies of a report are linked; there may be more."""

_STATUS: Final = "status"
_MOST_REPORTS: Final = 200
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,80}")
_FORMATS: Final = ("html", "md", "json")


@dataclass(frozen=True, slots=True)
class Entry:
    """A report that lies there; `forms` are the words and addresses of its files, `tables` those of its CSV."""

    name: str
    title: str
    lead: str
    tone: Tone
    made_at: datetime
    forms: Mapping[str, str]
    tables: Mapping[str, str]
    copies: Sequence[Copy]
    further_copies: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A report that was not made yet."""

    name: str
    title: str
    description: str


def write_index(directory: Path, now: datetime) -> Path:
    """Write the index of the reports in `directory` as of `now`, and return it. Raises OSError."""
    page = directory / INDEX
    write_whole(page, index_html(directory, now))
    return page


def index_html(directory: Path, now: datetime) -> str:
    """Return the index as one self-contained page."""
    found = entries(directory)
    there = {one.name for one in found}
    return render(
        "index.html.j2",
        made_at=now,
        status=_status(directory),
        entries=found,
        missing=[Missing(name, one.title, one.description) for name, one in REPORTS.items() if name not in there],
        when=moment_of(now),
        standings=STANDINGS,
    )


def entries(directory: Path) -> list[Entry]:
    """Return the reports that lie in `directory`, in the order of the catalogue and then by name."""
    kept = copies(directory)
    pages = [one for one in directory.glob("*.html") if _NAME.fullmatch(one.stem)]
    names = {one.stem for one in pages} - {Path(INDEX).stem, _STATUS}
    places = {name: number for number, name in enumerate(REPORTS)}
    ordered = sorted(names, key=lambda name: (places.get(name, len(places)), name))[:_MOST_REPORTS]
    return [_entry(directory, name, kept.get(name, [])) for name in ordered]


def _entry(directory: Path, name: str, past: Sequence[Copy]) -> Entry:
    head = head_of(directory, name)
    kind = REPORTS.get(name)
    tables = sorted((directory / name).glob("*.csv"))
    return Entry(
        name=name,
        title=head.title or (kind.title if kind else name.replace("_", " ").capitalize()),
        lead=head.lead or (kind.description if kind else ""),
        tone=head.tone or Tone.PLAIN,
        made_at=head.made_at or _modified(directory / f"{name}.html"),
        forms={form: file for form in _FORMATS if (directory / (file := f"{name}.{form}")).is_file()},
        tables={one.stem: f"{name}/{one.name}" for one in tables},
        copies=past[:MOST_COPIES],
        further_copies=len(past[MOST_COPIES:]),
    )


def _status(directory: Path) -> Mapping[str, Any] | None:
    """Return what the status page says, None where there is none."""
    page, head = directory / f"{_STATUS}.html", head_of(directory, _STATUS)
    if not page.is_file():
        return None
    return {"word": head.overall or "unknown", "tone": head.tone or Tone.PLAIN, "lead": head.lead,
            "made_at": head.made_at or _modified(page)}  # fmt: skip


def _modified(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
