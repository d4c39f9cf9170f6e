"""Random histories of an outbox: whatever fails and whoever dies, everything is told, in order, and seldom twice."""

import json
from collections import Counter
from random import Random

import pytest
from aiohttp import web

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines_tests.alerts.messages import line, message, resolve
from pake_pipelines_tests.alerts.post_office import PostOffice, hook

STEPS = 30
PER_MINUTE = 6


class Killed(BaseException):
    """Stands for a death between two statements: nothing is tidied up behind it."""


class Fickle:
    """A receiver that fails by chance until it is `calm`; an `ambiguous` one may take a message and break off."""

    def __init__(self, chance, office, ambiguous):
        self.chance, self.office, self.ambiguous = chance, office, ambiguous
        self.calm = False
        self.taken, self.unsure, self.times = [], 0, []

    async def __call__(self, request):
        key = json.loads(await request.read())["key"]
        fate = "well" if self.calm else self.chance.choice(["well"] * 6 + ["500", "429", "404", "abort", "taken"])
        if fate == "taken" and self.ambiguous:
            self.taken.append(key)
            self.unsure += 1
            request.transport.abort()
        elif fate in {"abort", "taken"}:
            request.transport.abort()
        elif fate == "well":
            self.taken.append(key)
            self.times.append(self.office.now)
        headers = {"Retry-After": str(self.chance.randint(1, 300))} if fate == "429" else {}
        return web.Response(status=int(fate) if fate.isdigit() else 200, headers=headers)


async def play(chance, database, home, site, monkeypatch, *, deaths):
    channels = {f"hook{n}": hook(site, f"/{n}", per_minute=PER_MINUTE, timeout_seconds=2) for n in range(4)}
    office = PostOffice(database, home, channels)
    receivers = {name: Fickle(chance, office, deaths) for name in channels}
    site.pages |= {f"/{name.removeprefix('hook')}": receiver for name, receiver in receivers.items()}
    put = {name: [] for name in channels}
    deaths_after_sending = []

    def die(point):
        if chance.random() < 0.05:
            deaths_after_sending.extend([point] if point is CrashPoint.DELIVERY_SENT else [])
            raise Killed

    if deaths:
        monkeypatch.setattr(crash, "point", die)
    for step in range(STEPS):
        for name in channels:
            for n in range(chance.choice([0, 0, 1, 1, 2, 9])):
                key, group = f"{step}-{n}", f"g{chance.randint(0, 4)}"
                one = chance.choice([message, resolve])(key, group=group, firing=(line(key),), title=key)
                put[name].append((key, group))
                await office.put(name, one)
        try:
            await office.deliver()
        except Killed:
            assert deaths
        office.later(seconds=chance.choice([1, 15, 30, 30, 70, 1000]))
    monkeypatch.setattr(crash, "point", lambda point: None)
    for receiver in receivers.values():
        receiver.calm = True
    office.later(hours=1)
    for _ in range(200):
        if not (await office.deliver()).channels:
            break
        office.later(seconds=60)
    return office, receivers, put, len(deaths_after_sending)


async def told(office, name, receiver):
    """Return the keys that a receiver heard of, in order, and those that became dead letters."""
    rows = await office.listed(channel=name, limit=10_000)
    parts = {one.notification_id: [] for one in rows}
    for one in rows:
        if one.summary_id and one.state == "summarised":
            parts[one.summary_id].append(one.key)
    numbers = {one.key: one.notification_id for one in rows}
    assert {one.state for one in rows} <= {"sent", "dead", "summarised"}
    heard = [each for key in receiver.taken for each in ([key] if "/" not in key else parts[numbers[key]])]
    return heard, {one.key for one in rows if one.state == "dead"}


def in_order(heard, put):
    for group in {group for _, group in put}:
        first = dict.fromkeys(key for key in heard if (key, group) in put)
        expected = [key for key, its in put if its == group and key in first]
        assert list(first) == expected


@pytest.mark.parametrize("seed", range(2))
async def test_without_deaths_everything_is_told_exactly_once_and_in_order(seed, database, tmp_path, site, monkeypatch):
    office, receivers, put, _ = await play(Random(seed), database, tmp_path, site, monkeypatch, deaths=False)
    for name, receiver in receivers.items():
        heard, dead = await told(office, name, receiver)
        assert Counter(heard) + Counter(dead) == Counter(key for key, _ in put[name])
        in_order(heard, put[name])
        for at in receiver.times:
            assert sum(0 <= (at - one).total_seconds() < 60 for one in receiver.times) <= PER_MINUTE


@pytest.mark.parametrize("seed", range(2))
async def test_with_deaths_nothing_is_lost_or_overtakes_and_only_a_death_doubles(
    seed, database, tmp_path, site, monkeypatch
):
    office, receivers, put, deaths = await play(Random(seed), database, tmp_path, site, monkeypatch, deaths=True)
    doubled = sum((Counter(one.taken) - Counter(set(one.taken))).total() for one in receivers.values())
    assert deaths
    assert doubled <= deaths + sum(one.unsure for one in receivers.values())
    for name, receiver in receivers.items():
        heard, dead = await told(office, name, receiver)
        assert set(heard) | dead == {key for key, _ in put[name]}
        in_order(heard, put[name])
