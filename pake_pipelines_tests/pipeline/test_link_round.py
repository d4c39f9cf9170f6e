"""One round of asking: bounded, many hosts at once and each in order, and aware of whether anybody can be heard."""

import asyncio

import pytest

from pake_pipelines.model.link import LinkAnswer
from pake_pipelines.pipeline.link_plan import DueLink, Page
from pake_pipelines.pipeline.link_round import LinkRound

SILENT = ("unknown_name", "unreachable", "timeout")


class World:
    """Answers pages as told, with success where nothing is told, and notes what it was asked and what came of it."""

    def __init__(self, seconds=0.0, **troubles):
        self.seconds = seconds
        self.troubles = troubles
        self.asked, self.told = [], {}
        self.under_way = self.most = 0

    async def ask(self, page):
        self.asked.append(page.url)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.under_way -= 1
        trouble = self.troubles.get(page.url.split("/")[0])
        if trouble is None:
            return LinkAnswer(200, None, "", page.url, 1, heard=True)
        return LinkAnswer(None, trouble, "", page.url, 1, heard=False)

    async def tell(self, page, answer, online):
        self.told[page.url] = (answer.trouble, online)

    async def go(self, *hosts, concurrency=4, seconds=30):
        pages = [[Page(url, [DueLink(url)]) for url in host] for host in hosts]
        asking = LinkRound(self.ask, self.tell)
        await asking.go(pages, concurrency=concurrency, seconds=seconds)
        return asking


def host(name, count):
    return [f"{name}/{number}" for number in range(count)]


async def test_hosts_are_asked_at_the_same_time_and_each_page_after_page():
    world = World(seconds=0.01)
    await world.go(*(host(f"h{n}", 3) for n in range(6)), concurrency=4)
    assert (world.most, len(world.told)) == (4, 18)
    assert [url for url in world.asked if url.startswith("h0/")] == ["h0/0", "h0/1", "h0/2"]


async def test_what_is_not_answered_in_time_is_left_and_the_round_is_over():
    world = World(seconds=0.05)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await world.go(*(host(f"h{n}", 100) for n in range(4)), concurrency=2, seconds=0.2)
    assert 0.2 <= loop.time() - started < 8
    assert 0 < len(world.told) < 20


@pytest.mark.parametrize("trouble", ["unknown_name", "unreachable"])
async def test_what_goes_for_a_host_is_told_of_all_its_pages_after_one_question(trouble):
    world = World(dead=trouble)
    await world.go(host("live", 1), host("dead", 5), concurrency=1)
    assert [url for url in world.asked if url.startswith("dead")] == ["dead/0"]
    assert {world.told[f"dead/{n}"] for n in range(5)} == {(trouble, True)}


async def test_a_slow_host_has_had_enough_of_the_rounds_time():
    world = World(slow="timeout")
    await world.go(host("live", 1), host("slow", 5), concurrency=1)
    assert world.asked == ["live/0", "slow/0"]
    assert set(world.told) == {"live/0", "slow/0"}


async def test_trouble_behind_a_redirect_is_no_trouble_of_the_host():
    world = World()

    async def ask(page):
        world.asked.append(page.url)
        return LinkAnswer(None, "unknown_name", "", "elsewhere/", 2, heard=True)

    world.ask = ask
    await world.go(host("short", 3))
    assert len(world.asked) == 3


@pytest.mark.parametrize("trouble", SILENT)
async def test_nobodys_silence_is_believed_before_somebody_was_heard(trouble):
    world = World(**{f"dead{n}": trouble for n in range(3)})
    await world.go(*(host(f"dead{n}", 1) for n in range(3)), host("live", 1), concurrency=1)
    assert {told for url, told in world.told.items() if url.startswith("dead")} == {(trouble, True)}


async def test_where_few_are_silent_and_nobody_was_heard_it_is_not_known_whether_we_are_online():
    world = World(**{f"dead{n}": "unknown_name" for n in range(3)})
    asking = await world.go(*(host(f"dead{n}", 1) for n in range(3)))
    assert (asking.online, asking.offline) == (False, False)
    assert set(world.told.values()) == {("unknown_name", False)}


@pytest.mark.parametrize("trouble", SILENT)
async def test_a_machine_that_is_offline_is_found_out_soon_and_nothing_is_told(trouble):
    world = World(**{f"dead{n}": trouble for n in range(200)})
    asking = await world.go(*(host(f"dead{n}", 5) for n in range(200)), concurrency=4)
    assert (asking.offline, world.told) == (True, {})
    assert len(world.asked) < 20


async def test_many_dead_hosts_behind_a_live_one_do_not_make_us_offline():
    world = World(**{f"dead{n}": "unknown_name" for n in range(50)})
    asking = await world.go(host("live", 1), *(host(f"dead{n}", 1) for n in range(50)), concurrency=1)
    assert (asking.online, asking.offline, len(world.told)) == (True, False, 51)


@pytest.mark.parametrize("error", [OSError("disk full"), TimeoutError("the database is slow")])
async def test_an_error_of_the_store_ends_the_round_as_itself(error):
    world = World()

    async def tell(page, answer, online):
        raise error

    world.tell = tell
    with pytest.raises(type(error)) as raised:
        await world.go(*(host(f"h{n}", 5) for n in range(5)))
    assert raised.value is error
