"""What stands among the paragraphs of an article and is none of them, taken out of a page before it is searched.

Links to other articles, calls to subscribe, cards, and what the page itself hides. Judged by how much of an element is
link, by the words that such elements begin with, and by the class names that themes of all kinds share.
"""

import re
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from pake_pipelines.text.page import text_of
from pake_pipelines.text.wording import CALL, LABEL, ONLY_LABEL

# parts of class names of themes, as between hyphens: "article-promo" has one, "promotion-history" none
_NAME: Final = re.compile(
    r"(?:^|[_-])(?:ad-slot|advert|advertisement|also-?read|comment-?count|copyright|cta|disqus|donate|follow-us|most-?read"
    r"|newsletter|print-tools|promos?|read-?more|recirc|recirculation|recommendations|recommended|see-?also|share-tools"
    r"|sign-?up|sponsored|subscribe|toolbar|trending)(?:$|[_-])",
    re.IGNORECASE,
)
# names that say what an article is about, or in which state it is
_ABOUT: Final = ("category-", "format-", "has-", "is-", "no-", "page-", "post-", "status-", "tag-", "type-", "with-")
_HIDING: Final = frozenset({"hide", "hidden", "noprint", "screen-reader-text", "sr-only", "visually-hidden"})
_SHOWN_ON_WIDE_SCREENS: Final = re.compile(r"(?:sm|md|lg|xl):(?:block|flex|grid|inline|not-sr-only|table|visible)")
_BLOCKS: Final = frozenset(
    {"article", "aside", "blockquote", "div", "dl", "figure", "footer", "form", "header", "main", "nav", "ol", "p"}
    | {"pre", "section", "table", "ul", "h2", "h3", "h4", "h5", "h6"}
)
_LINES: Final = frozenset({"p", "div", "h2", "h3", "h4", "h5", "h6"})
_SUSPECTS: Final = (*_LINES, "section", "aside", "li", "article", "span", "ul", "ol", "form", "figure")
_LONGEST_LINE: Final = 400
_LONGEST_CALL: Final = 250
_FEWEST_WORDS: Final = 4  # of a headline; a link of fewer words is a name or a source
_NEAR: Final = 50  # siblings: with all of them, a page of lists takes quadratic time
_PROSE: Final = 80  # characters of a paragraph that is not a caption, a label or a headline
# What holds more of the page's paragraphs than this is the article, whatever its class is called.
_ARTICLE_SHARE: Final = 0.25


def prune(tree: Any) -> None:
    """Take links to other articles, calls to subscribe, cards and hidden elements out of `tree`, in place.

    Linear in the sum of the depths of the tree.
    """
    share = _ARTICLE_SHARE * max(1, sum(map(_length, tree.iter("p"))))
    doomed: list[Any] = []
    headlines: list[Any] = []
    for element in tree.iter(*_SUSPECTS):
        if _is_apart(element, share) or _is_elsewhere(element):
            doomed.append(element)
        elif element.tag in _LINES and (line := _line(element)):
            if ONLY_LABEL.fullmatch(line):
                doomed.append(element)
                if (follower := element.getnext()) is not None and _link_share(follower) >= 0.5:
                    doomed.append(follower)
            elif _calls(line) or (LABEL.match(line) and _link_share(element) >= 0.5):
                doomed.append(element)
            elif element.tag in {"p", "div"} and len(line.split()) >= _FEWEST_WORDS and _link_share(element) >= 0.9:
                headlines.append(element)
    # a page with more headlines than paragraphs is about them
    if len(headlines) <= sum(map(_is_prose, tree.iter("p"))):
        doomed += headlines
    for element in doomed:
        drop(element)


def drop(element: Any) -> None:
    """Remove an element; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = f"{parent.text or ''} {element.tail}"
        else:
            before.tail = f"{before.tail or ''} {element.tail}"
    parent.remove(element)


def _is_apart(element: Any, share: float) -> bool:
    """Tell whether the page hides an element or names it as none of the article."""
    if element.get("hidden") is None and not _is_named_apart(element.get("class") or "", element.get("id") or ""):
        return False
    return not _has_article(element, share)


def _has_article(element: Any, share: float) -> bool:
    """Tell whether an element holds a title, or paragraphs of `share` characters."""
    if element.find(".//h1") is not None:
        return True
    room = share
    for paragraph in element.iter("p"):
        room -= _length(paragraph)
        if room <= 0:  # the rest need not be counted: of nested elements each would count it again
            return True
    return False


@lru_cache(maxsize=4096)
def _is_named_apart(classes: str, identity: str) -> bool:
    names = classes.split()
    if not _HIDING.isdisjoint(names) and not any(map(_SHOWN_ON_WIDE_SCREENS.fullmatch, names)):
        return True
    return any(_NAME.search(name) for name in (*names, identity) if not name.startswith(_ABOUT))


def _is_elsewhere(element: Any) -> bool:
    """Tell whether an element is a card or a list that leads to other articles."""
    if element.tag == "article":
        is_inside = next(element.iterancestors("article"), None) is not None
        return is_inside and element.find(".//article") is None and _link_share(element) >= 0.6
    return element.tag in {"ul", "ol"} and _ends_in_links(element)


def _line(element: Any) -> str:
    """Return the text of an element that holds one line, "" for any other."""
    if any(inner.tag in _BLOCKS for inner in element.iterdescendants()):
        return ""
    text = text_of(element)
    return text if len(text) <= _LONGEST_LINE else ""


def _calls(line: str) -> bool:
    return len(line) <= _LONGEST_CALL and CALL.search(line) is not None


def _ends_in_links(listed: Any) -> bool:
    """Tell whether a list of headlines, all links, stands behind the last paragraph of an article."""
    parent = listed.getparent()
    if parent is None or len(listed) < 2 or _link_share(listed) < 0.8:
        return False
    if len(text_of(listed).split()) < _FEWEST_WORDS * len(listed):
        return False
    behind, before = listed.itersiblings(), listed.itersiblings(preceding=True)
    if any(map(_is_prose, islice(behind, _NEAR))):
        return False
    return sum(map(_is_prose, islice(before, _NEAR))) >= 3


def _is_prose(element: Any) -> bool:
    return element.tag == "p" and _length(element) >= _PROSE


def _length(element: Any) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def _link_share(element: Any) -> float:
    """Return how much of an element's text is link, in [0, 1]; 0 where there is no text."""
    linked = sum(_length(link) for link in element.iter("a") if link.get("href"))
    return min(1.0, linked / _length(element)) if linked else 0.0
