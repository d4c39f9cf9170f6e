"""A whole HTML page as a tree: parsed once, measured before it is searched, and what it states of itself."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

# Pages beyond these are not searched. trafilatura recurses (Python's stack holds about 1,000 frames), looks through
# the ancestors of each element, and through the cells before each cell: one row of 100,000 cells took it 50 s.
_CHARACTERS: Final = 2_000_000
_DEPTH: Final = 250
_TOTAL_DEPTH: Final = 1_500_000
_ROW_CELLS: Final = 1_000

_TITLES: Final = "//meta[@property='og:title' or @name='twitter:title']/@content | //title | //h1"
_DESCRIPTIONS: Final = (
    "//meta[@name='description' or @property='og:description' or @name='twitter:description']/@content"
)
_JSON_LD: Final = "//script[@type='application/ld+json']"
_MOST_STATEMENTS: Final = 1_000
_WEB: Final = ("http://", "https://")
_MOST_LINKS: Final = 1_000
_MOST_PIECES: Final = 20  # of text between tags; a link has one or two
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a page says of itself: titles and descriptions as `key` writes them, and its article's text, or ""."""

    titles: frozenset[str]
    descriptions: frozenset[str]
    body: str


def parse(markup: str) -> Any:
    """Return the lxml tree of `markup`, or None where there is no element in it."""
    from lxml import etree
    from lxml.html import HTMLParser

    parser = HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False, encoding="utf-8")
    try:
        return etree.fromstring(markup.encode(), parser)
    except etree.LxmlError:
        return None


def is_too_much(markup: str, tree: Any) -> bool:
    """Tell whether a search of this page could take minutes, or more frames than Python has."""
    if len(markup) > _CHARACTERS:
        return True
    deepest, total = depths(tree)
    widest = max((len(row) for row in tree.iter("tr")), default=0)
    return deepest > _DEPTH or total > _TOTAL_DEPTH or widest > _ROW_CELLS


def depths(tree: Any) -> tuple[int, int]:
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


def text_of(element: Any) -> str:
    """Return the text in an element on one line."""
    return " ".join(" ".join(element.itertext()).split())


def key(text: str) -> str:
    """Return the words of `text` in lower case: what two writings of one title have in common."""
    return " ".join(_WORD.findall(text.lower()))


def stated(tree: Any) -> Stated:
    """Return what the page says of itself in its metadata, its headings and its JSON-LD."""
    titles = (found if isinstance(found, str) else text_of(found) for found in islice(tree.xpath(_TITLES), 20))
    return Stated(
        titles=frozenset(filter(None, map(key, titles))),
        descriptions=frozenset(filter(None, map(key, tree.xpath(_DESCRIPTIONS)))),
        body=_stated_body(tree),
    )


def anchors(tree: Any) -> list[tuple[str, str]]:
    """Return the web address and the words, as `key` writes them, of the links of the page, up to a bound."""
    shown = (anchor for anchor in tree.iter("a") if anchor.get("href", "").strip().lower().startswith(_WEB))
    return [(anchor.get("href").strip(), key(_beginning(anchor))) for anchor in islice(shown, _MOST_LINKS)]


def _beginning(anchor: Any) -> str:
    """Return the text of a link; of one that was never closed, and so holds half the page, the beginning."""
    return " ".join(islice(anchor.itertext(), _MOST_PIECES))


def within(links: Iterable[tuple[str, str]], text: str) -> tuple[str, ...]:
    """Return the addresses of those `links` whose words stand in `text`: a page's navigation is no part of it."""
    said_in = f" {key(text)} "
    return tuple(dict.fromkeys(address for address, said in links if said and f" {said} " in said_in))


def _stated_body(tree: Any) -> str:
    """Return the `articleBody` of the page's JSON-LD (schema.org), when there is exactly one."""
    bodies = {body for script in tree.xpath(_JSON_LD) for body in _bodies(script)}
    return bodies.pop() if len(bodies) == 1 else ""


def _bodies(script: Any) -> Iterator[str]:
    source = "".join(script.itertext())
    if "articleBody" not in source:
        return
    try:
        said = json.loads(source, strict=False)
    except (ValueError, RecursionError):
        return
    for statement in islice(_statements(said), _MOST_STATEMENTS):
        if isinstance(body := statement.get("articleBody"), str) and body.strip():
            yield body


def _statements(said: object) -> Iterator[dict[str, Any]]:
    """Yield the objects at the top of a JSON-LD document: one, a list of them, or those of its graph."""
    for one in said if isinstance(said, list) else [said]:
        if isinstance(one, dict):
            yield one
            graph = one.get("@graph")
            yield from (node for node in (graph if isinstance(graph, list) else []) if isinstance(node, dict))
