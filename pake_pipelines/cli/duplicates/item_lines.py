"""Items from JSON lines: each line is an item or a complaint, and no bad line costs a good one."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pake_pipelines.pipeline.trial_items import TrialItem

_TEXTS: Final = ("title", "text", "url", "published")


class _BadLineError(Exception):
    """What is wrong with a line."""


@dataclass
class ItemLines:
    """What was read: the items, their ids as they were given, the lines that hold none, and what else was noticed.

    `errors` and `remarks` are pairs of a line number, from 1, and what is to be said.
    """

    items: list[TrialItem] = field(default_factory=list)
    ids: dict[str, str | int] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)


def read_items(lines: Iterable[bytes]) -> ItemLines:
    """Read items; an item has an `id` (a string or an integer, unique), a `title` or a `text` or both.

    `url` and `published` (ISO 8601, UTC where it names no zone) are optional. Blank lines do not count.
    """
    read = ItemLines()
    first: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            given = _object(line)
            key = _key(given, first)
            texts = _texts(given)
        except _BadLineError as error:
            read.errors.append((number, str(error)))
            continue
        first[key] = number
        published_at, remark = _moment(texts["published"])
        if remark:
            read.remarks.append((number, remark))
        read.ids[key] = given["id"]
        read.items.append(TrialItem(key, texts["title"] or "", texts["text"] or "", texts["url"] or None, published_at))
    return read


def _object(line: bytes) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except RecursionError:
        raise _BadLineError("nested too deeply") from None
    except ValueError as error:
        raise _BadLineError(f"no JSON: {error}") from None
    if not isinstance(given, dict):
        raise _BadLineError("no JSON object")
    return given


def _key(given: dict[str, Any], first: Mapping[str, int]) -> str:
    """Return the id in JSON, so that 1 and "1" are two."""
    found = given.get("id")
    if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
        raise _BadLineError("no id: a string or an integer is needed")
    key = json.dumps(found)
    if key in first:
        raise _BadLineError(f"the id {key} stands in line {first[key]} already")
    return key


def _texts(given: dict[str, Any]) -> dict[str, str | None]:
    texts = {name: given.get(name) for name in _TEXTS}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise _BadLineError(f"{name} is no string")
    if texts["title"] is None and texts["text"] is None:
        raise _BadLineError("neither title nor text")
    return texts


def _moment(published: str | None) -> tuple[datetime | None, str | None]:
    """Return the date and a remark when there is none to be read."""
    if not published:
        return None, None
    try:
        moment = datetime.fromisoformat(published)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), None
    except (ValueError, OverflowError):
        return None, f"published is no ISO 8601 date, so the item counts as undated: {published[:40]!r}"
