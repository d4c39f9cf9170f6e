"""Past copies of reports, which stay as they were: pages with their JSON, each with its moment in its name."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

KEPT: Final = "kept"
"""The directory of past copies, below that of the newest reports."""

_NAME: Final = re.compile(r"(?P<name>[a-z][a-z0-9_]*)-(?P<stamp>\d{8}T\d{6}Z)")


@dataclass(frozen=True, slots=True)
class Copy:
    """A past page of a report."""

    made_at: datetime
    page: Path

    @property
    def href(self) -> str:
        """Where a page beside the newest reports finds it."""
        return f"{KEPT}/{self.page.name}"


def copy_of(directory: Path, name: str, made_at: datetime) -> Path:
    """Return where the copy of a report's page is kept, below the `directory` of the newest."""
    return directory / KEPT / f"{name}-{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}.html"


def copies(directory: Path) -> dict[str, list[Copy]]:
    """Return the past pages by report, the newest first."""
    found: dict[str, list[Copy]] = {}
    for page in sorted((directory / KEPT).glob("*.html"), reverse=True):
        if (match := _NAME.fullmatch(page.stem)) and (made_at := _moment(match["stamp"])):
            found.setdefault(match["name"], []).append(Copy(made_at, page))
    return found


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:  # digits that are no date
        return None
