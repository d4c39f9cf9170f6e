"""Links: which addresses are none of the public web's, and what an answer says about an address.

An address is broken when a server says by GET that there is nothing (404, 410), when nobody knows its host although
this machine is online, and when its server fails in whatever way time after time. Who refuses us, asks for a login,
wants fewer requests or does not answer in time may serve everybody else: such an address stays unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from pake_pipelines.config.quality import LinkRules
from pake_pipelines.model.link import LinkAnswer, LinkCheck, LinkState

# RFC 2606, 6761, 6762, 7686 and 8375, and what ICANN set aside for private use in 2024
_RESERVED: Final = (
    "example", "example.com", "example.net", "example.org", "home.arpa", "internal", "invalid", "local", "localhost",
    "onion", "test",
)  # fmt: skip
_NOTHING_THERE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_SERVER_FAILS: Final = 500
_WORDS: Final[Mapping[str | None, str]] = {
    "busy": "the server wants fewer requests",
    "timeout": "no answer in time",
    "unreachable": "no connection to the server, or it broke",
    "malformed": "the answer is not HTTP",
}
_FAILING: Final = frozenset({"unreachable", "insecure", "malformed", "unknown_name"})


def outside_the_web(url: str) -> str | None:
    """Return why `url` is not asked, judged by its host's name alone; None when it may be asked."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        host = ""
    if not host:
        return "not a web address"
    if any(host == name or host.endswith(f".{name}") for name in _RESERVED):
        return "an example's or a private network's address"
    return None if "." in host or ":" in host else "a name of some private network"


def skip(url: str, reason: str, now: datetime, rules: LinkRules) -> LinkCheck:
    """Return how `url` stands, which is not asked for `reason`."""
    return LinkCheck(url, "skipped", None, reason, 0, now, now + timedelta(days=rules.skipped_days))


def judge_link(
    url: str, before: LinkCheck | None, answer: LinkAnswer, now: datetime, rules: LinkRules, *, online: bool
) -> LinkCheck:
    """Return how `url` stands after `answer`, which came at `now`; `online` tells whether anybody answered at all.

    Failures count once for each time that the address was due, so that asking again and again proves nothing.
    """
    if answer.trouble == "refused":
        return skip(url, answer.said, now, rules)
    failures = _failures(before, now)
    found = _found(url, answer, failures, rules, online=online)
    return LinkCheck(
        url=url,
        state=found.state,
        http_status=answer.status,
        detail=found.detail,
        failures=0 if found.state == "working" else failures,
        checked_at=now,
        expires_at=_expires_at(found.state, answer, failures, now, rules),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    state: LinkState
    detail: str


def _found(url: str, answer: LinkAnswer, failures: int, rules: LinkRules, *, online: bool) -> _Found:
    said = _said(answer)
    if answer.trouble is None and answer.status is not None and answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return _Found("working", f"{said}, at the site's front page" if _leads_home(url, answer.landed) else said)
    if answer.trouble is None and answer.status in _NOTHING_THERE:
        return _Found("broken", said)
    if answer.trouble == "unknown_name":
        if online:
            return _Found("broken", "nobody knows this host")
        return _Found("unknown", "nobody knows this host, or this machine is offline")
    if _fails(answer) and online and failures >= rules.broken_after_failures:
        return _Found("broken", f"{said}, time after time")
    return _Found("unknown", said)


def _fails(answer: LinkAnswer) -> bool:
    return answer.trouble in _FAILING or (answer.trouble is None and (answer.status or 0) >= _SERVER_FAILS)


def _failures(before: LinkCheck | None, now: datetime) -> int:
    if before is None:
        return 1
    return before.failures + 1 if before.expires_at <= now else max(before.failures, 1)


def _expires_at(state: LinkState, answer: LinkAnswer, failures: int, now: datetime, rules: LinkRules) -> datetime:
    if state == "working":
        return now + timedelta(days=rules.working_days)
    if state == "broken":
        return now + timedelta(days=rules.broken_days)
    hours = rules.unknown_hours[min(failures, len(rules.unknown_hours)) - 1]
    wanted = now + timedelta(hours=hours)
    return max(wanted, answer.retry_at) if answer.retry_at else wanted


def _said(answer: LinkAnswer) -> str:
    """Return what came, in words that are the same every time: whatever changes in them is judged again."""
    if answer.trouble in _WORDS:
        return _WORDS[answer.trouble]
    if answer.trouble is not None or answer.status is None:
        return answer.said
    try:
        return f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        return str(answer.status)


def _leads_home(url: str, landed: str) -> bool:
    """Tell whether a redirect led from a deep page to the front page, as sites do for pages that they have lost."""
    return len(urlsplit(url).path) > 1 and len(urlsplit(landed).path) <= 1
