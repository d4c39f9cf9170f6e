"""Runs of the duplicates stage in processes of their own, several at once, which may be told to die.

The functions here are carried out by a process that has imported everything heavy and has no threads; each run is a
fork of it.
"""

import asyncio
import gc
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

import asyncpg  # noqa: F401  # imported here so that no fork has to
import numpy as np  # noqa: F401
import rapidfuzz.process  # noqa: F401
import rensa  # noqa: F401

from pake_pipelines import crash
from pake_pipelines.config.loading import load_quality
from pake_pipelines.crash import CrashPoint
from pake_pipelines.pipeline import batches
from pake_pipelines.pipeline.duplicates import find_duplicates
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import Settings
from pake_pipelines.store import marks
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.duplicates.plants import PLANTS
from pake_pipelines_tests.embedder import WordEmbedder

_LONGEST_RUN = 60


@dataclass(frozen=True)
class Plan:
    """What one run does: the days it goes through, in which order and batches, and where or when it dies, if at all.

    `days` are dates, None looks everywhere. It dies at the given reach of `crash_at`, or after `seconds`.
    """

    url: str
    home: Path
    output: Path
    days: tuple
    seed: int
    size: int
    crash_at: CrashPoint | None = None
    reach: int = 1
    seconds: float = 0.0
    plant: str | None = None


def warm_up():
    """Make this process fit to be forked."""
    load_quality(Path())
    gc.freeze()


def carry_out(plans):
    """Make the runs of `plans` at the same time; return how each ended, as `Popen.returncode` says it."""
    forks = multiprocessing.get_context("fork")
    processes = [forks.Process(target=_run, args=(plan,)) for plan in plans]
    for process in processes:
        process.start()
    until = time.monotonic() + _LONGEST_RUN
    while running := [process.sentinel for process in processes if process.is_alive()]:
        if not wait(running, until - time.monotonic()):
            break
    for process in processes:
        if process.is_alive():
            process.kill()
            with plans[0].output.open("a") as output:
                output.write(f"still running after {_LONGEST_RUN} s\n")
            process.join()
            return [None for _ in processes]
        process.join()
    return [process.exitcode for process in processes]


def _run(plan):
    with plan.output.open("a") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    batches.batches.__defaults__ = (plan.size,)
    _shuffle(random.Random(plan.seed))
    if plan.plant:
        PLANTS[plan.plant]()
    os.environ[crash.VARIABLE] = plan.crash_at or ""
    crash.point = _Countdown(plan)
    if plan.seconds:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, plan.seconds)
    asyncio.run(_find(plan))


class _Countdown:
    """Stands in for `crash.point`: dawdles now and then, and lets the real one act at the wanted reach."""

    def __init__(self, plan):
        self._real = crash.point
        self._reach = plan.reach
        self._reached = Counter()
        self._choose = random.Random(plan.seed)

    def __call__(self, here):
        self._reached[here] += 1
        if self._reached[here] == self._reach:
            self._real(here)
        if self._choose.random() < 0.3:
            time.sleep(self._choose.uniform(0, 0.01))


def _shuffle(choose):
    """Let the stage go through its documents in another order than the other run, in batches that cut across."""
    pending = marks.pending

    async def shuffled(*args, **options):
        found = await pending(*args, **options)
        return choose.sample(found, len(found))

    marks.pending = shuffled


async def _find(plan):
    kit = Kit(Settings(home=plan.home, database_url=plan.url), WordEmbedder())
    async with open_database(plan.url) as database:
        for day in plan.days:
            run = Run(f"run-{plan.seed}", day or NOW.date(), NOW, everywhere=day is None)
            await find_duplicates(kit, database, run)
