"""What kind of text a file holds: by the suffix of its name, else by its first bytes."""

import codecs
import re
from enum import StrEnum
from typing import Final

from pake_pipelines.sources.files.text import MEDIA_TYPES, suffix_of


class Kind(StrEnum):
    """The kinds of files that text is extracted from."""

    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    MARKDOWN = "markdown"
    TEXT = "text"

    @property
    def media_type(self) -> str | None:
        """The media type; None for HTML, whose bytes say their charset."""
        return None if self is Kind.HTML else MEDIA_TYPES[_SUFFIXES[self]]


_SUFFIXES: Final = {Kind.PDF: ".pdf", Kind.DOCX: ".docx", Kind.MARKDOWN: ".md", Kind.TEXT: ".txt"}
_KINDS: Final = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), Kind.HTML),
    **dict.fromkeys((".md", ".markdown"), Kind.MARKDOWN),
    ".pdf": Kind.PDF,
    ".docx": Kind.DOCX,
    ".txt": Kind.TEXT,
}
_BEGINNING: Final = 2_000
_HTML: Final = re.compile(rb"\s*<(?:!doctype|!--|\?xml|[a-z])|[^\n]*<(?:html|body|div|p)[\s>]", re.IGNORECASE)


def kind_of(name: str, body: bytes) -> Kind:
    """Return what a file is; what no suffix and no beginning tells is plain text."""
    if known := _KINDS.get(suffix_of(name)):
        return known
    if body.startswith(b"%PDF-"):
        return Kind.PDF
    if body.startswith(b"PK\x03\x04"):
        return Kind.DOCX
    beginning = body[:_BEGINNING]
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        beginning = beginning.replace(b"\0", b"")[2:]
    return Kind.HTML if _HTML.match(beginning.removeprefix(codecs.BOM_UTF8)) else Kind.TEXT
