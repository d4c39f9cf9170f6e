"""A round asks all services at once, ends in its time whatever they do, and says of each how it stands."""

import asyncio
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from pake_pipelines.config.services import DiskService, HttpService, ProcessService, TcpService
from pake_pipelines.health import blocking
from pake_pipelines.health.probes import disk
from pake_pipelines.health.rounds import probe_all
from pake_pipelines.model.health import HealthStatus
from pake_pipelines_tests.health.conftest import NOW, hangs_up, never_answers, says, serving

HEALTHY, UNHEALTHY, UNKNOWN = HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN
GOOD = says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def web(port, **options):
    return HttpService(url=f"http://127.0.0.1:{port}/", **options)


async def test_a_round_has_one_sample_of_every_service_in_their_order(around):
    async with serving(GOOD) as good, serving(hangs_up) as bad:
        services = {
            "c": web(good, critical=True),
            "a": web(bad),
            "b": TcpService(host="127.0.0.1", port=good),
            "d": HttpService(url_env="NOT_SET"),
        }
        samples = await probe_all(services, around())
    assert [(one.service, one.kind, one.critical, one.status.value, one.at) for one in samples] == [
        ("c", "http", True, "healthy", NOW),
        ("a", "http", False, "unhealthy", NOW),
        ("b", "tcp", False, "healthy", NOW),
        ("d", "http", False, "not_configured", NOW),
    ]


async def test_no_services_make_an_empty_round(around):
    assert await probe_all({}, around()) == []


async def test_services_that_hang_hold_up_nobody_else(around):
    """200 probes of which 20 hang take about as long as one that hangs."""
    async with serving(GOOD) as good, serving(never_answers) as silent:
        services = {f"s{number}": web(silent if number % 10 == 0 else good) for number in range(200)}
        started = time.perf_counter()
        samples = await probe_all(services, around(timeout_seconds=2.5, tick_seconds=20))
        seconds = time.perf_counter() - started
    assert {one.service for one in samples if one.status is UNHEALTHY} == {f"s{number}" for number in range(0, 200, 10)}
    assert sum(one.status is HEALTHY for one in samples) == 180
    assert seconds < 6


async def test_what_the_rounds_time_does_not_do_for_is_unknown(around):
    async with serving(never_answers) as silent:
        services = {f"s{number}": web(silent, critical=number == 3) for number in range(5)}
        started = time.perf_counter()
        samples = await probe_all(services, around(timeout_seconds=5, tick_seconds=0.3, concurrency=1))
        seconds = time.perf_counter() - started
    assert {one.status for one in samples} == {UNKNOWN}
    assert samples[3].detail == "it had not answered when the round's 0.3 s were over"
    assert {one.detail for one in samples if one.service != "s3"} == {"not reached within 0.3 s"}
    assert seconds < 2


async def test_a_probe_that_does_not_let_itself_be_stopped_is_left_behind(around, monkeypatch):
    """Whoever waits for the round gets it in its time."""
    release = asyncio.Event()

    async def stubborn(service):
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()

    monkeypatch.setattr("pake_pipelines.health.probes.tcp.probe", stubborn)
    started = time.perf_counter()
    (sample,) = await probe_all({"s": TcpService(port=1)}, around(timeout_seconds=0.1, tick_seconds=0.2))
    seconds = time.perf_counter() - started
    release.set()
    assert (sample.status, seconds < 1) == (UNKNOWN, True)


