"""The worker: whatever a parser does, the pipeline gets entries or a source error in time, and goes on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import psutil
import pytest

from pake_pipelines.config.manners import Parsing
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.sources.feeds.parsing import parse_fetched
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines_tests.feeds import item, rss
from pake_pipelines_tests.pipeline import parsers


def limits(**changes):
    return Parsing(**{"deadline_seconds": 30, "memory_mb": 512, "max_items": 1000, "workers": 1} | changes)


def fetched(body=b"text"):
    return Fetched("http://a.example/feed", body, datetime.now(UTC))


@pytest.fixture
def worker():
    with Worker(limits()) as lent:
        yield lent


def workers_of(pid=None):
    """Return the worker processes of a process."""
    return [
        child for child in psutil.Process(pid).children(recursive=True) if "--multiprocessing-fork" in child.cmdline()
    ]


async def error_of(worker, parse, body=b"text"):
    with pytest.raises(SourceError) as raised:
        await worker.parse(parse, fetched(body))
    return raised.value


async def test_a_feed_is_parsed_in_another_process(worker):
    parsed = await worker.parse(parse_fetched, fetched(rss(item(1), item(2))))
    assert [entry.title for entry in parsed.entries] == ["Report 1", "Report 2"]
    assert int((await worker.parse(parsers.process, fetched())).title) != os.getpid()


async def test_nothing_is_started_until_something_is_parsed():
    before = workers_of()
    with Worker(limits()) as worker:
        assert workers_of() == before
        await worker.parse(parsers.echo, fetched())
        assert len(workers_of()) == len(before) + 1
    assert workers_of() == before


async def test_the_worker_knows_no_heavy_library(worker):
    await worker.parse(parse_fetched, fetched(rss(item(1))))
    assert (await worker.parse(parsers.process, fetched())).warnings == ()


async def test_a_parser_beyond_its_deadline_is_killed_and_the_next_body_is_parsed():
    with Worker(limits(deadline_seconds=0.5)) as worker:
        await worker.parse(parsers.echo, fetched())
        started = time.monotonic()
        error = await error_of(worker, parsers.loop_forever)
        assert time.monotonic() - started < 5
        assert (error.kind, str(error)) == ("too_slow", "http://a.example/feed: not parsed within 0.5 s")
        assert (await worker.parse(parsers.echo, fetched())).title == "text"


async def test_waiting_for_ones_turn_does_not_count_towards_the_deadline():
    with Worker(limits(deadline_seconds=1)) as worker:
        await worker.parse(parsers.echo, fetched())
        slow = asyncio.gather(
            *(worker.parse(parsers.loop_forever, fetched()) for _ in range(2)), return_exceptions=True
        )
        assert (await worker.parse(parsers.echo, fetched())).title == "text"
        assert [error.kind for error in await slow] == ["too_slow", "too_slow"]


async def test_a_parser_that_takes_too_much_memory_fails_alone(worker):
    assert (await error_of(worker, parsers.eat_memory)).kind == "too_heavy"
    assert (await worker.parse(parsers.echo, fetched())).title == "text"


@pytest.mark.parametrize("memory_mb", [128, 300])
async def test_no_more_memory_is_resident_than_the_cap_allows(memory_mb):
    with Worker(limits(memory_mb=memory_mb)) as worker:
        most = int((await worker.parse(parsers.resident, fetched())).title)
    assert memory_mb / 3 < most <= memory_mb


async def test_a_parser_that_dies_takes_nothing_else_with_it(worker):
    assert (await error_of(worker, parsers.die)).kind == "too_heavy"
    assert (await worker.parse(parsers.echo, fetched())).title == "text"


async def test_a_worker_that_was_killed_while_idle_is_replaced(worker):
    for seconds in (0, 1):
        idle = int((await worker.parse(parsers.process, fetched())).title)
        os.kill(idle, signal.SIGKILL)
        await asyncio.sleep(seconds)
        assert (await worker.parse(parsers.echo, fetched())).title == "text"


async def test_what_a_parser_says_of_its_source_comes_through_unchanged(worker):
    error = await error_of(worker, parsers.refuse)
    assert (error.kind, str(error), error.status, error.transient) == ("http_status", "no", 503, True)


async def test_any_other_error_of_a_parser_makes_the_body_malformed(worker):
    error = await error_of(worker, parsers.stumble)
    assert (error.kind, str(error)) == ("malformed", "http://a.example/feed: KeyError: 'oh'")


async def test_entries_beyond_the_cap_are_left_out_and_counted():
    with Worker(limits(max_items=3)) as worker:
        parsed = await worker.parse(parsers.many, fetched(b"10"))
        assert [entry.key for entry in parsed.entries] == ["0", "1", "2"]
        assert parsed.warnings == ("first", "7 entries beyond the first 3 were left out")
        assert (await worker.parse(parsers.many, fetched(b"3"))).warnings == ("first",)


async def test_many_bodies_at_once_all_come_back(worker):
    bodies = [str(n).encode() * 50_000 for n in range(100)]
    parsed = await asyncio.gather(*(worker.parse(parsers.echo, fetched(body)) for body in bodies))
    assert [one.title.encode() for one in parsed] == bodies


def test_a_worker_ends_when_its_pipeline_is_killed(tmp_path):
    told = tmp_path / "pid"
    command = [sys.executable, "-m", "pake_pipelines_tests.pipeline.orphan_maker", str(told)]
    with subprocess.Popen(command) as pipeline:
        until(lambda: told.exists() and told.read_text())
        orphan = psutil.Process(int(told.read_text()))
        pipeline.kill()
    until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)


def until(holds, seconds=20):
    """Wait until `holds()` is true."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)
