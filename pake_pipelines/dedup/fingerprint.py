"""Fingerprints of texts: equal for texts that a reader would call the same."""

import hashlib
import re
import unicodedata
from typing import Final

_NOT_WORDS: Final = re.compile(r"[\W_]+")


def content_hash(text: str) -> str:
    """SHA-256 of the words of `text`: case, markup, punctuation and white space do not count."""
    words = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def embedding_text(title: str, text: str) -> str:
    """Return what is embedded for a document: its title, an empty line, its text."""
    return f"{title}\n\n{text}" if title else text


def embedding_key(title: str, text: str) -> str:
    """SHA-256 of what is embedded, so that equal texts share one vector."""
    return hashlib.sha256(embedding_text(title, text).encode("utf-8", "replace")).hexdigest()
