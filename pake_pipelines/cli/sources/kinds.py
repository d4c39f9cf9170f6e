"""What a body is when no source says so: by the suffix of its name, else by its first bytes."""

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pake_pipelines.model.entry import Parsed
from pake_pipelines.sources.protocol import Fetched

_KINDS: Final = {
    **dict.fromkeys((".xml", ".rss", ".atom", ".rdf", ".json"), "feed"),
    ".eml": "message",
    **dict.fromkeys((".html", ".htm", ".xhtml"), "page"),
    **dict.fromkeys((".txt", ".md", ".pdf", ".docx"), "file"),
}
_PAGE: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_FEED: Final = re.compile(rb"\s*(?:<|\{)")
_MESSAGE: Final = re.compile(rb"(?:From \S|[A-Za-z][A-Za-z0-9-]*:[ \t])")


def kind_of(name: str, body: bytes) -> str:
    """Return what a file is by the suffix of its name, else by its first bytes: feed, message, page or file."""
    if known := _KINDS.get(Path(name).suffix.lower()):
        return known
    start = body[:2000].removeprefix(codecs.BOM_UTF8)
    if _PAGE.match(start):
        return "page"
    if _FEED.match(start):
        return "feed"
    return "message" if _MESSAGE.match(start) else "file"


def parser_of(kind: str) -> Callable[[Fetched], Parsed]:
    """Return the function that parses bodies of `kind`; its libraries are loaded only when it is wanted."""
    if kind == "feed":
        from pake_pipelines.sources.feeds.parsing import parse_fetched

        return parse_fetched
    if kind == "message":
        from pake_pipelines.sources.mail.message import parse_message

        return parse_message
    if kind == "page":
        from pake_pipelines.sources.web.article import parse_page

        return parse_page
    from pake_pipelines.sources.files.text import parse_file

    return parse_file
