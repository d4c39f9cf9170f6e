"""The text of an entry's body: HTML pages, HTML fragments, Markdown and plain text become clean Markdown."""

import html
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from pake_pipelines.text import VERSION
from pake_pipelines.text.clean import clean_characters, clean_text
from pake_pipelines.text.main_content import main_content
from pake_pipelines.text.markup import BOILERPLATE, to_markdown
from pake_pipelines.text.mojibake import repair_mojibake
from pake_pipelines.text.page import anchors, depths, is_too_much, parse, within
from pake_pipelines.text.tags import strip_tags, strip_tags_from_markdown

_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_MARKDOWN_TYPES: Final = frozenset({"text/markdown", "text/x-markdown"})
_PAGE: Final = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
_MARKUP: Final = re.compile(r"</?[a-z!]", re.IGNORECASE)
_BLOCK_TAG: Final = re.compile(
    r"<(?:article|blockquote|br|center|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|tr|ul)\b", re.IGNORECASE
)
_PARSER_DEPTH: Final = 2_000  # libxml2 leaves out what is nested deeper than 2,048 elements
_SHORT: Final = 250  # trafilatura's own min_extracted_size: below it its answer is a guess


@dataclass(frozen=True, slots=True)
class Extracted:
    """Clean Markdown, for people what had to be done otherwise than usual to get it, and the addresses it links to.

    `links` is None where all links of the markup are the text's: only whole pages have others.
    """

    text: str
    problems: tuple[str, ...] = ()
    links: tuple[str, ...] | None = None


@cache
def extractor_version() -> str:
    """Return the version of everything the result of `extract` depends on, for staleness of documents."""
    from importlib.metadata import version

    return f"text {VERSION}, trafilatura {version('trafilatura')}, lxml {version('lxml')}"


def extract(body: str, media_type: str) -> str:
    """Return the text of `body` as clean Markdown: `#` headings, `-` list items, `>` quotes, fenced code, paragraphs.

    A whole HTML page is reduced to its main content (trafilatura, fast mode). An HTML fragment, as feeds carry it, is
    content already and is converted as a whole. Markdown loses raw HTML tags; every other type is kept as plain text.
    Parameters of the media type do not matter. UTF-8 that was read as Windows-1252 is read again. Raises nothing for
    broken markup. A page of hostile markup may take long and much memory: the pipeline bounds both.
    """
    body = repair_mojibake(body)
    if is_page(body, media_type):
        return extract_page(body).text
    kind = _kind(media_type)
    if kind in _HTML_TYPES:
        return clean_text(_from_fragment(clean_characters(body)))
    if kind in _MARKDOWN_TYPES:
        return clean_text(strip_tags_from_markdown(clean_characters(body)))
    return clean_text(body)


def is_page(body: str, media_type: str) -> bool:
    """Tell whether `body` is a whole HTML page, whose main content must be searched for."""
    return _kind(media_type) in _HTML_TYPES and _PAGE.search(body) is not None


def extract_page(markup: str) -> Extracted:
    """Return the main content of a whole HTML page; one that is too large or too deep to be searched, whole."""
    markup = clean_characters(markup)
    tree = parse(markup)
    if tree is None or is_too_much(markup, tree):
        return Extracted(clean_text(_whole(markup, BOILERPLATE)), ("too large or too deep to search: converted whole",))
    links = anchors(tree)
    main = clean_text(main_content(tree))
    if len(main) < _SHORT:
        whole = clean_text(_whole(markup, BOILERPLATE))
        # A short letter is kept whole; a short article among much else is what was found of it.
        main = whole if not main or len(whole) <= 2 * len(main) else main
    return Extracted(main, links=within(links, main))


def strip_page(markup: str) -> str:
    """Return all the text of a page without its tags, in one linear pass: for when nothing else may be done."""
    return clean_text(strip_tags(clean_characters(markup)))


def _kind(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _from_fragment(markup: str) -> str:
    if not _MARKUP.search(markup):
        return html.unescape(markup)
    if not _BLOCK_TAG.search(markup):
        # Inline tags only: the author's line breaks are the only structure there is.
        markup = markup.strip().replace("\n", "<br>")
    return _whole(markup, frozenset())


def _whole(markup: str, leave_out: frozenset[str]) -> str:
    tree = parse(markup)
    if tree is None or depths(tree)[0] >= _PARSER_DEPTH:
        return strip_tags(markup)
    return to_markdown(tree, leave_out)
