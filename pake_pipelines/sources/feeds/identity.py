"""Identity within a source: which key an item keeps from visit to visit."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from pake_pipelines.model.entry import Entry

# PostgreSQL indexes no key of more than 2,704 bytes; an identifier is hardly ever longer than an address
_LONGEST_KEY: Final = 1000


class Found(NamedTuple):
    """An entry whose key is not settled yet, and the identifier that its source gave it, if any."""

    identifier: str | None
    entry: Entry


def keyed(found: Sequence[Found]) -> tuple[Entry, ...]:
    """Give every entry its key: the identifier, else the link, else a hash of title and body.

    An identifier that several entries of one document carry identifies none of them: their links or titles are
    added. Entries that are the same in everything come out once.
    """
    counts = Counter(one.identifier for one in found if one.identifier)
    entries: dict[str, Entry] = {}
    for one in found:
        repeated = one.identifier is not None and counts[one.identifier] > 1
        key, problem = _key(one, repeated=repeated)
        key = _short(key)
        if key not in entries:
            entries[key] = one.entry if key == one.entry.key else _known_by(key, one.entry, problem)
    return tuple(entries.values())


def _known_by(key: str, entry: Entry, problem: str | None) -> Entry:
    return replace(entry, key=key, problems=(*entry.problems, problem) if problem else entry.problems)


def _key(found: Found, *, repeated: bool) -> tuple[str, str | None]:
    entry = found.entry
    fallback = entry.url or _digest(entry)
    if repeated:
        return f"{found.identifier}\n{_digest(entry)}", "identifier used for several items: told apart by their content"
    if found.identifier:
        return found.identifier, None
    by = "link" if entry.url else "content"
    return fallback, f"no identifier: known by its {by}"


def _short(key: str) -> str:
    encoded = key.encode()
    return key if len(encoded) <= _LONGEST_KEY else hashlib.sha256(encoded).hexdigest()


def _digest(entry: Entry) -> str:
    return hashlib.sha256(f"{entry.title}\n{entry.body}".encode("utf-8", "replace")).hexdigest()
