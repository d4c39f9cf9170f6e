"""A look over a feed's markup before it is read: is it whole, how many items has it, may a fast reading be trusted.

A fast parser guesses where a document is damaged or unusual. This pass, by expat, knows: it sees every element, and of
the text nothing but dates.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final
from xml.parsers import expat

_DEEPEST: Final = 250
_ONCE: Final = frozenset({"title", "description", "link"})
_PLAIN_TYPES: Final = frozenset({None, "text", "html", "text/plain", "text/html"})
_XHTML_TYPES: Final = frozenset({"xhtml", "application/xhtml+xml"})
_XML_BASE: Final = "http://www.w3.org/XML/1998/namespace base"
_RSS_1: Final = "http://purl.org/rss/1.0/"
_ABOUT: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
_JUNK_AFTER_ROOT: Final = 9
# forms that leave nothing to guess: RFC 822 and 850 with a zone, ISO 8601 from the day on
_DATE: Final = re.compile(
    r"\s*(?:"
    r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}[\s-](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[\s-]\d{2}(?:\d\d)?\s+"
    r"\d{1,2}:\d\d(?::\d\d)?\s*(?:[+-]\d{4}|[A-Z]{1,4})"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?"
    r")\s*"
)


class TooDeepError(Exception):
    """The markup nests deeper than any feed does."""


class OwnEntitiesError(Exception):
    """The document declares entities."""


@dataclass(slots=True)
class Survey:
    """What the look found.

    `items` counts the item elements, whose namespace is `namespace`; `dated` and `identified` hold the numbers of those
    that state a date and an identifier. `rebased` tells of an xml:base. `odd` says why a fast reading is not to be
    trusted, `damage` what is wrong with the markup; both are None where all is well.
    """

    items: int = 0
    dated: set[int] = field(default_factory=set)
    identified: set[int] = field(default_factory=set)
    namespace: str = ""
    rebased: bool = False
    odd: str | None = None
    damage: str | None = None


def survey(document: bytes) -> Survey:
    """Look over `document`, which is UTF-8. Damage is told, not raised.

    Raises TooDeepError beyond 250 levels, and OwnEntitiesError at the first entity that the document declares.
    """
    look = _Look()
    try:
        look.parser.Parse(document, True)
        look.finish()
    except expat.ExpatError as error:
        if error.code != _JUNK_AFTER_ROOT:
            look.found.damage = look.found.odd = str(error)
    return look.found


class _Role(Enum):
    """What an element may be to us."""

    ITEM = frozenset({"item", "entry"})
    DATE = frozenset({"pubdate", "published", "issued", "date", "updated", "modified", "lastbuilddate"})
    IDENTIFIER = frozenset({"guid", "id"})
    TEXT = frozenset({"title", "description", "summary", "encoded", "content"})
    LINK = frozenset({"link"})
    AUTHOR = frozenset({"author", "creator"})
    UNREAD_TEXT = frozenset({"body", "fullitem"})


@lru_cache(maxsize=1024)
def _parted(name: str) -> tuple[str, str, _Role | None]:
    """Return an element's namespace, its local name in small letters, and its role."""
    namespace, _, local = name.rpartition(" ")
    local = local.lower()
    return namespace, local, next((role for role in _Role if local in role.value), None)


class _Look:
    """Receives expat's events: the start of every element, and its end only as a name in a list, which costs little.

    Depths count from 1; 0 means outside.
    """

    def __init__(self) -> None:
        self.found = Survey()
        self._started = 0
        self._ended: list[str] = []
        self._item_depth = 0
        self._text_depth = 0
        self._date: list[str] | None = None
        self._elsewhere: set[str] = set()
        self._authors: set[str] = set()
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._ended.append
        self.parser.EntityDeclHandler = self._entity

    def finish(self) -> None:
        """Take what the last element left."""
        if self._date is not None:
            self._take_date(self._date)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._started += 1
        depth = self._started - len(self._ended)
        if depth > _DEEPEST:
            raise TooDeepError
        if self._date is not None:
            self._take_date(self._date)
        if attributes and _XML_BASE in attributes:
            self.found.rebased = True
        if depth <= self._text_depth:
            self._text_depth = 0
        elif self._text_depth:
            self.found.odd = "markup where text is expected"
        namespace, local, role = _parted(name)
        if role is _Role.ITEM:
            self._start_item(namespace, attributes, depth)
        elif role is not None and depth == self._item_depth + 1:
            self._start_child(role, namespace, local, attributes)

    def _start_item(self, namespace: str, attributes: dict[str, str], depth: int) -> None:
        if self._item_depth and depth != self._item_depth:
            self.found.odd = "items at several depths"
        if _ABOUT in attributes:
            self.found.identified.add(self.found.items)
        self.found.items += 1
        self.found.namespace = namespace
        self._item_depth = depth
        self._elsewhere.clear()
        self._authors.clear()

    def _start_child(self, role: _Role, namespace: str, local: str, attributes: dict[str, str]) -> None:
        if role is _Role.TEXT:
            self._start_text(local, attributes)
        elif role is _Role.DATE:
            self._date = []
            self.parser.CharacterDataHandler = self._date.append
        elif role is _Role.IDENTIFIER:
            self.found.identified.add(self.found.items - 1)
        elif role is _Role.AUTHOR:
            self._start_author(namespace + local)
        elif role is _Role.UNREAD_TEXT:
            self.found.odd = f"text in <{local}>"
        if local in _ONCE:
            self._note_place(namespace, local)

    def _note_place(self, namespace: str, local: str) -> None:
        """A fast parser takes the first title it sees, be it the picture's."""
        if namespace != self.found.namespace:
            self._elsewhere.add(local)
        elif local in self._elsewhere:
            self.found.odd = f"<{local}> of another namespace before the item's own"

    def _start_text(self, local: str, attributes: dict[str, str]) -> None:
        if local == "encoded" and self.found.namespace == _RSS_1:
            self.found.odd = "full text in RSS 1.0"
        kind = attributes.get("type")
        if kind in _XHTML_TYPES and local == "content":
            return
        if kind not in _PLAIN_TYPES or attributes.get("mode") == "base64":
            self.found.odd = f"<{local}> of type {kind}"
        self._text_depth = self._item_depth + 1

    def _start_author(self, name: str) -> None:
        """A fast parser reads only the first."""
        if name in self._authors:
            self.found.odd = "several authors"
        self._authors.add(name)

    def _take_date(self, said: list[str]) -> None:
        """Judge a date; the white space that follows its element came with it."""
        self._date = self.parser.CharacterDataHandler = None
        text = "".join(said)
        if _DATE.fullmatch(text):
            self.found.dated.add(self.found.items - 1)
        elif text.strip():
            self.found.odd = "a date in an unusual form"

    def _entity(self, *_declaration: object) -> None:
        raise OwnEntitiesError
