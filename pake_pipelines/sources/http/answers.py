"""What a server answered, and whether that is what was asked for: a decision on the head of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from pake_pipelines.sources.http.freshness import retry_at
from pake_pipelines.sources.protocol import GONE, SourceError

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
PERMANENT: Final = frozenset({301, 308})
# the rates of most interfaces are counted by the minute
_UNSAID_WAIT: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Response:
    """A final answer: 200 with its body, or 304 without one; any success without one where only that was asked for.

    `url` is where it came from. `headers` finds names in any case; repeated lines of a list are joined by commas,
    and lines that are no text are left out. A 304 has the validators that it was asked with unless it brought others.
    `moved_to` is `url` if only permanent redirects led there, `fresh_until` when the server expects news.
    """

    status: int
    url: str
    body: bytes
    media_type: str | None
    etag: str | None
    last_modified: str | None
    headers: Mapping[str, str]
    received_at: datetime
    fresh_until: datetime | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that names another address, relative to the one asked; `permanent` for 301 and 308."""

    target: str
    permanent: bool


class PassingError(SourceError):
    """A fault that the next attempt may not meet."""


class UnknownNameError(PassingError):
    """Nobody knows a host of this name, or nobody could be asked for it: a resolver says the same of both."""


class InsecureError(SourceError):
    """The server answers, and cannot show that it is who it should be."""


def is_expected(status: int, *, conditional: bool, look: bool = False) -> bool:
    """Tell whether `status` is what was asked for: 200, 304 to a request with validators, any success to a look.

    What posts JSON counts as a look.
    """
    if look:
        return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return status == HTTPStatus.OK or (conditional and status == HTTPStatus.NOT_MODIFIED)


def fault(
    asked: str, status: int, headers: Mapping[str, str], received_at: datetime, max_wait: timedelta
) -> SourceError:
    """Return what an unexpected `status` in answer to `asked`, a method and an address, means.

    410 is `gone`. 429, and 503 with Retry-After, are `busy` and say when to come back, at most `max_wait` from
    `received_at`; a 429 that does not say means a minute. Everything else is `http_status`. No answer is a reason to
    ask again at once: a server in trouble is better off without that, and the next visit comes.
    """
    message = f"{asked}: the server answers {_named(status)}{_challenge(headers)}"
    if status == GONE:
        return SourceError("gone", message, status=status)
    wanted = retry_at(headers, received_at, max_wait)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SourceError("busy", message, status=status, retry_at=wanted or received_at + _UNSAID_WAIT)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wanted:
        return SourceError("busy", message, status=status, retry_at=wanted)
    return SourceError("http_status", message, status=status)


def _named(status: int) -> str:
    """Return a status with its usual phrase; the server's own could say anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _challenge(headers: Mapping[str, str]) -> str:
    # Cloudflare documents this header for telling its challenge pages from the site's own answers
    challenged = headers.get("cf-mitigated", "").strip().lower() == "challenge"
    return " (a Cloudflare challenge, which only a browser passes)" if challenged else ""
