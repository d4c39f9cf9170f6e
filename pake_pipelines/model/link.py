"""Links: what came of asking the addresses that an item links to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LinkState = Literal["working", "broken", "unknown", "skipped"]
Method = Literal["HEAD", "GET"]
Trouble = Literal[
    "refused", "redirects", "unknown_name", "unreachable", "insecure", "timeout", "malformed", "busy"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckedLink:
    """One link of an item.

    `unknown` is one whose state could not be told or was not asked for yet, `skipped` one that is none of the public
    web's and is not asked at all.
    """

    url: str
    state: LinkState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """What came of asking one address once.

    `status` is the last answer's, None where nobody answered. `trouble` is what kept a status from being the answer:
    an address that is not asked (`refused`), redirects without end, a host that nobody knows, no connection or a
    broken one, no trustworthy certificate, silence, something that is not HTTP, or a host that wants to be left alone
    until `retry_at` (`busy`). `landed` is the address that the last request was for, `requests` how many there were;
    `heard` tells whether any server was heard meanwhile, which is how a machine knows that it is online.
    """

    status: int | None
    trouble: Trouble | None
    said: str
    landed: str
    requests: int
    heard: bool
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """How an address stands since it was asked last; it is asked again when `expires_at` has come.

    `failures` counts the answers in a row that were not what was hoped for.
    """

    url: str
    state: LinkState
    http_status: int | None
    detail: str
    failures: int
    checked_at: datetime
    expires_at: datetime
