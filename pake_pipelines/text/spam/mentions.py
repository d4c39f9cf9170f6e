"""Mentions: where a text names words and does not use them."""

import re
from typing import Final

_QUOTED: Final = re.compile(
    r"\"[^\"\n]{1,80}\"|\u201c[^\u201d\n]{1,80}\u201d|\u201e[^\u201c\"\n]{1,80}[\u201c\"]|\u00ab[^\u00bb\n]{1,80}\u00bb"
    r"|`[^`\n]{1,80}`|'(?<!\w')[^'\n]{1,80}'(?!\w)"
)
_QUOTES: Final = "\"'`\u201c\u201e\u00ab"
# What announces a list of phrases, up to the end of its sentence.
_ANNOUNCED: Final = re.compile(
    r"\b(?:phrases?|wordings?|keywords?|expressions?|trigger words?|subject lines?)\b[^.!?\n]{0,160}"
)
_ANNOUNCING: Final = ("phrase", "wording", "keyword", "expression", "trigger word", "subject line")


def mentions(low: str) -> list[tuple[int, int]]:
    """Return the spans of `low`, a text in lower case, that are quoted or announced as phrases: in order, apart."""
    quoted = [match.span() for match in _QUOTED.finditer(low)] if any(sign in low for sign in _QUOTES) else []
    if any(word in low for word in _ANNOUNCING):
        quoted += [match.span() for match in _ANNOUNCED.finditer(low)]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(quoted):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
