"""Items to be scored, from JSON lines: nothing in an item is needed, and what cannot be used counts as absent."""

from dataclasses import dataclass, field
from typing import Any, Final

from pake_pipelines.cli.item_fields import json_object, moment
from pake_pipelines.pipeline.trial_items import TrialItem

_FIELDS: Final = ("title", "text", "url", "source", "published")


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What a line holds: an item, what names its source, and `remarks` on what could not be used.

    `given` has the line's `id`, if there is one, to be handed back as it came.
    """

    item: TrialItem
    source: str | None
    remarks: tuple[str, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)


def read_trial_line(line: bytes, number: int) -> TrialLine:
    """Return what `line` holds, the `number`-th from 1. Raises BadLineError when it is no JSON object."""
    given = json_object(line)
    remarks = []
    found: dict[str, str | None] = {}
    for name in _FIELDS:
        value = given.get(name)
        found[name] = value if isinstance(value, str) else None
        if value is not None and found[name] is None:
            remarks.append(f"{name} is no string, so it counts as absent")
    published_at, remark = moment(found["published"])
    item = TrialItem(str(number), found["title"] or "", found["text"] or "", found["url"] or None, published_at)
    said = (*remarks, remark) if remark else tuple(remarks)
    return TrialLine(item, found["source"] or None, said, {"id": given["id"]} if "id" in given else {})
