"""Whose turn it is at a host: one request at a time and within its rate, for all runs together."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.manners import Http, Rate
from pake_pipelines.pipeline.host_gate import HostGate
from pake_pipelines.sources.clock import Clock
from pake_pipelines.sources.protocol import SourceError

START = datetime(2026, 11, 22, tzinfo=UTC)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = START
        self.slept = []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    @property
    def clock(self):
        return Clock(monotonic=self.monotonic, now=lambda: self.now, sleep=self.sleep)

    def monotonic(self):
        return self.now.timestamp()


def manners(rate, burst, **rates):
    return Http(
        user_agent="test", connect_seconds=1, read_seconds=1, total_seconds=30, max_bytes=1, max_redirects=0,
        attempts=1, ports=(80,), allow_private_hosts=(), rate=Rate(requests_per_minute=rate, burst=burst),
        rates={name.replace("_", "."): Rate(requests_per_minute=each, burst=1) for name, each in rates.items()},
    )  # fmt: skip


@pytest.fixture
def time():
    return Time()


@pytest.fixture
async def gates(database, time):
    """Return a function that opens the gate of another run."""
    opened = []

    def gate(http):
        opened.append(HostGate(database, http, time.clock))
        return opened[-1]

    yield gate
    for one in opened:
        await one.close()


async def passes(gate, host, count=1):
    for _ in range(count):
        async with gate.turn(host):
            pass


async def test_a_burst_passes_at_once_and_then_the_rate_holds(gates, time):
    gate = gates(manners(60, 10))
    await passes(gate, "a.example", 10)
    assert time.now == START
    await passes(gate, "a.example", 5)
    assert (time.now - START).total_seconds() == pytest.approx(5, abs=0.3)


async def test_a_slow_request_is_followed_at_the_distance_that_the_rate_asks_for(gates, time):
    gate = gates(manners(20, 1))
    async with gate.turn("a.example"):
        await time.sleep(2.5)
    ended = time.now
    await passes(gate, "a.example")
    assert (time.now - ended).total_seconds() >= 3


async def test_two_runs_share_the_rate_of_a_host(gates, time):
    one, other = gates(manners(60, 4)), gates(manners(60, 4))
    for _ in range(4):
        await passes(one, "a.example")
        await passes(other, "a.example")
    assert (time.now - START).total_seconds() == pytest.approx(4, abs=0.3)


async def test_two_runs_never_ask_a_host_at_the_same_time(database):
    running = most = 0

    async def ask(gate):
        nonlocal running, most
        async with gate.turn("a.example"):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

    gates = [HostGate(database, manners(6000, 100)) for _ in range(2)]
    await asyncio.gather(*(ask(gate) for gate in gates for _ in range(5)))
    assert most == 1
    for gate in gates:
        await gate.close()


async def test_hosts_do_not_wait_for_each_other(gates, time):
    gate = gates(manners(1, 1))
    entered = []

    async def ask(host):
        async with gate.turn(host):
            entered.append(host)
            while len(entered) < 50:
                await asyncio.sleep(0)

    await asyncio.gather(*(ask(f"{number}.example") for number in range(50)))
    assert (len(entered), time.now) == (50, START)


async def test_hosts_that_share_a_budget_are_one(gates, time):
    gate = gates(manners(6000, 100, arxiv_org=20))
    for host in ("export.arxiv.org", "rss.arxiv.org", "arxiv.org"):
        await passes(gate, host)
    assert (time.now - START).total_seconds() == pytest.approx(6, abs=0.3)


async def test_the_turn_of_a_run_that_died_ends_by_itself(database, time):
    dead = HostGate(database, manners(6000, 100), time.clock)
    turn = dead.turn("a.example")
    await turn.__aenter__()
    alive = HostGate(database, manners(6000, 100), time.clock)
    await passes(alive, "a.example")
    assert 60 <= (time.now - START).total_seconds() < 61
    await dead.close()
    await alive.close()


async def test_a_held_host_is_refused_to_every_run_with_the_moment_to_come_back(gates):
    one, other = gates(manners(60, 10)), gates(manners(60, 10))
    until = START + timedelta(hours=2)
    await one.hold("a.example", until)
    with pytest.raises(SourceError) as refused:
        await passes(other, "a.example")
    assert (refused.value.kind, refused.value.retry_at) == ("busy", until)
    await passes(other, "b.example")


async def test_a_short_hold_is_waited_for(gates, time):
    gate = gates(manners(60, 10))
    await gate.hold("a.example", START + timedelta(seconds=5))
    await passes(gate, "a.example")
    assert 5 <= (time.now - START).total_seconds() < 6


async def test_a_later_hold_does_not_shorten_an_earlier_one(gates):
    gate = gates(manners(60, 10))
    await gate.hold("a.example", START + timedelta(hours=2))
    await gate.hold("a.example", START + timedelta(seconds=1))
    with pytest.raises(SourceError):
        await passes(gate, "a.example")


async def test_a_clock_that_is_set_back_costs_no_more_than_an_empty_bucket(gates, time):
    gate = gates(manners(60, 10))
    await passes(gate, "a.example", 3)
    time.now -= timedelta(days=1)
    await passes(gate, "a.example")
    assert sum(time.slept) < 2
