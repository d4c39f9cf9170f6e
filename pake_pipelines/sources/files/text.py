"""Files by type: one body becomes one entry with its text."""

import codecs
import re
from pathlib import PurePosixPath
from typing import Final

from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.sources.files.content import FileContent, first_line
from pake_pipelines.sources.protocol import Fetched
from pake_pipelines.sources.scrub import scrub

_PDF: Final = "application/pdf"
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MEDIA_TYPES: Final = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".pdf": _PDF,
    ".docx": _DOCX,
}
_HEADING: Final = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, with its dot."""
    return PurePosixPath(name).suffix.lower()


def parse_file(fetched: Fetched) -> Parsed:
    """Turn one file into its entry; the title is the file's own, else its first line, else its name.

    The entry is dated by the file when it says so believably, else by its modification time. Raises SourceError: empty
    when there is no text in a PDF or DOCX, malformed when it cannot be read, too_large when it unpacks to too much.
    """
    content = _content(fetched)
    entry = Entry(
        key=fetched.url,
        title=scrub(content.title) or PurePosixPath(fetched.url).stem,
        body=scrub(content.text),
        media_type=content.media_type,
        author=scrub(content.author) or None,
        published_at=content.published_at or fetched.modified_at,
        problems=tuple(map(scrub, content.problems)),
    )
    return Parsed((entry,))


def _content(fetched: Fetched) -> FileContent:
    match fetched.media_type or MEDIA_TYPES.get(suffix_of(fetched.url), "text/plain"):
        case "application/pdf":
            from pake_pipelines.sources.files.pdf import read_pdf

            return read_pdf(fetched.body, fetched.fetched_at)
        case media_type if media_type == _DOCX:
            from pake_pipelines.sources.files.docx import read_docx

            return read_docx(fetched.body)
        case "text/html":
            from pake_pipelines.sources.files.html import read_html

            return read_html(fetched.body)
        case media_type:
            return _read_text(fetched.body, media_type)


def _read_text(body: bytes, media_type: str) -> FileContent:
    text, repair = _decode(body)
    heading = _HEADING.search(text) if media_type == "text/markdown" else None
    title = heading[1][:200] if heading else first_line(text)
    return FileContent(text, media_type, title, problems=(repair,) if repair else ())


def _decode(body: bytes) -> tuple[str, str | None]:
    """Return the text, and what had to be done to read it."""
    charset = "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return body.decode(charset), None
    except UnicodeDecodeError:
        if charset == "utf-16":
            return body.decode(charset, "replace"), "broken UTF-16: what could not be read is replaced"
        return body.decode("cp1252", "replace"), "not UTF-8: read as Windows-1252"
