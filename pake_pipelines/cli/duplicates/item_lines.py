"""Items from JSON lines: each line is an item or a complaint, and no bad line costs a good one."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pake_pipelines.cli.item_fields import BadLineError, json_object, moment
from pake_pipelines.pipeline.trial_items import TrialItem

_TEXTS: Final = ("title", "text", "url", "published")


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
            given = json_object(line)
            key = _key(given, first)
            texts = _texts(given)
        except BadLineError as error:
            read.errors.append((number, str(error)))
            continue
        first[key] = number
        published_at, remark = moment(texts["published"])
        if remark:
            read.remarks.append((number, remark))
        read.ids[key] = given["id"]
        read.items.append(TrialItem(key, texts["title"] or "", texts["text"] or "", texts["url"] or None, published_at))
    return read


def _key(given: dict[str, Any], first: Mapping[str, int]) -> str:
    """Return the id in JSON, so that 1 and "1" are two."""
    found = given.get("id")
    if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
        raise BadLineError("no id: a string or an integer is needed")
    key = json.dumps(found)
    if key in first:
        raise BadLineError(f"the id {key} stands in line {first[key]} already")
    return key


def _texts(given: dict[str, Any]) -> dict[str, str | None]:
    texts = {name: given.get(name) for name in _TEXTS}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise BadLineError(f"{name} is no string")
    if texts["title"] is None and texts["text"] is None:
        raise BadLineError("neither title nor text")
    return texts
