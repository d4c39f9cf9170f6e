"""The main content of a whole HTML page: found by trafilatura, in a page prepared for it, and trimmed at its edges."""

import html
from typing import Any, Final

from pake_pipelines.text import boilerplate, container, edges, page
from pake_pipelines.text.markup import to_markdown
from pake_pipelines.text.page import Stated, text_of

# What trafilatura calls the elements of its result, in the words of HTML.
_IN_HTML: Final = {"list": "ul", "item": "li", "quote": "blockquote", "row": "tr", "cell": "td", "lb": "br"}
_GIVES_UP: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_ENOUGH: Final = 250  # characters: trafilatura's own min_extracted_size; below it its answer is a guess
_PROSE_LINE: Final = 60  # characters of a line that no menu has
_PROSE_SHARE: Final = 0.5


def main_content(tree: Any) -> str:
    """Return the main content of a parsed page as Markdown, or "" where none is found; `tree` is used up.

    Not for pages that are too much (`page.is_too_much`). The same whatever was read before: trafilatura's cache of
    what it has seen (its `deduplicate`) stays off.
    """
    said = page.stated(tree)
    _prepare(tree)
    body = _found(tree)
    if body is None:
        return _stated(said)
    edges.trim(body, said)
    return _stated(said) if _is_teaser(body, said) else to_markdown(_in_html(body))


def _prepare(tree: Any) -> None:
    _drop_silent(tree)
    _drop_spans(tree)
    container.unwrap_posts(tree)
    boilerplate.prune(tree)
    container.join_chunks(tree)
    container.narrow(tree)


def _drop_silent(tree: Any) -> None:
    """Take away what has no text of the article, which trafilatura copies several times; it reads JSON-LD."""
    for element in tree.xpath("//style | //svg | //template | //script[not(@type='application/ld+json')]"):
        boilerplate.drop(element)


def _drop_spans(tree: Any) -> None:
    """Take away cell spans: trafilatura fills them in, and 2,000 cells that claim 1,000 x 100,000 took it minutes."""
    for cell in tree.iter("td", "th"):
        cell.attrib.pop("colspan", None)
        cell.attrib.pop("rowspan", None)


def _found(tree: Any) -> Any:
    """Return what trafilatura finds; where that is no prose, what it finds in its recall mode, if that is prose."""
    body = _searched(tree, recall=False)
    if body is None or _is_prose(body):
        return body
    other = _searched(tree, recall=True)
    return other if other is not None and _is_prose(other) else body


def _searched(tree: Any, *, recall: bool) -> Any:
    import trafilatura

    try:
        found = trafilatura.bare_extraction(
            tree,
            fast=True,
            favor_recall=recall,
            output_format="markdown",
            include_comments=False,
            with_metadata=False,
        )
    except _GIVES_UP:
        return None
    return getattr(found, "body", None)


def _is_prose(body: Any) -> bool:
    """Tell whether most of a text stands in lines that are longer than those of a menu."""
    lines = [line for block in body for line in "".join(block.itertext()).split("\n")]
    lengths = [len(line.strip()) for line in lines]
    return sum(length for length in lengths if length >= _PROSE_LINE) >= _PROSE_SHARE * sum(lengths)


def _stated(said: Stated) -> str:
    """Return the text that the page's JSON-LD holds; some pages put markup there, others write paragraphs."""
    tree = page.parse(said.body) if "<" in said.body else None
    return html.unescape(said.body) if tree is None else to_markdown(tree)


def _is_teaser(body: Any, said: Stated) -> bool:
    """Tell whether the page shows less than half of the article that its JSON-LD holds."""
    return len(said.body) >= 2 * max(_ENOUGH, len(text_of(body)))


def _in_html(body: Any) -> Any:
    for element in body.iter():
        if element.tag == "head":
            element.tag = element.get("rend", "h2")
        elif element.tag in _IN_HTML:
            element.tag = _IN_HTML[element.tag]
    return body
