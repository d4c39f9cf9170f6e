"""A sweep that is killed at any step: archive and tables together hold every row, and the next one finishes."""

import asyncio
import os
import signal

import pytest

from pake_pipelines.crash import VARIABLE, CrashPoint
from pake_pipelines.maintenance.retention import archive, sweep
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import rows, value
from pake_pipelines_tests.maintenance.retention.holdings import everything, fill, own, steady_rows

POINTS = [point for point in CrashPoint if point.startswith("retention.")]
ITEMS = 6


class Killed:
    """A knowledge base, and sweeps of it in forked processes that die where they are told to."""

    def __init__(self, database_url, place, directory):
        self.url = database_url
        self.place = place
        self.directory = directory

    def ask(self, question, *values):
        """Return what `question` answers when it is asked with the database open."""

        async def go():
            async with open_database(self.url) as database:
                return await question(database, *values)

        return asyncio.run(go())

    def sweep(self, crash_at=None):
        """Sweep in a process of its own; return how it ended, as `Popen.returncode` says it."""
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if crash_at:
                    os.environ[VARIABLE] = crash_at.value
                asyncio.run(sweep.run(self.place(batch=4)))
                code = 0
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def rows(self):
        """Return the rows in the tables, and in the files."""
        live, filed = self.ask(everything, self.directory)
        return steady_rows(live), steady_rows(filed)


@pytest.fixture
def killed(database_url, place, directory):
    made = Killed(database_url, place, directory)
    made.ask(fill, ITEMS)
    return made


@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_and_the_next_sweep_finishes(point, killed):
    before, _ = killed.rows()
    for _ in range(2):
        assert killed.sweep(point) == -signal.SIGKILL
        live, filed = killed.rows()
        assert before <= live | filed
    assert killed.sweep() == 0
    live, filed = killed.rows()
    assert before <= live | filed
    assert sum(killed.ask(own).values()) == 0
    assert sorted(path.name for path in killed.directory.glob("*")) == sorted(
        row["path"] for row in killed.ask(rows, "SELECT path FROM retention_archives")
    )
    moved = killed.ask(value, "SELECT sum(items) FROM retention_archives WHERE state = 'removed'")
    assert moved == ITEMS, "each item left once"
    parts = [part for path in killed.directory.glob("items-*") for part in archive.chunks(path)]
    entries = [line for table, lines in parts if table == "entries" for line in lines]
    assert len(entries) == len(set(entries)), "and lies in one file"


def test_killed_at_every_step_one_after_another(killed):
    before, _ = killed.rows()
    for point in reversed(POINTS):
        killed.sweep(point)
        live, filed = killed.rows()
        assert before <= live | filed
    assert killed.sweep() == 0
    assert sum(killed.ask(own).values()) == 0
