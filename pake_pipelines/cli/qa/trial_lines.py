"""Items to be scored, from JSON lines: nothing in an item is needed, and what cannot be used counts as absent."""

from dataclasses import dataclass, field
from typing import Any, Final

from pake_pipelines.cli.item_fields import BadLineError, json_object, moment
from pake_pipelines.pipeline.trial_items import TrialItem

_FIELDS: Final = ("title", "text", "url", "source", "published")


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What line `number`, from 1, holds: an item and what names its source, or `error`.

    `remarks` tell what could not be used; `given` has the line's `id`, if there is one, to be handed back as it came.
    """

    number: int
    item: TrialItem | None
    source: str | None = None
    error: str | None = None
    remarks: tuple[str, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)


def read_trial_line(line: bytes, number: int) -> TrialLine:
    """Return what `line` holds."""
    try:
        given = json_object(line)
    except BadLineError as error:
        return TrialLine(number, None, error=str(error))
    remarks = []
    found: dict[str, str | None] = {}
    for name in _FIELDS:
        value = given.get(name)
        found[name] = value if isinstance(value, str) else None
        if value is not None and found[name] is None:
            remarks.append(f"{name} is no string, so it counts as absent")
    published_at, remark = moment(found["published"])
    if remark:
        remarks.append(remark)
    item = TrialItem(str(number), found["title"] or "", found["text"] or "", found["url"] or None, published_at)
    handed_back = {"id": given["id"]} if "id" in given else {}
    return TrialLine(number, item, found["source"] or None, None, tuple(remarks), handed_back)
