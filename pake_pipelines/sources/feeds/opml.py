"""OPML: the subscription lists that feed readers exchange, in and out."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

from pake_pipelines.config.source_kinds import web_address
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.scrub import scrub, scrub_tags

# people nest folders two or three deep; each level costs every feed below it a tag
_DEEPEST: Final = 32
_LONGEST_TITLE: Final = 200
# what XML 1.0 cannot hold, escaped or not
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed of a list; `tags` are the folders and categories that it stands in, outermost first.

    `active` is false where the list holds it as a comment.
    """

    title: str
    address: str
    tags: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class SubscriptionList:
    """What a list holds; `faults` says what stands in it and is no feed that could be read."""

    feeds: tuple[Subscription, ...]
    faults: tuple[str, ...]


def read_opml(body: bytes) -> SubscriptionList:
    """Read a subscription list. Raises SourceError (malformed) when the bytes are none.

    It is read as XML and no other way: a reader that repairs would lose feeds without a word. Entities are refused.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
    from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

    reading = _Reading()
    try:
        for event, element in iterparse(io.BytesIO(body), events=("start", "end")):
            if event == "start":
                reading.start(element)
            else:
                reading.end(element)
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise SourceError("malformed", f"not a subscription list (OPML): {error}") from error
    return SubscriptionList(tuple(reading.feeds), tuple(reading.faults))


@dataclass
class _Open:
    """An outline whose end has not come yet."""

    title: str
    tags: tuple[str, ...]
    active: bool
    holds_others: bool = False


@dataclass
class _Reading:
    """Follows the elements of a list from its beginning to its end."""

    feeds: list[Subscription] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    begun: bool = False

    def start(self, element: Any) -> None:
        name = _local(element.tag)
        if not self.begun and name != "opml":
            raise SourceError("malformed", f"not a subscription list (OPML): it begins with <{name[:50]}>")
        self.begun = True
        if name != "outline":
            return
        if len(self.open) >= _DEEPEST:
            raise SourceError("malformed", f"folders are nested more than {_DEEPEST} deep")
        said = {_local(key): value.strip() for key, value in element.attrib.items()}
        title = scrub(said.get("text") or said.get("title"))[:_LONGEST_TITLE]
        outer = self.open[-1] if self.open else None
        active = said.get("iscomment", "").lower() != "true" and (outer is None or outer.active)
        if outer:
            outer.holds_others = True
        self.open.append(_Open(title, (*outer.tags, outer.title) if outer and outer.title else (), active))

    def end(self, element: Any) -> None:
        if _local(element.tag) == "outline":
            said = {_local(key): value.strip() for key, value in element.attrib.items()}
            self._close(self.open.pop(), said)
        element.clear()

    def _close(self, outline: _Open, said: Mapping[str, str]) -> None:
        if not said.get("xmlurl"):
            if not outline.holds_others:
                self.faults.append(f"{outline.title or 'an outline without a name'}: it has no feed address (xmlUrl)")
            return
        address = re.sub(r"^feed:(?://)?(?=https?:)", "", said["xmlurl"])
        address = re.sub(r"^feed://", "https://", address)
        try:
            web_address(address)
        except ValueError as error:
            self.faults.append(f"{outline.title or 'an outline without a name'}: {error}")
            return
        tags = dict.fromkeys(scrub_tags([*outline.tags, *_categories(said.get("category", ""))]))
        self.feeds.append(Subscription(outline.title or address, address, tuple(tags), outline.active))


def _local(name: object) -> str:
    """Return the name of an element or attribute without its namespace; lists spell xmlUrl in every way."""
    return str(name).rpartition("}")[2].lower()


def _categories(text: str) -> Iterator[str]:
    """Yield the parts of a category attribute: paths with slashes, separated by commas."""
    for path in text.split(","):
        yield from path.split("/")


def write_opml(title: str, feeds: Iterable[Subscription], made_at: datetime) -> bytes:
    """Return a subscription list (OPML 2.0): a feed stands in the folder of its first tag and has all as categories.

    A tag with a comma or a slash cannot be a category; the feed stands in a folder of that name as well.
    """
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _NOT_XML.sub("", title)
    etree.SubElement(head, "dateCreated").text = format_datetime(made_at)
    body = etree.SubElement(root, "body")
    folders: dict[str, Any] = {}
    for feed in feeds:
        said = _attributes(feed)
        for tag in _folders(feed.tags):
            if tag not in folders:
                folders[tag] = etree.SubElement(body, "outline", text=_NOT_XML.sub("", tag))
            etree.SubElement(folders[tag], "outline", said)
        if not feed.tags:
            etree.SubElement(body, "outline", said)
    written: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="utf-8")
    return written


def _folders(tags: tuple[str, ...]) -> list[str]:
    return [tag for position, tag in enumerate(tags) if position == 0 or not _is_category(tag)]


def _is_category(tag: str) -> bool:
    return "," not in tag and "/" not in tag


def _attributes(feed: Subscription) -> dict[str, str]:
    said = {"type": "rss", "text": feed.title, "title": feed.title, "xmlUrl": feed.address}
    if categories := ",".join(filter(_is_category, feed.tags)):
        said["category"] = categories
    if not feed.active:
        said["isComment"] = "true"
    return {name: _NOT_XML.sub("", value) for name, value in said.items()}
