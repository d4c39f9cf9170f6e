"""Killing the daemon with SIGKILL at one of its crash points: that beat is done by a real process, which dies there."""

import asyncio
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait

import pytest

from pake_pipelines import crash
from pake_pipelines.alerts import evaluate
from pake_pipelines.crash import CrashPoint
from pake_pipelines_tests.alerts.harness.child import beat
from pake_pipelines_tests.alerts.harness.daemon import Tick
from pake_pipelines_tests.alerts.harness.death import Death
from pake_pipelines_tests.alerts.harness.play import Played, Stage
from pake_pipelines_tests.alerts.harness.script import Script
from pake_pipelines_tests.alerts.harness.world import World

_LONGEST_BEAT = 30
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
# a fork has everything imported, and takes nothing with it of the loop that it was made in
_forks = multiprocessing.get_context("fork")


async def deaths(stage: Stage, script: Script) -> list[Death]:
    """Return everywhere that the daemon can die in `script`, as an undisturbed play comes by it."""
    found: list[Death] = []
    reached: Counter[tuple[int, CrashPoint]] = Counter()
    now = 0

    def note(here: CrashPoint) -> None:
        reached[now, here] += 1
        found.append(Death(now, here, reached[now, here]))

    def begin(number: int) -> None:
        nonlocal now
        now = number

    with _noted(note):
        await stage.play(script, hears=begin)
    return found


@contextmanager
def _noted(note: object) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crash, "point", note)
        patch.setattr(evaluate, "point", note)
        yield


async def play_and_kill(stage: Stage, script: Script, death: Death, plant: str | None = None) -> Played:
    """Play `script`; the daemon dies as `death` says, and is started again for the next tick."""
    killer = _Killer(stage, death, plant)
    played = await stage.play(script, stand_in=killer)
    assert killer.done, f"{script.name}: {death} was not reached"
    return played


class _Killer:
    """Does one beat in a process of its own, which dies in it; the rest of that tick nobody does."""

    def __init__(self, stage: Stage, death: Death, plant: str | None) -> None:
        self._stage = stage
        self._death = death
        self._plant = plant
        self.done = False

    async def takes(self, number: int, tick: Tick, world: World) -> bool:
        if number == self._death.beat:
            async with self._stage.maintenance() as connection:
                before = await connection.fetchval(_SESSIONS)
                exit_code = self._in_child(tick, world)
                assert exit_code == -signal.SIGKILL, f"the child ended with {exit_code} instead of dying"
                # what takes 30 seconds elsewhere comes at once here: the server has still to see that it is dead
                while await connection.fetchval(_SESSIONS) > before:
                    await asyncio.sleep(0.005)
            self.done = True
            return True
        return self.done and tick.delivers and number == self._death.beat + 1

    def _in_child(self, tick: Tick, world: World) -> int | None:
        process = _forks.Process(
            target=beat, args=(self._stage.url, self._stage.settings.home, world, tick, self._death, self._plant)
        )
        process.start()
        ended = wait([process.sentinel], _LONGEST_BEAT)
        if not ended:
            process.kill()
        process.join()
        assert ended, f"a beat took longer than {_LONGEST_BEAT} s"
        return process.exitcode
