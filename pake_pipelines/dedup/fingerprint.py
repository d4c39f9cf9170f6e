"""Fingerprints of texts: equal for texts that a reader would call the same."""

import hashlib

from pake_pipelines.dedup.tokens import words


def content_hash(text: str) -> str:
    """SHA-256 of the words of `text`: case, markup, punctuation and white space do not count.

    Of a text without words (emoji, dashes) its visible characters count.
    """
    told = " ".join(words(text) or text.split())
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def embedding_text(title: str, text: str) -> str:
    """Return what is embedded for a document: its title, an empty line, its text."""
    return f"{title}\n\n{text}" if title else text


def embedding_key(title: str, text: str) -> str:
    """SHA-256 of what is embedded, so that equal texts share one vector."""
    return hashlib.sha256(embedding_text(title, text).encode("utf-8", "replace")).hexdigest()
