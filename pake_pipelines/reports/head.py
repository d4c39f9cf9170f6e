"""What a report says of itself at the head of its JSON: its title and lead, how it stands, and when it was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pake_pipelines.reports.document import Tone

_MOST_BYTES: Final = 32_000_000


@dataclass(frozen=True, slots=True)
class Head:
    """What was told; empty and None where nothing was. `overall` is the word of the status page."""

    title: str = ""
    lead: str = ""
    overall: str = ""
    tone: Tone | None = None
    made_at: datetime | None = None


def head_of(directory: Path, name: str) -> Head:
    """Return what the newest JSON of a report in `directory` says; nothing where there is none that can be read."""
    file = directory / f"{name}.json"
    try:
        state = file.stat()
    except OSError:
        return Head()
    return _read(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=200)
def _read(file: Path, _changed: int, size: int) -> Head:
    """Return the head of a file of that size; who writes the index again reads only what has changed since."""
    import orjson

    try:
        said = orjson.loads(file.read_bytes()) if size <= _MOST_BYTES else None
    except (OSError, orjson.JSONDecodeError):
        return Head()
    if not isinstance(said, dict):
        return Head()
    title, lead, overall = (_text(said, key) for key in ("title", "lead", "overall"))
    status = _text(said, "status")
    return Head(title, lead, overall, Tone(status) if status in set(Tone) else None, _moment(said))


def _text(said: Mapping[str, Any], key: str) -> str:
    found = said.get(key)
    return found if isinstance(found, str) else ""


def _moment(said: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(said, "timestamp"))
    except ValueError:
        return None
    return at if at.tzinfo else None
