"""One beat in a process of its own, which is to die in it."""

import asyncio
import gc
import os
from collections import Counter
from pathlib import Path

import pytest

from pake_pipelines import crash
from pake_pipelines.alerts import evaluate
from pake_pipelines.crash import CrashPoint
from pake_pipelines.settings import Settings
from pake_pipelines_tests.alerts.harness.daemon import Daemons, Tick
from pake_pipelines_tests.alerts.harness.death import Death
from pake_pipelines_tests.alerts.harness.plants import PLANTS
from pake_pipelines_tests.alerts.harness.world import World


def beat(url: str, home: Path, world: World, tick: Tick, death: Death, plant: str | None) -> None:
    """Do `tick` and die at `death`."""
    gc.disable()  # a collection would copy all the memory that is its parent's, too
    patch = pytest.MonkeyPatch()
    if plant:
        PLANTS[plant](patch)
    os.environ[crash.VARIABLE] = death.point.value
    real, reached = crash.point, Counter[CrashPoint]()

    def point(here: CrashPoint) -> None:
        reached[here] += 1
        if reached[here] == death.reach:
            real(here)

    patch.setattr(crash, "point", point)
    patch.setattr(evaluate, "point", point)
    asyncio.run(_tick(url, home, world, tick))


async def _tick(url: str, home: Path, world: World, tick: Tick) -> None:
    async with Daemons(url, Settings(home=home)) as running:
        await running.tick(tick, world)
