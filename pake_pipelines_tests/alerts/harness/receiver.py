"""The receiver: an HTTP server on loopback that takes messages, writes them down, and can be made to fail."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from aiohttp import web

from pake_pipelines_tests.site import Site

_LONGER_THAN_ANYBODY_WAITS: Final = 0.6


class Mood(StrEnum):
    """How the receiver answers: `SILENT` takes a message and never says so, `CLOSED` hangs up without taking it."""

    WELL = "well"
    FAILING = "failing"
    SILENT = "silent"
    CLOSED = "closed"


@dataclass(frozen=True)
class Received:
    """A message as it came in at second `at` of the script; alerts are named by their services."""

    at: float
    channel: str
    key: str
    kind: str
    firing: frozenset[str]
    resolved: frozenset[str]
    held_back: int
    fired_ids: tuple[str, ...]
    resolved_ids: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as a line for people."""
        told = [f"firing {', '.join(sorted(self.firing))}"] if self.firing else []
        told += [f"resolved {', '.join(sorted(self.resolved))}"] if self.resolved else []
        told += [f"{self.held_back} held back"] if self.held_back else []
        return f"{self.at:>6g} s {self.channel}: {self.kind} {'; '.join(told)}"


class Receiver:
    """Takes messages for all channels, each at a path of its own."""

    def __init__(self, site: Site) -> None:
        """Answer at `site`."""
        self._site = site
        self.taken: list[Received] = []
        self.refused = 0
        self.now = 0.0
        self.moods: dict[str, Mood] = {}

    def url(self, channel: str) -> str:
        """Return where messages of `channel` go."""
        self._site.pages.setdefault(f"/{channel}", lambda request: self._answer(channel, request))
        return self._site.url(f"/{channel}")

    def forget(self) -> None:
        """Begin anew."""
        self.taken = []
        self.refused = 0
        self.now = 0.0
        self.moods = {}

    async def _answer(self, channel: str, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        mood = self.moods.get(channel, Mood.WELL)
        if mood is Mood.CLOSED:
            self.refused += 1
            request.transport.close()
            return web.Response()
        if mood is Mood.FAILING:
            self.refused += 1
            return web.Response(status=503)
        self.taken.append(_read(self.now, channel, request.headers, json.loads(body)))
        if mood is Mood.SILENT:
            await asyncio.sleep(_LONGER_THAN_ANYBODY_WAITS)
        return web.Response(status=204)


def _read(now: float, channel: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Received:
    firing, resolved = body["firing"], body["resolved"]
    return Received(
        at=now,
        channel=channel,
        key=headers["webhook-id"],
        kind=body["kind"],
        firing=frozenset(_name(one) for one in firing),
        resolved=frozenset(_name(one) for one in resolved),
        held_back=body.get("held_back", 0),
        fired_ids=tuple(one["alert_id"] for one in firing),
        resolved_ids=tuple(one["alert_id"] for one in resolved),
    )


def _name(alert: Mapping[str, Any]) -> str:
    labels: Mapping[str, str] = alert["labels"]
    return labels["service"]
