"""The paced gate: each host is left a pause between two requests, whoever's turn it is, and all are counted."""

from datetime import timedelta

import pytest

from pake_pipelines.sources.clock import Clock
from pake_pipelines.sources.http.gate import LocalGate
from pake_pipelines.sources.http.paced import PacedGate
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.sources.conftest import manners


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.passed = 0.0

    async def sleep(self, seconds):
        self.passed += seconds

    @property
    def clock(self):
        return Clock(lambda: self.passed, lambda: NOW + timedelta(seconds=self.passed), self.sleep)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def gate(time):
    return PacedGate(LocalGate(manners(), time.clock), 2.0, time.clock)


async def passes(gate, host, time, takes=0.0):
    async with gate.turn(host):
        await time.sleep(takes)


async def test_the_pause_counts_from_the_end_of_the_last_request(gate, time):
    await passes(gate, "a.org", time, takes=5)
    await passes(gate, "a.org", time)
    assert time.passed == 7
    await passes(gate, "a.org", time)
    assert time.passed == 9


async def test_hosts_do_not_wait_for_each_other_and_everything_is_counted(gate, time):
    for host in ("a.org", "b.org", "c.org"):
        await passes(gate, host, time)
    assert (time.passed, gate.requests, gate.hosts) == (0, 3, 3)


async def test_a_host_that_is_held_is_refused_and_not_counted(gate, time):
    await gate.hold("a.org", NOW + timedelta(hours=1))
    with pytest.raises(SourceError):
        await passes(gate, "a.org", time)
    assert (gate.requests, gate.hosts) == (0, 0)
