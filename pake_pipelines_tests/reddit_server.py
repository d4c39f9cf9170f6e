"""A local Reddit with the rules of the real one: an app's id and secret, a bearer token, a budget of requests.

It counts what a well-behaved client never does in `violations`.
"""

import json
import time
from base64 import b64encode
from xml.sax.saxutils import escape

from aiohttp import web

NOW = int(time.time())
LISTED = 1000
IN_FEED = 25


def post(number, **changes):
    """Return post `number`, made that many minutes before now."""
    name = f"{number:05x}"
    usual = {
        "name": f"t3_{name}", "id": name, "title": f"Post {number}", "selftext": f"Text of post {number}.",
        "is_self": True, "created_utc": float(NOW - 60 * number), "score": 1, "author": "somebody",
        "permalink": f"/r/Testing/comments/{name}/post/", "url": f"https://www.reddit.com/r/Testing/comments/{name}/post/",
        "link_flair_text": None, "removed_by_category": None,
    }  # fmt: skip
    return usual | changes


class RedditServer:
    """Answers on `site`: `budget` requests every `period` seconds, after which it says 429 and notes a violation."""

    client = ("the-id", "the-secret")

    def __init__(self, site, subreddit="Testing", budget=10, period=5.0):
        self.posts = []
        self.violations = []
        self.tokens = []
        self.listings = []
        self.token_seconds = 3600
        self._budget, self._period = budget, period
        self._began, self._used = 0.0, 0
        site.pages["/api/v1/access_token"] = self._give_token
        site.pages[f"/r/{subreddit}/new.json"] = self._list
        site.pages[f"/r/{subreddit}/new/.rss"] = self._feed

    def forget_tokens(self):
        """Refuse every token given so far."""
        self.tokens = [None for _ in self.tokens]

    async def _give_token(self, request):
        self._look_at(request)
        basic = b64encode(":".join(self.client).encode()).decode()
        form = await request.post()
        if request.method != "POST" or request.headers.get("Authorization") != f"Basic {basic}":
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"})
        self.tokens.append(f"token-{len(self.tokens)}")
        given = {
            "access_token": self.tokens[-1],
            "token_type": "bearer",
            "expires_in": self.token_seconds,
            "scope": "*",
        }
        return web.json_response(given)

    async def _list(self, request):
        self._look_at(request)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        headers, exceeded = self._spend()
        if exceeded:
            return web.json_response({"message": "Too Many Requests", "error": 429}, status=429, headers=headers)
        self.listings.append(dict(request.query))
        limit = int(request.query.get("limit", 25))
        if limit > 100 or ("before" in request.query and "after" in request.query):
            self.violations.append(f"asked for {dict(request.query)}")
        listed = sorted(self.posts, key=lambda one: -one["created_utc"])[:LISTED]
        shown = self._slice(listed, request.query, limit)
        after = shown[-1]["name"] if shown and shown[-1] is not listed[-1] else None
        children = [{"kind": "t3", "data": one} for one in shown]
        body = {"kind": "Listing", "data": {"after": after, "before": None, "dist": len(shown), "children": children}}
        return web.json_response(body, headers=headers)

    def _slice(self, listed, query, limit):
        """Return the posts behind `after` or before `before`; none when that post is no longer there."""
        names = [one["name"] for one in listed]
        anchor = query.get("after") or query.get("before")
        if anchor is None:
            return listed[:limit]
        if anchor not in names:
            return []
        place = names.index(anchor)
        return listed[place + 1 : place + 1 + limit] if "after" in query else listed[max(0, place - limit) : place]

    async def _feed(self, request):
        self._look_at(request)
        headers, exceeded = self._spend()
        if exceeded:
            return web.Response(status=429, headers=headers)
        newest = sorted(self.posts, key=lambda one: -one["created_utc"])[:IN_FEED]
        body = self._atom(newest)
        headers |= {"ETag": f'"{hash(body)}"', "Content-Type": "application/atom+xml; charset=UTF-8"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body.encode(), headers=headers)

    def _atom(self, posts):
        entries = "".join(
            f"<entry><author><name>/u/{one['author']}</name></author><id>{one['name']}</id>"
            f'<content type="html">{escape("<p>" + one["selftext"] + "</p>")}</content>'
            f'<link href="https://www.reddit.com{one["permalink"]}"/><title>{escape(one["title"])}</title>'
            f"<updated>{_rfc3339(one)}</updated><published>{_rfc3339(one)}</published></entry>"
            for one in posts
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
            f"<title>newest submissions : Testing</title><id>/r/Testing/new/.rss</id>{entries}</feed>"
        )

    def _look_at(self, request):
        if not request.headers.get("User-Agent") or "python" in request.headers["User-Agent"].lower():
            self.violations.append(f"{request.path} asked without a User-Agent of its own")
        if "Cookie" in request.headers or "Referer" in request.headers:
            self.violations.append(f"{request.path} asked with a cookie or a referrer")

    def _spend(self):
        """Take one request from the budget; return what the headers say of it, and whether it was one too many."""
        now = time.monotonic()
        if now - self._began >= self._period:
            self._began, self._used = now, 0
        self._used += 1
        if self._used > self._budget:
            self.violations.append("asked beyond the budget")
        headers = {
            "X-Ratelimit-Used": str(self._used),
            "X-Ratelimit-Remaining": f"{max(0, self._budget - self._used)}.0",
            "X-Ratelimit-Reset": f"{self._began + self._period - now:.3f}",
        }
        return headers, self._used > self._budget


def _rfc3339(one):
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(one["created_utc"]))


def listing(*posts, after=None):
    """Return the bytes of a listing of `posts`."""
    children = [{"kind": "t3", "data": one} for one in posts]
    return json.dumps({"kind": "Listing", "data": {"after": after, "children": children}}).encode()
