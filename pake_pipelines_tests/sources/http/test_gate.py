"""Whose turn it is: one at a time for each budget, at its pace, and not before a host wants us back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.sources.clock import Clock
from pake_pipelines.sources.http.gate import LocalGate, budget_of
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.sources.conftest import manners

START = datetime(2026, 11, 22, tzinfo=UTC)
POLITE = {
    "rate": {"requests_per_minute": 60, "burst": 2},
    "rates": {
        "arxiv.org": {"requests_per_minute": 20, "burst": 1},
        "feeds.arxiv.org": {"requests_per_minute": 5, "burst": 1},
    },
}


class Time:
    """Passes only when somebody sleeps."""

    def __init__(self):
        self.seconds = 0.0
        self.clock = Clock(lambda: self.seconds, lambda: START + timedelta(seconds=self.seconds), self.sleep)

    async def sleep(self, seconds):
        self.seconds += seconds
        await asyncio.sleep(0)


async def ask(gate, host, time):
    async with gate.turn(host):
        return time.seconds


@pytest.mark.parametrize(
    ("host", "budget", "per_minute"),
    [
        ("feed.example", "feed.example", 60),
        ("arxiv.org", "arxiv.org", 20),
        ("export.arxiv.org", "arxiv.org", 20),
        ("a.b.feeds.arxiv.org", "feeds.arxiv.org", 5),
        ("notarxiv.org", "notarxiv.org", 60),
        ("arxiv.org.example", "arxiv.org.example", 60),
        ("127.0.0.1", "127.0.0.1", 60),
        ("::1", "::1", 60),
    ],
)
def test_sub_domains_share_the_budget_of_the_host_that_is_listed(host, budget, per_minute):
    name, rate = budget_of(host, manners(**POLITE))
    assert (name, rate.requests_per_minute) == (budget, per_minute)


async def test_a_host_is_asked_at_its_pace_and_others_are_not_slowed_down():
    time = Time()
    gate = LocalGate(manners(**POLITE), time.clock)
    assert [await ask(gate, "a.example", time) for _ in range(4)] == [0, 0, 1, 2]
    assert [await ask(gate, "b.example", time) for _ in range(3)] == [2, 2, 3]
    assert [await ask(gate, host, time) for host in ("arxiv.org", "export.arxiv.org", "arxiv.org")] == [3, 6, 9]


async def test_only_one_has_the_turn_of_a_budget():
    gate, inside = LocalGate(manners(**POLITE), Time().clock), []

    async def one(host):
        async with gate.turn(host):
            inside.append(host)
            assert inside == [host]
            await asyncio.sleep(0.001)
            inside.remove(host)

    await asyncio.gather(*(one(host) for host in ("arxiv.org", "export.arxiv.org", "arxiv.org") * 3))


async def test_a_turn_that_fails_is_given_back():
    time = Time()
    gate = LocalGate(manners(**POLITE), time.clock)
    with pytest.raises(RuntimeError):
        async with gate.turn("a.example"):
            raise RuntimeError
    assert await ask(gate, "a.example", time) == 0


async def test_a_short_hold_is_waited_out_and_never_shortened():
    time = Time()
    gate = LocalGate(manners(total_seconds=30, **POLITE), time.clock)
    await gate.hold("a.example", START + timedelta(seconds=20))
    await gate.hold("a.example", START + timedelta(seconds=5))
    assert await ask(gate, "a.example", time) == 20
    assert await ask(gate, "b.example", time) == 20


async def test_a_long_hold_is_refused_at_once_for_all_who_share_the_budget():
    time = Time()
    gate, until = LocalGate(manners(total_seconds=30, **POLITE), time.clock), START + timedelta(seconds=31)
    await gate.hold("export.arxiv.org", until)
    for host in ("arxiv.org", "export.arxiv.org"):
        with pytest.raises(
            SourceError, match=r"arxiv\.org is not to be asked before 2026-11-22 00:00:31 UTC"
        ) as raised:
            await ask(gate, host, time)
        assert (raised.value.kind, raised.value.retry_at) == ("busy", until)
    assert time.seconds == 0
    time.seconds = 31
    assert await ask(gate, "arxiv.org", time) == 31


async def test_a_hold_that_comes_while_somebody_waits_for_a_token_holds_for_him_too():
    time = Time()
    gate = LocalGate(manners(total_seconds=30, **POLITE), time.clock)
    await ask(gate, "arxiv.org", time)
    waiting = asyncio.create_task(ask(gate, "arxiv.org", time))
    await asyncio.sleep(0)
    await gate.hold("arxiv.org", START + timedelta(seconds=25))
    assert await waiting == 25
