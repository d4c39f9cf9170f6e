"""A parsed HTML tree written as Markdown: headings, lists, quotes, code and paragraphs, without loss of text."""

import re
from typing import Any, Final

HEADINGS: Final = {f"h{level}": "#" * level + " " for level in range(1, 7)}
BOILERPLATE: Final = frozenset({"nav", "footer", "aside"})
_SILENT: Final = frozenset(
    {"script", "style", "noscript", "template", "head", "svg", "canvas", "iframe", "object", "embed", "audio", "video"}
    | {"button", "select", "textarea"}
)
_BLOCKS: Final = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "center", "details", "dialog", "div", "fieldset"}
    | {"figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "main", "nav", "p", "pre"}
    | {"section", "summary", "dl", "dd", "dt", "li", "ol", "ul", "table", "tbody", "tfoot", "thead", "tr", *HEADINGS}
)
_SPACE: Final = re.compile(r"\s+")
# Indentation says nothing beyond this, and without a limit hostile nesting makes the output quadratic.
_DEEPEST_INDENT: Final = 6


def to_markdown(tree: Any, leave_out: frozenset[str] = frozenset()) -> str:
    """Return the text of an lxml `tree` as Markdown, without scripts and without the elements named in `leave_out`.

    One pass over parse events: no recursion, linear in the size of the tree.
    """
    from lxml import etree

    silent = _SILENT | leave_out
    writer = _Writer()
    events = etree.iterwalk(tree, events=("start", "end"))
    for event, element in events:
        if event == "start":
            if element.tag in silent:
                events.skip_subtree()
            else:
                writer.start(element.tag)
                writer.text(element.text)
        else:
            if element.tag not in silent:
                writer.end(element.tag)
            if element is not tree:
                writer.text(element.tail)
    return writer.finish()


class _Writer:
    """Collects inline text and writes it as one block whenever a block element begins or ends."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._last_was_item = False
        self._inline: list[str] = []
        self._heading = ""
        self._items = 0
        self._marker_due = False
        self._quotes = 0
        self._code = 0

    def text(self, text: str | None) -> None:
        if text:
            self._inline.append(text if self._code else _SPACE.sub(" ", text))

    def start(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush()
            self._enter(tag)
        elif tag == "br":
            self._inline.append("\n")
        elif tag in {"td", "th"} and any(part.strip() for part in self._inline):
            self._inline.append(" | ")

    def end(self, tag: str) -> None:
        if tag not in _BLOCKS:
            return
        if tag == "tr" and "".join(self._inline).endswith(" | "):
            self._inline.pop()
        self._flush()
        self._leave(tag)

    def finish(self) -> str:
        self._flush()
        return "".join(self._written).strip()

    def _enter(self, tag: str) -> None:
        if tag in HEADINGS:
            self._heading = HEADINGS[tag]
        elif tag == "li":
            self._items += 1
            self._marker_due = True
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._code += 1

    def _leave(self, tag: str) -> None:
        if tag in HEADINGS:
            self._heading = ""
        elif tag == "li":
            self._items -= 1
            self._marker_due = False
        elif tag == "blockquote":
            self._quotes -= 1
        elif tag == "pre":
            self._code -= 1

    def _flush(self) -> None:
        text = "".join(self._inline)
        self._inline.clear()
        lines = self._code_lines(text) if self._code else self._prose_lines(text)
        if not lines:
            return
        item = self._items > 0
        separator = "\n" if item and self._last_was_item else "\n\n"
        self._written += [separator, "\n".join(lines)]
        self._last_was_item = item
        self._marker_due = False

    def _code_lines(self, text: str) -> list[str]:
        code = text.strip("\n")
        if not code.strip():
            return []
        fence = "~~~" if "```" in code else "```"
        return [fence, *code.split("\n"), fence]

    def _prose_lines(self, text: str) -> list[str]:
        text = "\n".join(line.strip() for line in text.split("\n")).strip()
        if not text:
            return []
        if self._heading:
            text = self._heading + " ".join(text.split())
        quote = "> " * min(self._quotes, _DEEPEST_INDENT)
        first, rest = self._indents()
        lines = text.split("\n")
        return [(quote + (rest if number else first) + line).rstrip() for number, line in enumerate(lines)]

    def _indents(self) -> tuple[str, str]:
        if not self._items:
            return "", ""
        outer = "  " * min(self._items - 1, _DEEPEST_INDENT)
        return outer + ("- " if self._marker_due else "  "), outer + "  "
