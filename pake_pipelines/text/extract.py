"""The text of an entry's body: HTML pages, HTML fragments, Markdown and plain text become clean Markdown."""

import html
import re
from functools import cache
from typing import Any, Final

from pake_pipelines.text import VERSION
from pake_pipelines.text.clean import clean_characters, clean_text
from pake_pipelines.text.markup import BOILERPLATE, to_markdown
from pake_pipelines.text.tags import strip_tags, strip_tags_from_markdown

_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_MARKDOWN_TYPES: Final = frozenset({"text/markdown", "text/x-markdown"})
_PAGE: Final = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
_MARKUP: Final = re.compile(r"</?[a-z!]", re.IGNORECASE)
_BLOCK_TAG: Final = re.compile(
    r"<(?:article|blockquote|br|center|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|tr|ul)\b", re.IGNORECASE
)
_PARSER_DEPTH: Final = 2_000  # libxml2 leaves out what is nested deeper than 2,048 elements
# Pages beyond these are converted whole. trafilatura recurses (Python's stack holds about 1,000 frames), looks through
# the ancestors of each element, and through the cells before each cell: one row of 100,000 cells took it 50 s.
_PAGE_CHARACTERS: Final = 2_000_000
_PAGE_DEPTH: Final = 250
_PAGE_TOTAL_DEPTH: Final = 1_500_000
_PAGE_ROW_CELLS: Final = 1_000
_SHORT: Final = 250  # trafilatura's own min_extracted_size: below it its answer is a guess
# What trafilatura calls the elements of its result, in the words of HTML.
_PAGE_ELEMENTS: Final = {"list": "ul", "item": "li", "quote": "blockquote", "row": "tr", "cell": "td", "lb": "br"}
_GIVES_UP: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@cache
def extractor_version() -> str:
    """Return the version of everything the result of `extract` depends on, for staleness of documents."""
    from importlib.metadata import version

    return f"text {VERSION}, trafilatura {version('trafilatura')}, lxml {version('lxml')}"


def extract(body: str, media_type: str) -> str:
    """Return the text of `body` as clean Markdown: `#` headings, `-` list items, `>` quotes, fenced code, paragraphs.

    A whole HTML page is reduced to its main content (trafilatura, fast mode). An HTML fragment, as feeds carry it, is
    content already and is converted as a whole. Markdown loses raw HTML tags; every other type is kept as plain text.
    Parameters of the media type do not matter. Raises nothing for broken markup.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind in _HTML_TYPES:
        return clean_text(_from_html(clean_characters(body)))
    if kind in _MARKDOWN_TYPES:
        return clean_text(strip_tags_from_markdown(clean_characters(body)))
    return clean_text(body)


def _from_html(markup: str) -> str:
    if not _MARKUP.search(markup):
        return html.unescape(markup)
    if _PAGE.search(markup):
        return _from_page(markup)
    if not _BLOCK_TAG.search(markup):
        # Inline tags only: the author's line breaks are the only structure there is.
        markup = markup.strip().replace("\n", "<br>")
    return _whole(markup, frozenset())


def _from_page(markup: str) -> str:
    main = _main_content(markup)
    if len(main) >= _SHORT:
        return main
    whole = _whole(markup, BOILERPLATE)
    # A short letter is kept whole; a short article among much else is what was found of it.
    return whole if not main or len(whole) <= 2 * len(main) else main


def _whole(markup: str, leave_out: frozenset[str]) -> str:
    tree = _parse(markup)
    if tree is None or _depths(tree)[0] >= _PARSER_DEPTH:
        return strip_tags(markup)
    return to_markdown(tree, leave_out)


def _main_content(markup: str) -> str:
    """Return what trafilatura takes for the main content of a page, or "" where it finds none or must not be asked."""
    import trafilatura

    tree = _parse(markup) if len(markup) <= _PAGE_CHARACTERS else None
    if tree is None or _is_too_much(tree):
        return ""
    _drop_spans(tree)
    try:
        document = trafilatura.bare_extraction(
            tree, fast=True, output_format="markdown", include_comments=False, with_metadata=False
        )
    except _GIVES_UP:
        return ""
    body = getattr(document, "body", None)
    return "" if body is None else to_markdown(_in_html(body))


def _parse(markup: str) -> Any:
    """Return the lxml tree of `markup`, or None where there is no element in it."""
    from lxml import etree
    from lxml.html import HTMLParser

    parser = HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False, encoding="utf-8")
    try:
        return etree.fromstring(markup.encode(), parser)
    except etree.LxmlError:
        return None


def _is_too_much(tree: Any) -> bool:
    deepest, total = _depths(tree)
    widest = max((len(row) for row in tree.iter("tr")), default=0)
    return deepest > _PAGE_DEPTH or total > _PAGE_TOTAL_DEPTH or widest > _PAGE_ROW_CELLS


def _depths(tree: Any) -> tuple[int, int]:
    """Return the greatest depth of an element and the sum of the depths of all."""
    from lxml import etree

    depth = deepest = total = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            depth += 1
            total += depth
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest, total


def _drop_spans(tree: Any) -> None:
    """Take away cell spans: trafilatura fills them in, and 2,000 cells that claim 1,000 x 100,000 took it minutes."""
    for cell in tree.iter("td", "th"):
        cell.attrib.pop("colspan", None)
        cell.attrib.pop("rowspan", None)


def _in_html(body: Any) -> Any:
    for element in body.iter():
        if element.tag == "head":
            element.tag = element.get("rend", "h2")
        else:
            element.tag = _PAGE_ELEMENTS.get(element.tag, element.tag)
    return body
