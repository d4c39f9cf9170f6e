"""Subreddits, newest posts first: through Reddit's API with a script app's id and secret, else by their public feed.

A listing has no more than 1,000 posts and knows no dates. `before=` a post that was deleted since gives empty answers
for ever, so every visit goes down from the top, until it is below what earlier visits must have seen.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from json import loads
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from pake_pipelines.config.source_kinds import RedditSource
from pake_pipelines.sources.apis.reddit_answer import MIN_SCORE, Page, Post, hold_until, number, parse_reddit, read_page
from pake_pipelines.sources.http.client import HttpClient, Response
from pake_pipelines.sources.protocol import (
    Answer,
    Cursor,
    Fetched,
    Memory,
    Reader,
    SourceError,
    Unchanged,
    Window,
)

# Posts reach `min_score` hours after they were made, and moderators let some through late. Reddit's "hot" order takes a
# tenth of a post's votes for as good as all of them every 45,000 s (r2/lib/db/_sorts.pyx): after two such spans hardly
# one is still seen and voted for.
LOOK_BACK: Final = 2 * 45_000.0

PER_PAGE: Final = 100
PAGES: Final = 10
"""Ten pages of a hundred are the 1,000 posts that a listing has."""

_RENEW_BEFORE: Final = timedelta(seconds=60)
_LONGEST_TOKEN: Final = 86_400.0
_UNAUTHORIZED: Final = 401
_REFUSED_FEED: Final = frozenset({403, 429})


class Reddit(Reader):
    """Reads the newest posts of one subreddit."""

    version = "reddit-1"
    parse = staticmethod(parse_reddit)

    def __init__(self, source: RedditSource, http: HttpClient, environment: Mapping[str, str]) -> None:
        """Read `source` through `http`; the app's id and secret come from `environment`."""
        self._source = source
        self._http = http
        self._id = environment.get(source.client_id_env, "")
        self._secret = environment.get(source.client_secret_env, "")
        self._token: _Token | None = None

    def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield the pages with posts that are new or have reached the minimum score, newest first; or the feed.

        Raises SourceError: credentials, missing (no such subreddit), malformed, and what the client raises.
        """
        return self._listing(memory.cursor) if self._id or self._secret else self._feed(memory.cursor)

    async def _listing(self, cursor: Cursor) -> AsyncIterator[Answer]:
        walk, after = Walk.resumed(cursor, self._source.min_score), None
        for left in reversed(range(PAGES)):
            url = address(self._source, after)
            response = await self._ask(url)
            page = read_page(response.body)
            found = walk.wanted(page)
            walk = walk.past(page, found, response.received_at)
            after, ended = page.after, left == 0 or walk.ends_on(page)
            remembered = {**cursor, **(walk.outcome if ended else walk.cursor)}
            if found:
                yield Fetched(
                    f"{url}#{MIN_SCORE}={self._source.min_score}",
                    response.body,
                    response.received_at,
                    media_type=response.media_type,
                    cursor=remembered,
                    fresh_until=response.fresh_until,
                )
            if ended:
                if not found:
                    yield Unchanged(cursor=remembered, fresh_until=response.fresh_until)
                return

    async def _feed(self, cursor: Cursor) -> AsyncIterator[Answer]:
        before = cursor.get("feed", {})
        url = f"{self._source.url}/r/{self._source.subreddit}/new/.rss"
        try:
            response = await self._http.get(url, etag=before.get("etag"), last_modified=before.get("last_modified"))
        except SourceError as error:
            raise self._explained(error) from error
        await self._mind_rate(url, response)
        digest = before.get("sha256") if response.status == 304 else sha256(response.body).hexdigest()
        feed = {"etag": response.etag, "last_modified": response.last_modified, "sha256": digest}
        remembered = {**cursor, "feed": feed}
        if digest == before.get("sha256"):
            yield Unchanged(cursor=remembered, fresh_until=response.fresh_until)
            return
        yield Fetched(
            url,
            response.body,
            response.received_at,
            media_type=response.media_type,
            cursor=remembered,
            fresh_until=response.fresh_until,
        )

    async def _ask(self, url: str) -> Response:
        """GET an address of the API; a token that is refused before its time is renewed once."""
        try:
            response = await self._http.get(url, headers=await self._authorization())
        except SourceError as error:
            if error.status != _UNAUTHORIZED:
                raise
            self._token = None
            response = await self._http.get(url, headers=await self._authorization())
        await self._mind_rate(url, response)
        if urlsplit(response.url).path.lower() != urlsplit(url).path.lower():
            raise SourceError("missing", f"{self._source.address}: Reddit has no such subreddit")
        return response

    async def _mind_rate(self, url: str, response: Response) -> None:
        if until := hold_until(response.headers, response.received_at):
            await self._http.hold(url, until)

    async def _authorization(self) -> dict[str, str]:
        if self._token is None or self._token.is_old():
            self._token = await self._new_token()
        return {"Authorization": f"bearer {self._token.value}"}

    async def _new_token(self) -> "_Token":
        names = f"{self._source.client_id_env} and {self._source.client_secret_env}"
        if not (self._id and self._secret):
            raise SourceError("credentials", f"Reddit's API needs both {names}; only one of them is set")
        url = f"{self._source.url}/api/v1/access_token"
        try:
            answer = await self._http.post_form(
                url, {"grant_type": "client_credentials"}, auth=(self._id, self._secret)
            )
        except SourceError as error:
            if error.status != _UNAUTHORIZED:
                raise
            raise SourceError("credentials", f"Reddit does not know the app in {names}", status=error.status) from error
        return _Token.read(answer)

    def _explained(self, error: SourceError) -> SourceError:
        if error.status not in _REFUSED_FEED:
            return error
        names = f"{self._source.client_id_env} and {self._source.client_secret_env}"
        hint = f"Reddit hardly lets its feeds be read; with an app's id and secret in {names} its API is"
        return SourceError(error.kind, f"{error}. {hint}", status=error.status, retry_at=error.retry_at)


@dataclass(frozen=True, slots=True)
class _Token:
    """Lets the API be asked until it ends; it is kept nowhere and shown to nobody."""

    value: str
    ends_at: datetime

    def is_old(self) -> bool:
        return datetime.now(self.ends_at.tzinfo) >= self.ends_at - _RENEW_BEFORE

    def __repr__(self) -> str:
        return f"_Token(ends_at={self.ends_at!r})"

    @classmethod
    def read(cls, answer: Response) -> "_Token":
        """Return the token in an answer. Raises SourceError (credentials, malformed), which never quotes the answer."""
        try:
            said = loads(answer.body)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise SourceError("malformed", "Reddit answers a request for a token with something else")
        if "error" in said:
            raise SourceError("credentials", "Reddit gives the app no token: is it a script app?")
        value, seconds = said.get("access_token"), number(said.get("expires_in"))
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value or seconds is None:
            raise SourceError("malformed", "Reddit's answer to a request for a token has none in it")
        return cls(value, answer.received_at + timedelta(seconds=min(max(seconds, 0.0), _LONGEST_TOKEN)))


@dataclass(frozen=True, slots=True)
class Walk:
    """A way down a listing. Times are seconds since 1970.

    `since` is the newest post of the last walk that came to its end, None before the first; `newest` that of this one.
    `handed` are the posts handed out that the next walk may meet again, by fullname.
    """

    min_score: int
    since: float | None
    handed: Mapping[str, float]
    newest: float | None = None

    @classmethod
    def resumed(cls, cursor: Cursor, min_score: int) -> "Walk":
        """Return a walk from the top that knows what earlier ones handed out, an interrupted one's posts included."""
        return cls(min_score, cursor.get("since"), cursor.get("handed", {}))

    @property
    def horizon(self) -> float:
        """Posts made before this are not looked at."""
        return float("-inf") if self.since is None else self.since - LOOK_BACK

    @property
    def cursor(self) -> dict[str, Any]:
        """What an interrupted walk leaves."""
        return {"since": self.since, "handed": dict(self.handed)}

    @property
    def outcome(self) -> dict[str, Any]:
        """What a finished walk leaves: only posts that the next one looks at need to be known."""
        since = max((moment for moment in (self.since, self.newest) if moment is not None), default=None)
        after = replace(self, since=since)
        return replace(after, handed={name: made for name, made in self.handed.items() if made >= after.horizon}).cursor

    def wanted(self, page: Page) -> list[Post]:
        """Return the posts of `page` that were not handed out and have the score they need."""
        return [
            post
            for post in page.posts
            if post.created >= self.horizon and post.score >= self.min_score and post.name not in self.handed
        ]

    def past(self, page: Page, found: list[Post], now: datetime) -> "Walk":
        """Return the walk behind `page`, of which `found` is handed out. No post counts as made later than `now`."""
        seen = [min(post.created, now.timestamp()) for post in page.posts]
        newest = max([*seen, *([] if self.newest is None else [self.newest])], default=None)
        return replace(self, newest=newest, handed={**self.handed, **{post.name: post.created for post in found}})

    def ends_on(self, page: Page) -> bool:
        """Tell whether `page` is the last, or reaches below the horizon."""
        return page.after is None or (bool(page.posts) and page.posts[-1].created < self.horizon)


def address(source: RedditSource, after: str | None) -> str:
    """Return the address of a page of the newest posts: the first, or the one behind the post `after`.

    With raw_json texts come as they were written; without, Reddit escapes them for HTML.
    """
    fields = {"limit": PER_PAGE, "raw_json": 1} | ({"after": after} if after else {})
    return f"{source.api_url}/r/{source.subreddit}/new.json?{urlencode(fields)}"
