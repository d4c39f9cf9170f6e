"""Group commit: what is ready together is carried out together, and succeeds or fails alone."""

import asyncio

import pytest

from pake_pipelines.pipeline.grouping import Grouped


class Desk:
    """Doubles numbers and remembers the groups in which they came; refuses a group with a negative one."""

    def __init__(self, seconds=0.0):
        self.groups = []
        self.seconds = seconds

    async def __call__(self, numbers):
        self.groups.append(list(numbers))
        await asyncio.sleep(self.seconds)
        if any(number < 0 for number in numbers):
            raise ValueError("negative")
        return [2 * number for number in numbers]


async def test_what_comes_while_a_group_is_at_work_makes_the_next():
    desk = Desk(0.02)
    grouped = Grouped(desk, 100)
    first = asyncio.create_task(grouped.put(0))
    await asyncio.sleep(0.01)
    assert await asyncio.gather(*(grouped.put(number) for number in range(1, 5))) == [2, 4, 6, 8]
    assert await first == 0
    assert desk.groups == [[0], [1, 2, 3, 4]]


async def test_a_group_has_its_size():
    desk = Desk()
    grouped = Grouped(desk, 3)
    assert await asyncio.gather(*(grouped.put(number) for number in range(7))) == list(range(0, 14, 2))
    assert [len(group) for group in desk.groups] == [3, 3, 1]


async def test_only_those_at_fault_fail():
    desk = Desk()
    grouped = Grouped(desk, 10)
    results = await asyncio.gather(*(grouped.put(number) for number in (1, -1, 2)), return_exceptions=True)
    assert (results[0], results[2]) == (2, 4)
    assert isinstance(results[1], ValueError)


async def test_whoever_does_not_wait_any_more_stops_nobody():
    desk = Desk(0.02)
    grouped = Grouped(desk, 10)
    leaver, stayer = asyncio.create_task(grouped.put(1)), asyncio.create_task(grouped.put(2))
    await asyncio.sleep(0.01)
    leaver.cancel()
    assert await stayer == 4


async def test_what_waits_at_the_close_is_not_carried_out():
    desk = Desk(10)
    grouped = Grouped(desk, 10)
    waiting = asyncio.create_task(grouped.put(1))
    await asyncio.sleep(0.01)
    await grouped.close()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
