"""Markdown without its marks, for readers and measures that want running text alone."""

import re
from typing import Final

from pake_pipelines.text.prose import FENCE

_HEADING: Final = re.compile(r"^ {0,3}#{1,6}\s+(?=\S)")
_QUOTE: Final = re.compile(r"^(?:> ?)+")
_BULLET: Final = re.compile(r"^\s*[-*+]\s+(?=\S)")
_LINK: Final = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*\)")
_INDENT: Final = re.compile(r"^\s+")


def plain_text(markdown: str) -> str:
    """Return the text in `markdown`: no marks of headings, quotes, lists and fences, of a link its text.

    Numbers of list items and code stay as they are; emphasis too, for a star may be a star.
    """
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        opening = FENCE.match(line)
        if opening and (not fence or opening[1] == fence):
            fence = "" if fence else opening[1]
        else:
            lines.append(line if fence else _plain(line))
    return "\n".join(lines).strip()


def _plain(line: str) -> str:
    line = _BULLET.sub("", _HEADING.sub("", _QUOTE.sub("", line)))
    return _LINK.sub(r"\1", _INDENT.sub("", line)) if line else line
