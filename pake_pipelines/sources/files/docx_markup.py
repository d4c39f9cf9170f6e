"""The body of a Word document as HTML: one pass over its XML, linear in its size and without recursion."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import BaseStyle

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VALUE: Final = f"{_W}val"
_PARAGRAPH: Final = f"{_W}p"
_CELL: Final = f"{_W}tc"
_OF_TABLE: Final = {f"{_W}tbl": "table", f"{_W}tr": "tr"}
_MATH_TEXT: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_TEXT: Final = frozenset({f"{_W}t", _MATH_TEXT})
_INLINE: Final = {f"{_W}br": "<br>", f"{_W}cr": "<br>", f"{_W}tab": " ", f"{_W}noBreakHyphen": "-"}
# what was deleted or moved away by a tracked change, the second form of a drawing, and what is not text
_SKIPPED: Final = frozenset(
    {f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr")}
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_HEADING_NAME: Final = re.compile(r"heading (\d)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{1,6}", re.ASCII)
_DEEPEST_HEADING: Final = 6
_BODY_TEXT: Final = 9  # the outline level that is none
_DEEPEST_LIST: Final = 9
_LONGEST_CHAIN: Final = 20
_LONGEST_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class Markup:
    """A document's HTML, empty when it has no text, and its title: the first heading, else the first paragraph."""

    html: str
    title: str | None


@dataclass(frozen=True, slots=True)
class _Look:
    """What is said of a paragraph: a heading's level (1-6), a list item's depth (1-9, 0 for none), None if nothing.

    A numbered heading is a heading.
    """

    heading: int | None = None
    item: int | None = None


_PLAIN: Final = _Look()


def markup_of(document: "Document") -> Markup:
    """Return the text of `document` as HTML: headings, paragraphs, nested lists and tables, in document order.

    Tracked insertions count, deletions do not. Text boxes come before the paragraph that holds them. Footnotes,
    headers and footers are left out.
    """
    from lxml import etree

    writer = _Writer({style.style_id: _style_look(style) for style in document.styles})
    events = etree.iterwalk(document.element.body, events=("start", "end"))
    for event, element in events:
        if event == "start" and element.tag in _SKIPPED:
            events.skip_subtree()
        elif event == "start":
            writer.start(element)
        elif element.tag not in _SKIPPED:
            writer.end(element)
    return writer.finish()


class _Writer:
    """Collects the text of open paragraphs and table cells, and writes blocks as they end.

    The cells of a table within a cell become lines of that cell.
    """

    def __init__(self, styles: Mapping[str, _Look]) -> None:
        self._styles = styles
        self._written: list[str] = []
        self._paragraphs: list[list[str]] = []
        self._cells: list[list[str]] = []
        self._depth = 0
        self._first_heading: str | None = None
        self._first_line: str | None = None

    def start(self, element: Any) -> None:
        tag = element.tag
        if tag in _TEXT:
            self._say(html.escape(element.text or ""))
        elif tag in _INLINE:
            self._say(_INLINE[tag])
        elif tag == _PARAGRAPH:
            self._paragraphs.append([])
        elif tag == _CELL:
            self._cells.append([])
        elif tag in _OF_TABLE and not self._cells:
            self._nest(0)
            self._written.append(f"<{_OF_TABLE[tag]}>")

    def end(self, element: Any) -> None:
        tag = element.tag
        if tag == _PARAGRAPH:
            self._end_paragraph(element, "".join(self._paragraphs.pop()).strip())
        elif tag == _CELL:
            self._end_cell("<br>".join(self._cells.pop()))
        elif tag in _OF_TABLE and not self._cells:
            self._written.append(f"</{_OF_TABLE[tag]}>")

    def finish(self) -> Markup:
        self._nest(0)
        return Markup("".join(self._written) if self._first_line else "", self._first_heading or self._first_line)

    def _say(self, markup: str) -> None:
        if self._paragraphs:
            self._paragraphs[-1].append(markup)

    def _end_paragraph(self, element: Any, markup: str) -> None:
        line = " ".join(html.unescape(markup.replace("<br>", " ")).split())
        if not line:
            return
        self._first_line = self._first_line or line[:_LONGEST_TITLE]
        if self._cells:
            self._cells[-1].append(markup)
            return
        look = self._look_of(element)
        self._nest(0 if look.heading else look.item or 0)
        if look.heading:
            self._first_heading = self._first_heading or line[:_LONGEST_TITLE]
            self._written.append(f"<h{look.heading}>{markup}</h{look.heading}>")
        else:
            self._written.append(markup if look.item else f"<p>{markup}</p>")

    def _end_cell(self, markup: str) -> None:
        if self._cells:
            self._cells[-1].append(markup)
        else:
            self._written.append(f"<td>{markup}</td>")

    def _nest(self, depth: int) -> None:
        """Close and open lists so that what is written next is a new item at `depth`, outside of any at 0."""
        if depth and depth <= self._depth:
            self._close(self._depth - depth)
            self._written.append("</li><li>")
        else:
            self._close(self._depth - depth)
            self._written.append("<ul><li>" * (depth - self._depth))
        self._depth = depth

    def _close(self, lists: int) -> None:
        self._written.append("</li></ul>" * lists)

    def _look_of(self, paragraph: Any) -> _Look:
        """Return what a paragraph is by its own properties, else by its style."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return _PLAIN
        style = properties.find(f"{_W}pStyle")
        of_style = self._styles.get(style.get(_VALUE), _PLAIN) if style is not None else _PLAIN
        return _merged(_own_look(properties), of_style)


def _style_look(style: "BaseStyle") -> _Look:
    """Return what paragraphs of a style are, by the style or by the nearest that it is based on."""
    look = _PLAIN
    for one in _chain(style):
        look = _merged(look, _named_look(one.name), _own_look(one.element.find(f"{_W}pPr")))
    return look


def _chain(style: "BaseStyle") -> Iterator["BaseStyle"]:
    current: BaseStyle | None = style
    for _ in range(_LONGEST_CHAIN):
        if current is None:
            return
        yield current
        current = getattr(current, "base_style", None)


def _named_look(name: str | None) -> _Look:
    if (name or "").lower() == "title":
        return _Look(heading=1)
    named = _HEADING_NAME.fullmatch(name or "")
    return _Look(heading=min(int(named[1]), _DEEPEST_HEADING)) if named else _PLAIN


def _own_look(properties: Any) -> _Look:
    """Return what paragraph properties say themselves; numbering 0 takes a paragraph out of its style's list."""
    if properties is None:
        return _PLAIN
    outline = _number(properties, "outlineLvl")
    heading = min(outline + 1, _DEEPEST_HEADING) if outline is not None and outline < _BODY_TEXT else None
    if _number(properties, "numPr", "numId") is None:
        return _Look(heading)
    listed = _number(properties, "numPr", "numId") != 0
    level = _number(properties, "numPr", "ilvl") or 0
    return _Look(heading, min(level + 1, _DEEPEST_LIST) if listed else 0)


def _number(properties: Any, *path: str) -> int | None:
    found = properties.find("/".join(f"{_W}{name}" for name in path))
    value = "" if found is None else found.get(_VALUE, "")
    return int(value) if _NUMBER.fullmatch(value) else None


def _merged(*looks: _Look) -> _Look:
    """Return what the first of `looks` that says anything says, for heading and item each."""
    heading = next((look.heading for look in looks if look.heading is not None), None)
    item = next((look.item for look in looks if look.item is not None), None)
    return _Look(heading, item)
