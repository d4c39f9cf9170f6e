"""Scrubbing: what no database stores and no reader sees, taken out of text from the world."""

import re
from collections.abc import Iterable
from typing import Final

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


# PostgreSQL's GIN indexes take no element of more than 2,712 bytes, and a tag is a word or two
_LONGEST_TAG: Final = 200


def scrub(text: str | None) -> str:
    """Return `text` without NUL and without lone surrogates; an empty string for None."""
    if not text or (text.isascii() and "\x00" not in text):
        return text or ""
    return _UNSTORABLE.sub("", text)


def scrub_tags(tags: Iterable[object]) -> tuple[str, ...]:
    """Return `tags` scrubbed and cut to 200 characters, without empty ones."""
    return tuple(clean[:_LONGEST_TAG] for tag in tags if (clean := scrub(str(tag)).strip()))
