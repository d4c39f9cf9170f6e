"""The outbox with its channels on a clock that is set by hand, and receivers on loopback."""

import asyncio
import json
from datetime import timedelta

from aiohttp import web

from pake_pipelines.alerts.deliver import deliver
from pake_pipelines.config.alerting import Delivery, LogChannel, WebhookChannel
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.settings import Settings
from pake_pipelines.store import channel_states, notification_views, notifications
from pake_pipelines_tests.conftest import NOW


class Receiver:
    """A page that takes JSON; `answers` holds what it answers in turn (status, headers), 200 when nothing is left."""

    def __init__(self):
        self.taken = []
        self.headers = []
        self.answers = []
        self.status = 200

    async def __call__(self, request):
        body = await request.read()
        status, headers = self.answers.pop(0) if self.answers else (self.status, {})
        if 200 <= status < 300:
            self.taken.append(json.loads(body))
            self.headers.append(dict(request.headers))
            self.body = body
        return web.Response(status=status, headers=headers, body=b"x" * 100)

    @property
    def keys(self):
        return [one["key"] for one in self.taken]


async def hang(request):
    await asyncio.sleep(30)


async def break_off(request):
    request.transport.abort()
    return web.Response()


def hook(site, path="/hook", **changes):
    return WebhookChannel(kind="webhook", url=site.url(path), **{"allow_private": True, "timeout_seconds": 5} | changes)


class PostOffice:
    """Puts messages in and delivers them; `now` is what time it is."""

    def __init__(self, database, home, channels=None, environ=None, **delivery):
        config = load_monitoring(home)
        alerting = config.alerting.model_copy(
            update={"channels": channels or {"log": LogChannel(kind="log")}, "delivery": Delivery(**delivery)}
        )
        self.config = config.model_copy(update={"alerting": alerting})
        self.database = database
        self.settings = Settings(home=home)
        self.environ = environ or {}
        self.now = NOW

    def later(self, **passed):
        self.now += timedelta(**passed)

    async def put(self, channel, *messages):
        async with self.database.transaction() as connection:
            return [await notifications.put(connection, channel, one, self.now) for one in messages]

    async def deliver(self, seconds=10):
        return await deliver(
            self.database, self.config, self.settings, lambda: self.now, seconds=seconds, environ=self.environ
        )

    async def deliver_for(self, rounds, **apart):
        for _ in range(rounds):
            await self.deliver()
            self.later(**apart)

    async def listed(self, **chosen):
        async with self.database.connection() as connection:
            found = await notification_views.notifications(connection, **chosen)
        return list(reversed(found))

    async def states(self):
        return {one.key: one.state for one in await self.listed()}

    async def channel(self, name):
        async with self.database.connection() as connection:
            return (await channel_states.read_all(connection)).get(name)

    @property
    def logged(self):
        path = self.settings.data / "logs" / "alerts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
