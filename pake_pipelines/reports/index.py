"""The index of the reports: what each says, when it was made, in which forms, and its past copies.

It is told by the files that lie there, so that it is right whoever wrote them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.rendering.page import moment_of
from pake_pipelines.reports.rendering.values import STANDINGS
from pake_pipelines.reports.templating import render
from pake_pipelines.reports.whole import write_whole

INDEX: Final = "index.html"
MOST_COPIES: Final = 30
"""So many past copies of a report are linked; there may be more."""

_STATUS: Final = "status"
_MOST_REPORTS: Final = 200
_MOST_BYTES: Final = 32_000_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,80}")
_COPY: Final = re.compile(r"(?P<name>[a-z][a-z0-9_]*)-(?P<stamp>\d{8}T\d{6}Z)")
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_FORMATS: Final = ("html", "md", "json")


@dataclass(frozen=True, slots=True)
class Copy:
    """A past page of a report."""

    made_at: datetime
    href: str


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
    kept = _copies(directory)
    pages = [one for one in directory.glob("*.html") if _NAME.fullmatch(one.stem)]
    names = {one.stem for one in pages} - {Path(INDEX).stem, _STATUS}
    places = {name: number for number, name in enumerate(REPORTS)}
    ordered = sorted(names, key=lambda name: (places.get(name, len(places)), name))[:_MOST_REPORTS]
    return [_entry(directory, name, kept.get(name, [])) for name in ordered]


def _entry(directory: Path, name: str, copies: Sequence[Copy]) -> Entry:
    told = _told(directory / f"{name}.json")
    kind = REPORTS.get(name)
    tables = sorted((directory / name).glob("*.csv"))
    return Entry(
        name=name,
        title=_text(told, "title") or (kind.title if kind else name.replace("_", " ").capitalize()),
        lead=_text(told, "lead") or (kind.description if kind else ""),
        tone=_tone(told),
        made_at=_moment(told) or _modified(directory / f"{name}.html"),
        forms={form: file for form in _FORMATS if (directory / (file := f"{name}.{form}")).is_file()},
        tables={one.stem: f"{name}/{one.name}" for one in tables},
        copies=copies[:MOST_COPIES],
        further_copies=len(copies[MOST_COPIES:]),
    )


def _copies(directory: Path) -> dict[str, list[Copy]]:
    """Return the past pages by report, the newest first."""
    found: dict[str, list[Copy]] = {}
    for one in (directory / "kept").glob("*.html"):
        if match := _COPY.fullmatch(one.stem):
            at = datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=UTC)
            found.setdefault(match["name"], []).append(Copy(at, f"kept/{one.name}"))
    for several in found.values():
        several.sort(key=lambda one: one.made_at, reverse=True)
    return found


def _status(directory: Path) -> Mapping[str, Any] | None:
    """Return what the status page says, None where there is none."""
    told = _told(directory / f"{_STATUS}.json")
    if not (directory / f"{_STATUS}.html").is_file():
        return None
    return {"word": _text(told, "overall") or "unknown", "tone": _tone(told), "lead": _text(told, "lead"),
            "made_at": _moment(told) or _modified(directory / f"{_STATUS}.html")}  # fmt: skip


def _told(file: Path) -> Mapping[str, Any]:
    """Return the head of a report's JSON; nothing where there is none, or none that can be read."""
    try:
        state = file.stat()
    except OSError:
        return {}
    return _head(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=_MOST_REPORTS)
def _head(file: Path, _changed: int, size: int) -> Mapping[str, Any]:
    """Return the words of a file of that size; who writes the index again reads only what has changed since."""
    import orjson

    try:
        said = orjson.loads(file.read_bytes()) if size <= _MOST_BYTES else None
    except (OSError, orjson.JSONDecodeError):
        return {}
    return {key: one for key, one in said.items() if isinstance(one, str)} if isinstance(said, dict) else {}


def _text(told: Mapping[str, Any], key: str) -> str:
    said = told.get(key)
    return said if isinstance(said, str) else ""


def _tone(told: Mapping[str, Any]) -> Tone:
    try:
        return Tone(_text(told, "status"))
    except ValueError:
        return Tone.PLAIN


def _moment(told: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(told, "timestamp"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _modified(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
