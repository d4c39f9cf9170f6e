"""Patterns: which regular expressions of the configuration occur in an item, and where."""

import re
from collections.abc import Iterable
from typing import Final

_EXCERPT: Final = 60


def find_patterns(title: str, text: str, patterns: Iterable[str]) -> dict[str, str]:
    """Return an excerpt around the first occurrence of each of `patterns` in title or text, ignoring case.

    Patterns that do not occur have no entry.
    """
    said = f"{title}\n{text}"
    found = {pattern: re.search(pattern, said, re.IGNORECASE) for pattern in patterns}
    return {pattern: _excerpt(said, match) for pattern, match in found.items() if match}


def _excerpt(said: str, match: re.Match[str]) -> str:
    return " ".join(said[max(0, match.start() - _EXCERPT // 2) : match.start() + _EXCERPT].split())
