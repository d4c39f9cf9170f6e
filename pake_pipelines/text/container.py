"""Where the text of an article stands in its page, made plain to an extractor that takes the first match."""

from typing import Any, Final

from pake_pipelines.text.page import text_of

_ENOUGH: Final = 500  # characters of a body that was not marked by mistake
_CHUNK: Final = 200  # characters in paragraphs of a part of an article
_BODY_NAMES: Final = ("body", "content", "text", "story", "article", "post")
_POSTS: Final = ("twitter-tweet", "twitter-video", "mastodon-embed", "bluesky-embed", "tiktok-embed")


def narrow(tree: Any) -> bool:
    """Leave nothing in the page but what it marks as its `articleBody` (schema.org microdata); tell whether it did."""
    body = tree.find("body")
    marked = [element for element in tree.xpath("//*[@itemprop='articleBody']") if len(text_of(element)) >= _ENOUGH]
    if body is None or len(marked) != 1:
        return False
    article = marked[0]
    article.tail = None
    for child in list(body):
        body.remove(child)
    body.text = None
    body.append(article)
    return True


def join_chunks(tree: Any) -> None:
    """Put the parts of an article that advertisements cut into sibling containers of one class back together.

    The parts are elements of one tag and class, none inside another, all in the same <article> or none.
    """
    chunks: dict[tuple[str, str], list[Any]] = {}
    for element in tree.iter("div", "section"):
        name = " ".join((element.get("class") or "").split())
        if any(part in name.lower() for part in _BODY_NAMES) and _own_paragraphs(element) >= _CHUNK:
            chunks.setdefault((element.tag, name), []).append(element)
    for parts in chunks.values():
        if len(parts) > 1 and _is_one_article(parts):
            _join(parts)
            return


def _own_paragraphs(element: Any) -> int:
    return sum(len(text_of(child)) for child in element if child.tag == "p")


def _is_one_article(parts: list[Any]) -> bool:
    inside = set(parts)
    if any(ancestor in inside for part in parts for ancestor in part.iterancestors()):
        return False
    if any(part.find(f".//{heading}") is not None for part in parts[1:] for heading in ("h1", "time")):
        return False  # each with a title or a date of its own: these are articles
    return len({next(part.iterancestors("article"), None) for part in parts}) == 1


def _join(parts: list[Any]) -> None:
    first = parts[0]
    for part in parts[1:]:
        for child in list(part):
            first.append(child)


def unwrap_posts(tree: Any) -> None:
    """Make the posts of others that an article quotes look like quotations: extractors drop what is called embedded."""
    for quote in tree.iter("blockquote"):
        if any(post in (quote.get("class") or "") for post in _POSTS):
            _forget_names(quote)
            parent = quote.getparent()
            if parent is not None and parent.tag == "div" and len(text_of(parent)) <= 1.3 * len(text_of(quote)):
                _forget_names(parent)


def _forget_names(element: Any) -> None:
    for name in ("class", "id"):
        element.attrib.pop(name, None)
