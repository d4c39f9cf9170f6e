"""Links: what came of asking the addresses that an item links to."""

from dataclasses import dataclass
from typing import Literal

LinkState = Literal["working", "broken", "unknown", "skipped"]


@dataclass(frozen=True, slots=True)
class CheckedLink:
    """One link of an item.

    `unknown` is one whose state could not be told or was not asked for yet, `skipped` one that is none of the public
    web's and is not asked at all.
    """

    url: str
    state: LinkState
    detail: str = ""
