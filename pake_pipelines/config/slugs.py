"""Slugs for sources that are named by people: short, readable, and not taken yet."""

import re
import unicodedata
from collections.abc import Container
from itertools import count
from typing import Final
from urllib.parse import urlsplit

_LONGEST: Final = 62


def slug_for(name: str, address: str, taken: Container[str]) -> str:
    """Return a slug made of `name`, or of the host of `address` where no letter of the name is Latin.

    A number is added where `taken` holds the slug already.
    """
    wanted = _slug(name) or _slug(urlsplit(address).hostname or "") or "source"
    if wanted not in taken:
        return wanted
    numbered = (f"{wanted[: _LONGEST - len(str(number)) - 1].rstrip('-')}-{number}" for number in count(2))
    return next(slug for slug in numbered if slug not in taken)


def _slug(text: str) -> str:
    latin = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:_LONGEST].rstrip("-")
