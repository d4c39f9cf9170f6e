"""What has changed in a folder since it was read last: decided from a listing and from what is remembered of it."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.sources.files.listing import FileSeen, Listing
from pake_pipelines.sources.files.text import MEDIA_TYPES, suffix_of
from pake_pipelines.sources.protocol import Cursor, KnownBody

# whoever writes a file in pieces writes the next piece sooner than this
SETTLED_AFTER: Final = timedelta(seconds=3)

Stamp = tuple[int, int, str]
"""Modification time (ns) and size of a file, and the SHA-256 that it is known by."""

Touched = dict[str, Stamp]
"""The files that were read again and found to hold what is known of them, as they were then."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a listing tells against what is known.

    `new` and `changed` are files to be read, `vanished` names that are not there any more. A vanished name in `waiting`
    may be one of the files that are still being written: whether it is gone or renamed is for the next visit to say.
    `touched` is what remains true of the touched files that were remembered.
    """

    new: tuple[FileSeen, ...]
    changed: tuple[FileSeen, ...]
    vanished: tuple[str, ...]
    waiting: frozenset[str]
    touched: Touched

    @property
    def to_read(self) -> list[FileSeen]:
        """New and changed files by name."""
        return sorted((*self.new, *self.changed), key=lambda file: file.name)


def compare(listing: Listing, known: Mapping[str, KnownBody], touched: Touched, now: datetime) -> Changes:
    """Compare what is there with what is `known`; a file modified within 3 s of `now` is left for the next visit."""
    settled = [file for file in listing.files if abs(now - file.modified_at) >= SETTLED_AFTER]
    present = {file.name for file in listing.files} | {refused.name for refused in listing.refused}
    hidden = tuple(f"{directory}/" for directory in listing.unlisted)
    vanished = tuple(name for name in sorted(known) if name not in present and not name.startswith(hidden))
    unsettled_sizes = {file.size for file in set(listing.files) - set(settled) if file.name not in known}
    differing = [file for file in settled if file.name in known and _differs(file, known[file.name])]
    stamps = {file.name: stamp(file, known[file.name]) for file in differing}
    return Changes(
        new=tuple(file for file in settled if file.name not in known),
        changed=tuple(file for file in differing if touched.get(file.name) != stamps[file.name]),
        vanished=vanished,
        waiting=frozenset(name for name in vanished if known[name].size in unsettled_sizes),
        touched={name: known_as for name, known_as in stamps.items() if touched.get(name) == known_as},
    )


def may_be_renamed(changes: Changes, known: Mapping[str, KnownBody]) -> list[FileSeen]:
    """Return the new files that have the size of a vanished one."""
    sizes = {known[name].size for name in changes.vanished}
    return [file for file in changes.new if file.size in sizes]


def renames(vanished: Iterable[str], known: Mapping[str, KnownBody], hashes: Mapping[str, str]) -> dict[str, str]:
    """Pair vanished names with new ones of the same SHA-256 and media type, one to one and in order.

    `hashes` has the SHA-256 of new names. Returns the old name by the new one.
    """
    candidates: defaultdict[tuple[str, str | None], deque[str]] = defaultdict(deque)
    for name in sorted(hashes):
        candidates[_identity(name, hashes[name])].append(name)
    found = ((was, candidates[_identity(was, known[was].sha256)]) for was in vanished)
    return {names.popleft(): was for was, names in found if names}


def touched_too(changes: Changes, renamed: Mapping[str, str], known: Mapping[str, KnownBody]) -> Touched:
    """Return the renamed files that also have another modification time than was known of them."""
    before = {file: known[renamed[file.name]] for file in changes.new if file.name in renamed}
    return {file.name: stamp(file, body) for file, body in before.items() if _differs(file, body)}


def looks_unmounted(listing: Listing, known: Mapping[str, KnownBody]) -> bool:
    """Tell whether nothing readable is left of a folder that had files: a disk that is not mounted looks like that."""
    return bool(known) and not (listing.files or listing.refused or listing.unlisted)


def touched_in(cursor: Cursor) -> Touched:
    """Return the touched files that a cursor remembers."""
    return {name: tuple(known_as) for name, known_as in cursor.get("touched", {}).items()}


def cursor_of(touched: Touched) -> dict[str, Any]:
    """Return the cursor that remembers `touched`."""
    return {"touched": {name: list(known_as) for name, known_as in touched.items()}}


def stamp(file: FileSeen, known: KnownBody) -> Stamp:
    """Return what is true of a file as long as it is neither changed nor read anew."""
    return file.modified_ns, file.size, known.sha256


def _differs(file: FileSeen, known: KnownBody) -> bool:
    return (file.modified_at, file.size) != (known.modified_at, known.size)


def _identity(name: str, sha256: str) -> tuple[str, str | None]:
    # the same bytes are another item as another type: it would be read in another way
    return sha256, MEDIA_TYPES.get(suffix_of(name))
