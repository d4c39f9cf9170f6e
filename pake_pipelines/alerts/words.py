"""A report's Markdown as plain words: most channels show neither tables nor marks of Markdown."""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Final

# left to right, so that an escaped mark is the mark itself: \x, [text](address) and **; code keeps its backticks
_MARK: Final = re.compile(r"\\(?P<plain>.)|\[(?P<text>(?:\\.|[^\]\\])*)\]\((?P<address>https?://[^\s)]+)\)|\*\*")
# what an item of a list is about, where nothing parts it from what is said of it
_ABOUT: Final = re.compile(r"^(- \*\*(?:\\.|[^*\\])*[^*\\.:?!])\*\* (?!\()")
_BETWEEN: Final = re.compile(r"(?<!\\)\|")
_OWN_LINE: Final = ("- ", "> ", "#", "|")


def words(markdown: str) -> str:
    """Return our own `markdown` as text: a line for each row of a table, what was escaped as it was meant."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_lines(markdown.splitlines()))).strip()


def _lines(lines: Sequence[str]) -> Iterator[str]:
    paragraph: list[str] = []
    table: list[str] = []
    for line in [*lines, ""]:
        if paragraph and (not line or line.startswith(_OWN_LINE)):
            yield " ".join(paragraph)
            paragraph = []
        if table and not line.startswith("|"):
            yield from _rows(*table)
            table = []
        if line.startswith("|"):
            table.append(line)
        elif line.startswith("#"):
            yield _plain(line.lstrip("# ")).upper()
        elif not line or line.startswith(_OWN_LINE):
            yield _plain(_ABOUT.sub(r"\1:** ", line.removeprefix("> ")))
        else:
            paragraph.append(_plain(line))


def _rows(heads: str, rule: str = "", *rows: str) -> Iterator[str]:
    names_first = _cells(rule)[0].endswith(":")
    for row in rows:
        yield _row(_cells(heads), _cells(row), names_first=names_first)


def _row(heads: Sequence[str], cells: Sequence[str], *, names_first: bool) -> str:
    """Return a row as a line; numbers have the names of their columns, as far as there are several."""
    first, *others = ((head, cell) for head, cell in zip(heads, cells, strict=False))
    told = [(head, cell) for head, cell in others if cell not in {"", "-"}]
    if names_first:
        return "- " + "; ".join(f"{head}: {cell}" for head, cell in [first, *told])
    if first[0] and sum(map(bool, heads)) > 2:  # a name and a value need no headings
        return "; ".join([f"- {first[1]}", *(f"{head}: {cell}" if head else cell for head, cell in told)])
    return f"- {first[1]}" + (": " if told else "") + "; ".join(cell for _, cell in told)


def _cells(line: str) -> list[str]:
    return [_plain(cell.strip()) for cell in _BETWEEN.split(line.strip()[1:-1])]


def _plain(text: str) -> str:
    return html.unescape(_MARK.sub(_meant, text))


def _meant(match: re.Match[str]) -> str:
    if match["address"]:
        return f"{_plain(match['text'])} ({match['address']})"
    return match["plain"] or ""
