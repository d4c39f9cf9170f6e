"""Keys by which the parts of a document are found again: in JSON, as file names and as the anchors of a page."""

import re
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 60


def slug(text: str) -> str:
    """Return `text` in lower case with underscores between its words, fit for a file's name."""
    return _NO_WORD.sub("_", text.lower())[:_LONGEST].strip("_") or "unnamed"


def named(parts: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Return `parts` by their keys; what comes again gets a number, so that nothing is lost."""
    found: dict[str, T] = {}
    for key, part in parts:
        number, free = 1, key
        while free in found:
            number += 1
            free = f"{key}_{number}"
        found[free] = part
    return found
