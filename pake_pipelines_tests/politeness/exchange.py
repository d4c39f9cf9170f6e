"""What a server notes of one request and of its own answer: all that the rules of politeness go by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import groupby
from urllib.parse import urljoin

FEED = "application/rss+xml"


@dataclass(frozen=True)
class Exchange:
    """One request at one simulated moment (UTC), and its answer; header names are in lower case.

    `url` is the address as asked, `host` whose turn it counts for, `feed` which of the server's feeds it belongs to;
    `alone` tells whether no other request to the host was being answered at the same real time.
    """

    at: datetime
    host: str
    feed: str
    url: str
    method: str = "GET"
    asked: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    answered: Mapping[str, str] = field(default_factory=dict)
    alone: bool = True

    @property
    def conditional(self):
        """Whether it carries a validator."""
        return "if-none-match" in self.asked or "if-modified-since" in self.asked

    @property
    def delivered(self):
        """Whether the answer was what was asked for, or that it is as it was."""
        return self.status in {200, 304}

    @property
    def is_feed(self):
        """Whether what was delivered is a feed."""
        return self.status == 304 or (self.status == 200 and self.answered.get("content-type") == FEED)

    @property
    def gives_validators(self):
        """Whether the answer carries a validator."""
        return self.delivered and ("etag" in self.answered or "last-modified" in self.answered)

    @property
    def sent_to(self):
        """Where the answer redirects to, None if it does not."""
        return urljoin(self.url, self.answered["location"]) if "location" in self.answered else None

    @property
    def fresh_until(self):
        """When Cache-Control or Expires says that there may be news (RFC 9111 5.2.2.1, 5.3), None if they do not."""
        for said in self.answered.get("cache-control", "").split(","):
            name, _, seconds = said.strip().partition("=")
            if name == "max-age":
                return self.at + timedelta(seconds=int(seconds))
        return _moment(self.answered.get("expires"))

    @property
    def retry_at(self):
        """When Retry-After allows the next request (RFC 9110 10.2.3), None if there is none."""
        said = self.answered.get("retry-after", "")
        return self.at + timedelta(seconds=int(said)) if said.isdigit() else _moment(said)


def _moment(text):
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None


def by(log: Iterable[Exchange], *names: str):
    """Return the exchanges in order of time, in one list for each value of the attributes `names`."""

    def key(one):
        return tuple(getattr(one, name) for name in names)

    return [list(group) for _, group in groupby(sorted(log, key=key), key)]
