"""Addresses of items, and the other spellings under which one page is found."""

import random
import re
from typing import Final
from urllib.parse import urlsplit

from benchmarks.near_copies.vocabulary import HOSTS

_HOSTS: Final = tuple(f"{name}.{end}" for name in HOSTS for end in ("example", "example.org", "example.co.uk"))
_TRACKING: Final = ("utm_source=rss&utm_medium=feed", "utm_campaign=daily", "fbclid=IwAR0x{number}", "gclid={number}")
_UNKNOWN: Final = 0.1


def address(title: str, chance: random.Random, *, always: bool = False) -> str | None:
    """Return a new address for `title`; without `always`, None for one item in ten."""
    if not always and chance.random() < _UNKNOWN:
        return None
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "item"
    number = chance.randrange(10**9)
    place = chance.choice(
        (f"2026/{chance.randint(1, 11):02d}/{slug}-{number}", f"news/{number}", f"article/{slug}-{number}")
    )
    return f"https://{chance.choice(('', 'www.'))}{chance.choice(_HOSTS)}/{place}"


def respelled(url: str | None, chance: random.Random) -> str | None:
    """Return another address of the page at `url`: tracked, for telephones, accelerated, insecure, with a fragment."""
    if url is None:
        return None
    parts = urlsplit(url)
    bare = parts.netloc.removeprefix("www.")
    tracking = chance.choice(_TRACKING).format(number=chance.randrange(10**8))
    return chance.choice(
        (
            f"{url}?{tracking}",
            f"http://{parts.netloc}{parts.path}",
            f"https://m.{bare}{parts.path}",
            f"https://www.{bare}{parts.path}/",
            f"{url}/amp",
            f"https://amp.{bare}{parts.path}",
            f"{url}#comments",
            f"http://www.{bare}{parts.path}/?{tracking}",
        )
    )