async def test_critical_ones_come_first_and_the_others_in_changing_order(around):
    reached = []

    async def told(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        reached.append(head.split()[1].decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    orders = []
    async with serving(told) as port:
        services = {
            f"s{number}": HttpService(url=f"http://127.0.0.1:{port}/{number}", critical=number > 7)
            for number in range(10)
        }
        for second in range(3):
            reached.clear()
            surroundings = around(concurrency=1, now=NOW.replace(second=second))
            await probe_all(services, surroundings)
            orders.append(tuple(reached))
    assert all(set(order[:2]) == {"/8", "/9"} and len(set(order)) == 10 for order in orders)
    assert len({order[2:] for order in orders}) == 3


async def test_a_round_that_is_given_up_leaves_no_probe_behind(around):
    async with serving(never_answers) as silent:
        round_of_one = asyncio.create_task(probe_all({"s": web(silent)}, around()))
        await asyncio.sleep(0.1)
        round_of_one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await round_of_one
        others = {task.get_name() for task in asyncio.all_tasks() if "in_turn" in repr(task.get_coro())}
    assert others == set()


async def test_a_disk_that_hangs_holds_up_neither_the_round_nor_the_end(around, tmp_path, monkeypatch):
    release, asked = threading.Event(), []

    def hangs(path):
        asked.append(path)
        release.wait(10)
        raise OSError(5, "given up")

    monkeypatch.setattr(disk, "usage", hangs)
    services = {"dead": DiskService(timeout_seconds=0.2), "mine": ProcessService(command_line=("no such command",))}
    try:
        for _ in range(3):
            samples = await probe_all(services, around())
            assert samples[0].detail == "no answer within 0.2 s"
            assert samples[1].detail == "no process has this command line"
        assert len(asked) == 1
    finally:
        release.set()


async def test_whoever_asks_meanwhile_waits_for_the_call_under_way():
    release, calls = threading.Event(), []

    def call():
        calls.append(1)
        release.wait(10)
        return len(calls)

    first, second = (asyncio.create_task(blocking.ask("same", call)) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    await asyncio.sleep(0)
    release.set()
    assert await second == 1
    assert await blocking.ask("same", call) == 2


async def test_what_a_blocking_call_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        await blocking.ask("error", lambda: 1 / 0)


async def test_many_hanging_calls_do_not_hold_up_others():
    release = threading.Event()
    hanging = [asyncio.create_task(blocking.ask(("hang", number), lambda: release.wait(10))) for number in range(50)]
    try:
        assert await asyncio.wait_for(blocking.ask("quick", lambda: "here"), 5) == "here"
    finally:
        release.set()
        await asyncio.gather(*hanging)


async def test_no_text_of_a_service_brings_in_what_no_database_takes(around):
    nasty = "\x00 bell\x07 \x1b[31mred\n" + "long " * 500
    service = ProcessService(command_line=("x",))

    async def probe(name, service, surroundings):
        raise RuntimeError(nasty)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pake_pipelines.health.probes.process.probe", probe)
        (sample,) = await probe_all({"it": service}, around())
    assert sample.detail.startswith("the probe itself failed: RuntimeError: bell [31mred long")
    assert len(sample.detail) == 500
    assert sample.detail.isprintable()


async def test_without_a_longer_bound_of_its_own_a_service_has_that_of_all(around):
    async with serving(never_answers) as silent:
        surroundings = around(timeout_seconds=0.1)
        (short,) = await probe_all({"s": web(silent)}, surroundings)
        (long,) = await probe_all({"s": web(silent, timeout_seconds=0.3)}, surroundings)
    assert (short.detail, long.detail) == ("no answer within 0.1 s", "no answer within 0.3 s")


def test_neither_importing_it_nor_what_is_not_configured_brings_in_anything_heavy():
    code = """if True:
        import asyncio, sys
        from datetime import UTC, datetime
        from pake_pipelines.config.monitoring import Probing
        from pake_pipelines.config.services import HttpService, RedisService
        from pake_pipelines.health.rounds import probe_all
        from pake_pipelines.health.surroundings import Surroundings
        from pake_pipelines.settings import Settings

        services = {"a": HttpService(url_env="NOT_SET"), "b": RedisService(url_env="NOT_SET")}
        asyncio.run(probe_all(services, Surroundings(Settings(), Probing(), {}, datetime.now(UTC))))
        print(sorted({"aiohttp", "asyncpg", "redis", "psutil", "yarl", "dagster", "numpy"} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
