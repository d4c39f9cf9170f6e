"""The running words of a Markdown text, for measures that code, link targets and block marks would distort."""

import re
from typing import Final

FENCE: Final = re.compile(r"^\s{0,3}(```|~~~)")
HEADING: Final = re.compile(r"^ {0,3}#{1,6}\s+\S")
LIST_ITEM: Final = re.compile(r"^(?:> ?)*\s*(?:[-*+]|\d{1,4}[.)])\s+\S")
_MARK: Final = re.compile(r"^(?:> ?)*\s*(?:#{1,6}\s+|[-*+]\s+|\d{1,4}[.)]\s+)?")
_CODE_SPAN: Final = re.compile(r"`[^`\n]*`")
_LINK: Final = re.compile(r"\]\([^()\s]*\)")
_URL: Final = re.compile(r"https?://\S+")


def prose(markdown: str) -> str:
    """Return `markdown` without fenced code, code spans and URLs; headings and list items become paragraphs."""
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        opening = FENCE.match(line)
        if opening and (not fence or opening[1] == fence):
            fence = "" if fence else opening[1]
        elif not fence:
            block = HEADING.match(line) or LIST_ITEM.match(line)
            lines.append("\n" + _MARK.sub("", line, count=1) + "\n" if block else line)
    return _URL.sub(" ", _LINK.sub("]", _CODE_SPAN.sub(" ", "\n".join(lines))))
