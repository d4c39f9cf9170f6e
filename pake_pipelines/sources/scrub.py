"""Scrubbing: what no database stores and no reader sees, taken out of text from the world."""

import re
from typing import Final

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def scrub(text: str | None) -> str:
    """Return `text` without NUL and without lone surrogates; an empty string for None."""
    return _UNSTORABLE.sub("", text or "")
