"""The feeds of the simulated week: each has one peculiarity that a reader must be polite about."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

from pake_pipelines_tests.feeds import item, rss
from pake_pipelines_tests.politeness.exchange import FEED
from pake_pipelines_tests.politeness.web import Answer

START = datetime(2026, 11, 23, tzinfo=UTC)
# enough items for hourly visits, in few enough batches that most visits find nothing to parse
_EVERY_HOURS, _ITEMS = 24, 48
_TAG = '"version {}"'


class Feed:
    """A feed that grows by many items once a day and answers 304 to whoever brings back its validators.

    `validators` are headers with `{}` for the version, `headers` come with every answer as they are at that moment;
    `events` are (hour, answer): from that hour on, the next request gets that answer instead, once.
    """

    path = "/feed.xml"

    def __init__(self, host, *, validators=None, headers=lambda now: {}, events=(), path=None):
        self.host = host
        self.path = path or self.path
        self._validators = {"ETag": _TAG} if validators is None else validators
        self._headers = headers
        self._events = sorted(events, key=lambda event: event[0])

    def published(self, now):
        """Return how many items there are."""
        return _ITEMS * _version(now)

    def answer(self, now, path, asked):
        """Answer a request for `path` with the headers `asked`."""
        hour = (now - START) / timedelta(hours=1)
        if self._events and hour >= self._events[0][0]:
            _, given = self._events.pop(0)
            return given(now)
        return self.current(now, asked)

    def current(self, now, asked):
        """Answer with the feed as it is."""
        version = _version(now)
        given = {name: self._shown(text, version) for name, text in self._validators.items()}
        headers = {**given, **self._headers(now)}
        conditions = {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}
        asked_for = {name: asked[header] for name, header in conditions.items() if header in asked}
        if asked_for and all(given.get(name) == said for name, said in asked_for.items()):
            return Answer(304, headers)
        return Answer(200, {"Content-Type": FEED, **headers}, _body(self.host + self.path, self.published(now)))

    def _shown(self, text, version):
        return text(version) if callable(text) else text.format(version)


class MovedFeed(Feed):
    """A feed whose configured address has redirected with `status` ever since."""

    target = "/feed.xml/elsewhere"

    def __init__(self, host, status, **options):
        super().__init__(host, **options)
        self._status = status

    def answer(self, now, path, asked):
        if path == self.target:
            return self.current(now, asked)
        return Answer(self._status, {"Location": self.target})


class MaintainedFeed(Feed):
    """A feed that is down for some hours, during which a permanent redirect leads to a page that says so."""

    sorry = "/feed.xml/sorry"

    def answer(self, now, path, asked):
        if path == self.sorry:
            return Answer(200, {"Content-Type": "text/html"}, b"<html><body>Back soon</body></html>")
        if 40 <= (now - START) / timedelta(hours=1) < 60:
            return Answer(301, {"Location": self.sorry})
        return super().answer(now, path, asked)


class BrokenFeed(Feed):
    """A feed whose server fails for three days."""

    def answer(self, now, path, asked):
        return Answer(500) if 24 <= (now - START) / timedelta(hours=1) < 96 else super().answer(now, path, asked)


class EndedFeed(Feed):
    """A feed that is given up after a day."""

    def answer(self, now, path, asked):
        return Answer(410) if now >= START + timedelta(days=1) else super().answer(now, path, asked)


def _version(now):
    return 1 + (now - START) // timedelta(hours=_EVERY_HOURS)


@cache
def _body(place, items):
    return rss(*(item(f"{place}-{number}", text=f"News number {number}") for number in range(items)))


def odd_date(version):
    """Return one of the forms of a date that servers really send."""
    moment = START + version * timedelta(hours=_EVERY_HOURS)
    forms = ("%Y-%m-%dT%H:%M:%SZ", "%A, %d-%b-%y %H:%M:%S GMT", "%d %b %Y %H:%M:%S", "build %s of the site")
    return f"{moment:{forms[version % len(forms)]}}"


def refusal(status, **headers):
    """Return an event's answer; `Retry_After` may be a number of seconds or a timedelta, which becomes a date."""

    def given(now):
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(
            status,
            {
                name: format_datetime(now + value, usegmt=True) if isinstance(value, timedelta) else str(value)
                for name, value in said.items()
            },
        )

    return given


def world():
    """Return the week's feeds by name, as they are before it starts."""
    return {
        "weak-tag": Feed("127.0.20.1", validators={"ETag": 'W/"weak-{}"'}, headers=_cookie),
        "quotes-in-tag": Feed("127.0.20.2", validators={"ETag": '"a"b, {}"'}, path="/quotes.xml"),
        "bare-tag": Feed("127.0.20.2", validators={"ETag": "v{}"}, path="/bare.xml"),
        "odd-dates": Feed("127.0.20.3", validators={"Last-Modified": odd_date}),
        "both": Feed("127.0.20.4", validators={"ETag": _TAG, "Last-Modified": odd_date}),
        "no-validators": Feed("127.0.20.5", validators={}),
        "busy": Feed(
            "127.0.20.6",
            events=[
                (30, refusal(429, Retry_After=5 * 3600)),
                (60, refusal(429, Retry_After=timedelta(hours=7))),
                (90, refusal(503, Retry_After=3 * 3600)),
                (100, refusal(503, Retry_After=timedelta(hours=4))),
                (120, refusal(429)),
            ],
        ),
        "max-age": Feed("127.0.20.7", headers=lambda now: {"Cache-Control": "public, max-age=18000"}),
        "expires": Feed(
            "127.0.20.8", headers=lambda now: {"Expires": format_datetime(now + _SEVEN_HOURS, usegmt=True)}
        ),
        "fresh-for-a-year": Feed("127.0.20.9", headers=lambda now: {"Cache-Control": "max-age=31536000"}),
        "expired": Feed("127.0.20.10", headers=lambda now: {"Expires": "0", "Cache-Control": "no-cache"}),
        "gone": EndedFeed("127.0.20.11"),
        "moved": MovedFeed("127.0.20.12", 301),
        "elsewhere-for-now": MovedFeed("127.0.20.13", 302),
        "once-redirected": Feed("127.0.20.14", events=[(20, refusal(301, Location="/feed.xml/elsewhere"))]),
        "maintained": MaintainedFeed("127.0.20.15"),
        "broken": BrokenFeed("127.0.20.16"),
    }


_SEVEN_HOURS = timedelta(hours=7)


def _cookie(now):
    return {"Set-Cookie": f"visitor={now:%d%H}; Path=/"}
