"""DOCX: the document's headings, paragraphs, lists and tables in their order, as HTML."""

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Final

from pake_pipelines.sources.files.content import ESCAPES, FileContent, believable_author, believable_title
from pake_pipelines.sources.files.docx_markup import markup_of
from pake_pipelines.sources.protocol import SourceError

if TYPE_CHECKING:
    from docx.document import Document

# four times the largest file that is read by default; XML in memory takes about ten times its size
_MOST_BYTES: Final = 64_000_000
_MOST_PARTS: Final = 10_000
# the beginning of the older container, which holds .doc files and encrypted .docx files
_COMPOUND_FILE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_docx(body: bytes) -> FileContent:
    """Return a Word document; its title is the one in its properties, else its first heading, else its first line.

    Raises SourceError: malformed when it cannot be read or needs a password, too_large when it unpacks to more than
    64 MB, empty when there is no text in it.
    """
    from docx import Document
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        _check(body)
        document = Document(BytesIO(body))
        markup = markup_of(document)
        title, author = _properties(document)
    except (zipfile.BadZipFile, OpcError, LxmlError, *ESCAPES) as error:
        raise SourceError("malformed", f"not a readable Word document: {type(error).__name__}: {error}") from error
    if not markup.html:
        raise SourceError("empty", "no text in the Word document")
    return FileContent(markup.html, "text/html", believable_title(title) or markup.title, believable_author(author))


def _check(body: bytes) -> None:
    if body.startswith(_COMPOUND_FILE):
        raise SourceError("malformed", "encrypted, or a .doc file named .docx: save it as .docx without a password")
    with zipfile.ZipFile(BytesIO(body)) as package:
        parts = package.infolist()
    # zipfile gives no part more bytes than it declares
    unpacked = sum(part.file_size for part in parts)
    if unpacked > _MOST_BYTES or len(parts) > _MOST_PARTS:
        limits = f"the limits are {_MOST_BYTES} and {_MOST_PARTS}"
        raise SourceError("too_large", f"it unpacks to {unpacked} bytes in {len(parts)} parts, {limits}")


def _properties(document: "Document") -> tuple[str | None, str | None]:
    """Return title and author; python-docx makes up properties for a document that has none."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    relations = document.part.package.rels.values() if document.part.package else ()
    if RELATIONSHIP_TYPE.CORE_PROPERTIES not in {relation.reltype for relation in relations}:
        return None, None
    return document.core_properties.title, document.core_properties.author
