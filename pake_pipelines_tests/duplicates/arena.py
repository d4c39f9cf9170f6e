"""The arena: one state of a store, cloned for every fight of two runs over it, and what is left behind."""

import asyncio
import itertools
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import get_context

from pake_pipelines.crash import CrashPoint
from pake_pipelines.store.database import Patience, wait_for, with_database
from pake_pipelines_tests.conftest import TODAY
from pake_pipelines_tests.duplicates.child import Plan, carry_out, warm_up

YESTERDAY = TODAY - timedelta(days=1)

_JOURNAL = "'{run_id,created_at,updated_at,made_at}'::text[]"
# what the stage answers for, without the runs and moments that wrote it
HELD = {
    table: f"SELECT (to_jsonb(t) - {_JOURNAL})::text FROM pake.{table} t {where}"
    for table, where in {
        "duplicate_candidates": "",
        "duplicate_groups": "",
        "duplicate_members": "",
        "signatures": "",
        "document_signatures": "",
        "all_signature_bands": "",
        "stage_marks": "JOIN pake.entries e USING (entry_id) WHERE stage = 'duplicates' AND superseded_at IS NULL",
    }.items()
}
_DISTURBED = "SELECT stage || ' ' || entry_id FROM pake.stage_marks WHERE stale AND stage <> 'duplicates'"

_POINTS = [
    CrashPoint.DUPLICATES_CANDIDATES_WRITTEN,
    CrashPoint.DUPLICATES_GROUPS_WRITTEN,
    CrashPoint.DUPLICATES_COMMITTED,
]
_DAYS = [(TODAY, YESTERDAY), (YESTERDAY, TODAY), (TODAY,), (YESTERDAY,), (None,), (TODAY, None)]


@dataclass(frozen=True)
class Outcome:
    """What the stage left behind, and which later stages are asked to look again at which entries."""

    held: dict
    disturbed: set


@dataclass(frozen=True)
class Fight:
    """How the two runs ended, what the last one printed if it failed, and what differs from the serial result."""

    ended: tuple
    said: str
    differences: dict

    @property
    def sound(self):
        """Whether nobody died but by its plan, and the outcome is the serial one."""
        return not self.said and not self.differences


class Arena:
    """Clones the database `template` on the server of `server_url`; files are kept below `root`."""

    _numbers = itertools.count()

    def __init__(self, server_url, template, home, root):
        self._server_url = server_url
        self._template = template
        self._home = home
        self._root = root
        self._pool = ProcessPoolExecutor(2, get_context("spawn"), initializer=warm_up)
        self.serial = self._serial()

    def close(self):
        """End the processes that runs are forks of."""
        self._pool.shutdown()

    def _serial(self):
        with _Clone(self._server_url, self._template, next(self._numbers)) as url:
            plan = Plan(url, self._home, self._root / "serial", (YESTERDAY, TODAY), 0, 200)
            (ended,) = self._pool.submit(carry_out, [plan]).result()
            assert ended == 0, plan.output.read_text()
            return asyncio.run(_outcome(url))

    def fight(self, seed, plant=None):
        """Let two runs loose on one clone, as `seed` says; then let a third, undisturbed one finish."""
        with _Clone(self._server_url, self._template, next(self._numbers)) as url:
            output = self._root / f"{self._template}-{seed}-{plant}"
            plans = [replace(one, plant=plant) for one in plans_of(seed, url, self._home, output)]
            ended = self._pool.submit(carry_out, plans).result()
            last = Plan(url, self._home, output, (TODAY, YESTERDAY), seed, 50, plant=plant)
            ended += self._pool.submit(carry_out, [last]).result()
            allowed = [{0, -9 if one.crash_at or one.seconds else 0} for one in (*plans, last)]
            failed = any(end not in fine for end, fine in zip(ended, allowed, strict=True))
            said = f"ended with {ended}:\n{output.read_text()[-3000:]}" if failed else ""
            return Fight(tuple(ended), said, self._differences(asyncio.run(_outcome(url))))

    def _differences(self, found):
        differing = {
            table: {
                "lost": sorted((rows - found.held[table]).elements()),
                "more": sorted((found.held[table] - rows).elements()),
            }
            for table, rows in self.serial.held.items()
            if rows != found.held[table]
        }
        # a detour may disturb more than the straight way, never less
        overlooked = sorted(self.serial.disturbed - found.disturbed)
        return differing | ({"overlooked": overlooked} if overlooked else {})


def plans_of(seed, url, home, output):
    """Return the plans of the two runs of `seed`: one third of the pairs goes undisturbed, one loses one, one both."""
    choose = random.Random(seed)
    plans = [
        Plan(url, home, output, choose.choice(_DAYS), 10 * seed + number, choose.randint(5, 20)) for number in range(2)
    ]
    dying = choose.sample(range(2), seed % 3)
    return [_doomed(plan, choose) if number in dying else plan for number, plan in enumerate(plans)]


def _doomed(plan, choose):
    if choose.random() < 0.3:
        return replace(plan, seconds=choose.uniform(0.05, 0.5))
    return replace(plan, crash_at=choose.choice(_POINTS), reach=choose.randint(1, 4))


class _Clone:
    """Lends a copy of a database, where whoever waits too long fails."""

    def __init__(self, server_url, template, number):
        self._server_url, self._template, self._name = server_url, template, f"arena_{number}"

    def __enter__(self):
        asyncio.run(execute(self._server_url, f'CREATE DATABASE "{self._name}" TEMPLATE "{self._template}"'))
        url = with_database(self._server_url, self._name)
        return f"{url}{'&' if '?' in url else '?'}statement_timeout=20000"

    def __exit__(self, *_):
        asyncio.run(execute(self._server_url, f'DROP DATABASE "{self._name}" WITH (FORCE)'))


async def execute(url, statement):
    """Carry out one statement on a connection of its own."""
    connection = await wait_for(url, Patience())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _outcome(url):
    connection = await wait_for(url, Patience())
    try:
        held = {table: Counter(row[0] for row in await connection.fetch(query)) for table, query in HELD.items()}
        return Outcome(held, {row[0] for row in await connection.fetch(_DISTURBED)})
    finally:
        await connection.close()
