"""What a file says, whatever its format, and what of its own description may be believed."""

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# what a format's library lets escape on a broken file besides its own errors
ESCAPES: Final = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError),
    *(ValueError, zlib.error),
)
_LONGEST_TITLE: Final = 200
# what word processors and typesetters write when nobody gave a title
_NO_TITLE: Final = re.compile(
    r"(?:untitled|microsoft (?:word|powerpoint|excel) -).*|document ?\d*|[\d\W_]*"
    r"|.*\.(?:docx?|dotx?|dvi|indd|odt|pdf|pptx?|qxp|rtf|tex)",
    re.IGNORECASE | re.DOTALL,
)
_NO_AUTHOR: Final = re.compile(r"unknown|anonymous|author|user|admin(?:istrator)?|[\d\W]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileContent:
    """Text in the form that `media_type` says, and what the file says of itself; `problems` are for people."""

    text: str
    media_type: str
    title: str | None = None
    author: str | None = None
    published_at: datetime | None = None
    problems: tuple[str, ...] = ()


def believable_title(claimed: str | None) -> str | None:
    """Return a file's own title as one line of at most 200 characters, None when a program made it up."""
    title = " ".join((claimed or "").split())
    return None if _NO_TITLE.fullmatch(title) else title[:_LONGEST_TITLE]


def believable_author(claimed: str | None) -> str | None:
    """Return a file's own author, None when there is none or a program made it up."""
    author = " ".join((claimed or "").split())
    return None if _NO_AUTHOR.fullmatch(author) else author[:_LONGEST_TITLE]


def first_line(text: str) -> str | None:
    """Return the first line with anything to read in it, cut to 200 characters."""
    lines = (line.strip() for line in text.splitlines())
    return next((line[:_LONGEST_TITLE] for line in lines if any(map(str.isalnum, line))), None)
