"""The first and last lines of an extracted article that belong to its page: title, credits, calls, copyright."""

from typing import Any, Final

from pake_pipelines.text.page import Stated, key, text_of
from pake_pipelines.text.wording import LABEL, LAST_LINE

_FIRST_LINES: Final = 4
_TITLE: Final = 15  # characters of a title that is told from a word in it
_LONGEST_LAST_LINE: Final = 400
_MOST_REMOVED: Final = 0.3


def trim(body: Any, page: Stated) -> None:
    """Take from an extracted `body`, in place, the lines at its edges that are the page's and not the article's.

    At the beginning: the title, which documents keep beside their text, and a description set as a heading. At the
    end: lines that only say who wrote or owns the article, where to follow it and what to read next, and headings
    that nothing comes after; never more than 30 % of the text.
    """
    _trim_beginning(body, page)
    _trim_end(body)


def _trim_beginning(body: Any, page: Stated) -> None:
    for element in list(body)[:_FIRST_LINES]:
        line = key(text_of(element))
        if line and not _is_title(line, page) and not (element.tag == "head" and _is_description(line, page)):
            return
        if len(body) > 1:
            body.remove(element)


def _is_title(line: str, page: Stated) -> bool:
    """Tell whether a line is one of the titles, or the longer part of one that also names the site."""
    if line in page.titles:
        return True
    return any(
        (len(line) >= _TITLE and (title.startswith(line) or title.endswith(line)))
        or (len(title) >= _TITLE and line.startswith(title) and len(line) < 1.3 * len(title))
        for title in page.titles
    )


def _is_description(line: str, page: Stated) -> bool:
    return len(line) >= _TITLE and any(description.startswith(line) for description in page.descriptions)


def _trim_end(body: Any) -> None:
    room = _MOST_REMOVED * len(text_of(body))
    while len(body) > 1:
        last = body[-1]
        text = text_of(last)
        room -= len(text)
        if room < 0 or not _is_last_line(last, text):
            return
        body.remove(last)


def _is_last_line(element: Any, text: str) -> bool:
    if not text or element.tag == "head":
        return True
    return len(text) <= _LONGEST_LAST_LINE and bool(LAST_LINE.match(text) or _is_label(text))


def _is_label(text: str) -> bool:
    """Tell whether a line says what to read next: words like "Related: ..." before one headline."""
    return len(text) <= 120 and ":" in text[:40] and LABEL.match(text) is not None
