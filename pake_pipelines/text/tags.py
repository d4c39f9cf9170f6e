"""HTML tags inside text that is not parsed as HTML: taken out in one linear pass, whatever their nesting."""

import html
import re
from typing import Final

_COMMENT: Final = ("<!--", "-->")
_SILENT: Final = (("<script", "</script"), ("<style", "</style"))
_TAG: Final = re.compile(r"</?[a-z][a-z0-9-]*(?:[\s/][^<>]*)?/?>|<![a-z][^<>]*>", re.IGNORECASE)
_FENCE: Final = re.compile(r"^ {0,3}(```|~~~)")
_CODE_SPAN: Final = re.compile(r"(`[^`\n]*`)")


def strip_tags(markup: str) -> str:
    """Return the text of `markup` with every tag replaced by a newline, scripts and styles left out."""
    return html.unescape(_TAG.sub("\n", _without_silent(markup)))


def strip_tags_from_markdown(markdown: str) -> str:
    """Return `markdown` without raw HTML; code blocks, code spans, autolinks and "a < b" stay as they are."""
    if "<" not in markdown:
        return markdown
    prose: list[str] = []
    result: list[str] = []
    fence = ""
    for line in markdown.splitlines(keepends=True):
        opening = _FENCE.match(line)
        if fence or opening:
            result.append(_stripped("".join(prose)))
            prose.clear()
            result.append(line)
            if opening:
                fence = "" if opening[1] == fence else fence or opening[1]
        else:
            prose.append(line)
    return "".join(result) + _stripped("".join(prose))


def _stripped(prose: str) -> str:
    pieces = _CODE_SPAN.split(_without_silent(prose))
    return "".join(piece if piece.startswith("`") else _TAG.sub("", piece) for piece in pieces)


def _without_silent(markup: str) -> str:
    for opening, closing in (_COMMENT, *_SILENT):
        markup = _without_spans(markup, opening, closing)
    return markup


def _without_spans(markup: str, opening: str, closing: str) -> str:
    """Cut every `opening ... closing`; an opening that is never closed stays, for its text may be the content."""
    lower = markup.lower()
    if len(lower) != len(markup):  # a letter whose lower case is longer, as in Turkish, would shift every position
        lower = markup
    kept: list[str] = []
    position = 0
    while (start := lower.find(opening, position)) >= 0:
        end = lower.find(closing, start)
        if end < 0:
            break
        kept.append(markup[position:start])
        position = end + len(closing)
        if not closing.endswith(">"):
            position = max(position, markup.find(">", position) + 1)
    return "".join(kept) + markup[position:]
