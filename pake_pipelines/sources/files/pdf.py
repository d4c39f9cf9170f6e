"""PDF: the text of its pages in order, and what its metadata says believably."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Final, TypeVar

from pake_pipelines.sources.files.content import (
    ESCAPES,
    FileContent,
    believable_author,
    believable_title,
    first_line,
)
from pake_pipelines.sources.protocol import SourceError

if TYPE_CHECKING:
    from pypdf import Configuration, DocumentInformation, PdfReader

# six times what the documents stage keeps by default: a longer book is cut, not read for minutes
_ENOUGH_CHARACTERS: Final = 300_000
_MOST_PAGES: Final = 1_000
# of one stream, unpacked: the text of a page takes about twelve times the size of its stream in memory
_MOST_STREAM_BYTES: Final = 16_000_000
_FIRST_PDF: Final = datetime(1993, 1, 1, tzinfo=UTC)
_MOST_PROBLEMS: Final = 5
_LONGEST_PROBLEM: Final = 200
_WORD: Final = re.compile(r"[^\W\d_]+")
_BROKEN_WORD: Final = re.compile(r"\b([^\W\d_]+)-\n([^\W\d_]+)\b")
_Read = TypeVar("_Read")


def read_pdf(body: bytes, read_at: datetime) -> FileContent:
    """Return the text of a PDF, dated by its metadata when that lies between 1993 and a day after `read_at`.

    At most 1,000 pages are read and no more once there are 300,000 characters; a broken page costs that page. Raises
    SourceError: malformed when it cannot be read or needs a password, empty when there is no text on its pages.
    """
    from pypdf import apply_configuration

    problems: list[str] = []
    with apply_configuration(_limits()), _pypdf_warnings() as repairs:
        reader = _guarded(lambda: _opened(body))
        text = join_broken_words("\n\n".join(_pages(reader, problems)))
        title = _about(lambda: _metadata(reader).title, problems)
        author = _about(lambda: _metadata(reader).author, problems)
        created = _about(lambda: _metadata(reader).creation_date, problems)
    return FileContent(
        text,
        "text/plain",
        # a broken PDF may have anything for a title
        believable_title(title if isinstance(title, str) else None) or first_line(text),
        believable_author(author),
        _believable_date(created, read_at),
        tuple([*problems, *repairs][:_MOST_PROBLEMS]),
    )


def join_broken_words(text: str) -> str:
    """Join what a hyphen breaks at the end of a line into the word that the text has elsewhere, and only then.

    "inter-/national" is joined where "international" is read, too; "well-/known" stays what it is.
    """
    words = {word.lower() for word in _WORD.findall(text)}

    def join(broken: re.Match[str]) -> str:
        joined = broken[1] + broken[2]
        return joined if joined.lower() in words else broken[0]

    return _BROKEN_WORD.sub(join, text)


def _guarded(read: Callable[[], _Read]) -> _Read:
    from pypdf.errors import DependencyError, PyPdfError

    try:
        return read()
    except (PyPdfError, DependencyError, *ESCAPES) as error:
        raise SourceError("malformed", f"not a readable PDF: {type(error).__name__}: {error}") from error


def _limits() -> "Configuration":
    from pypdf import Configuration

    return Configuration(
        array_based_stream_maximum_output_length=_MOST_STREAM_BYTES,
        lzw_maximum_output_length=_MOST_STREAM_BYTES,
        run_length_maximum_output_length=_MOST_STREAM_BYTES,
        zlib_maximum_output_length=_MOST_STREAM_BYTES,
    )


def _opened(body: bytes) -> "PdfReader":
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(BytesIO(body))
    # many a PDF is encrypted with an empty password, only to forbid printing
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise SourceError("malformed", "the PDF is encrypted: save it without a password")
    return reader


def _pages(reader: "PdfReader", problems: list[str]) -> list[str]:
    """Return the text of the pages that have any, in order, and say in `problems` what is missing."""
    total = _guarded(lambda: len(reader.pages))
    texts: list[str] = []
    broken: list[str] = []
    read = 0
    for read in range(1, min(total, _MOST_PAGES) + 1):
        try:
            texts.append(_guarded(partial(_page_text, reader, read - 1)))
        except SourceError as error:
            broken.append(f"page {read}: {error}")
        if sum(map(len, texts)) >= _ENOUGH_CHARACTERS:
            break
    if broken and not any(texts):
        raise SourceError("malformed", broken[0])
    if not any(texts):
        raise SourceError("empty", f"no text on its {read} pages: pictures of text need text recognition first")
    problems += broken if read == total else [f"the first {read} of {total} pages were read", *broken]
    return [text for text in texts if text]


def _metadata(reader: "PdfReader") -> "DocumentInformation":
    from pypdf import DocumentInformation

    return reader.metadata or DocumentInformation()


def _about(read: Callable[[], _Read], problems: list[str]) -> _Read | None:
    """Return one thing that the metadata says; that it cannot be read costs nothing else."""
    try:
        return _guarded(read)
    except SourceError as error:
        problems.append(f"its metadata: {error}")
        return None


def _page_text(reader: "PdfReader", number: int) -> str:
    return reader.pages[number].extract_text().strip()


def _believable_date(created: datetime | None, read_at: datetime) -> datetime | None:
    if created is None:
        return None
    aware = created if created.tzinfo else created.replace(tzinfo=UTC)
    return aware if _FIRST_PDF <= aware <= read_at + timedelta(days=1) else None


@contextmanager
def _pypdf_warnings() -> Iterator[list[str]]:
    """Collect what pypdf says about the repairs it makes; its log would name no file."""
    said: list[str] = []
    logger = logging.getLogger("pypdf")
    collector, propagate = _Collector(said), logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate


class _Collector(logging.Handler):
    """Keeps the messages that are logged, up to a bound: a broken file may cause one for each of its objects."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()[:_LONGEST_PROBLEM]
        if len(self._messages) < _MOST_PROBLEMS and message not in self._messages:
            self._messages.append(message)
