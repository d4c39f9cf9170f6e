"""The stage on which runs are killed: two scenes with their undisturbed outcome, and attempts that start from them."""

import asyncio
import itertools
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pake_pipelines.crash import CrashPoint
from pake_pipelines.store.database import Patience, wait_for, with_database
from pake_pipelines_tests.crash.attempt import Attempt, carry_out
from pake_pipelines_tests.crash.corpus import build_world
from pake_pipelines_tests.crash.snapshot import Snapshot, count_in_run_logs, take_snapshot

SCENES: Final = ("first met", "changed")
_numbers = itertools.count()


@dataclass(frozen=True)
class Outcome:
    """What a project holds after its runs, and what their logs claim."""

    held: Snapshot
    logged: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Scene:
    """A state of the sources, what was there before the run, and what an undisturbed run makes of both."""

    home: Path
    database_before: str
    data_before: Path | None
    expected: Outcome
    reached: Counter[CrashPoint]


class Stage:
    """Builds the scenes below `root` on the server of `knowledge_url`, whose database is the empty beginning."""

    def __init__(self, knowledge_url: str, root: Path) -> None:
        """Play both scenes undisturbed."""
        self._url = knowledge_url
        self._root = root
        self.now = datetime.now(UTC)
        # clients are killed here, never the server: waiting for the disk would prove nothing and take a third longer
        asyncio.run(self._maintain("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
        homes = {name: root / name.replace(" ", "-") for name in SCENES}
        for name, home in homes.items():
            build_world(home, self.now, changed=name == "changed")
        first, first_ended = self._play(homes["first met"], _name(knowledge_url), None)
        changed, _ = self._play(homes["changed"], _name(first_ended.database_url), first_ended.data)
        self.scenes = dict(zip(SCENES, (first, changed), strict=True))

    def _play(self, home: Path, database: str, data: Path | None) -> tuple[Scene, Attempt]:
        attempt = self._prepare(home, database, data)
        run(attempt)
        reached = Counter(map(CrashPoint, attempt.trace.read_text().split()))
        return Scene(home, database, data, outcome(attempt), reached), attempt

    def _prepare(self, home: Path, database: str, data: Path | None) -> Attempt:
        number = next(_numbers)
        name, directory = f"crash_{number}", self._root / f"data-{number}"
        asyncio.run(self._maintain(f'CREATE DATABASE "{name}" TEMPLATE "{database}"'))
        if data is None:
            directory.mkdir()
        else:
            shutil.copytree(data, directory)
        return Attempt(home, directory, with_database(self._url, name), self.now.date().isoformat())

    @contextmanager
    def attempt(self, scene: Scene) -> Iterator[Attempt]:
        """Lend a copy of what was there before the scene's run."""
        prepared = self._prepare(scene.home, scene.database_before, scene.data_before)
        try:
            yield prepared
        finally:
            shutil.rmtree(prepared.data)
            self._drop(prepared.database_url)

    def killed_and_run_again(
        self, scene: Scene, point: CrashPoint, reach: int = 1, plant: str | None = None
    ) -> Outcome:
        """Kill a run of `scene` at the given reach of `point`, run it again, and return what there is then."""
        with self.attempt(scene) as prepared:
            kill(replace(prepared, crash_at=point, reach=reach, plant=plant))
            run(replace(prepared, plant=plant))
            return outcome(prepared)

    async def _maintain(self, *statements: str) -> None:
        connection = await wait_for(with_database(self._url, "postgres"), Patience())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _drop(self, url: str) -> None:
        asyncio.run(self._maintain(f'DROP DATABASE "{_name(url)}" WITH (FORCE)'))


def _name(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]


def run(attempt: Attempt) -> None:
    """Run `attempt` to its end; fails with what it printed when it does not succeed."""
    code = carry_out(attempt)
    assert code == 0, f"the run ended with {code}:\n{attempt.output.read_text()[-4000:]}"


def kill(attempt: Attempt) -> None:
    """Run `attempt` and make sure that it died by SIGKILL, at its crash point and at the right reach of it."""
    code = carry_out(attempt)
    passed = attempt.trace.read_text().split()
    assert code == -signal.SIGKILL, f"{attempt.crash_at} did not kill the run, it ended with {code}"
    assert passed[-1] == attempt.crash_at
    assert passed.count(str(attempt.crash_at)) == attempt.reach


def outcome(attempt: Attempt) -> Outcome:
    """Return what the project of `attempt` holds."""
    held = asyncio.run(take_snapshot(attempt.database_url, attempt.data, attempt.home))
    return Outcome(held, asyncio.run(count_in_run_logs(attempt.database_url)))
