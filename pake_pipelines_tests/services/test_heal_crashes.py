"""A healer that is killed at any of its steps, again and again, never forgets what it has tried."""

import asyncio
import multiprocessing
import os
import signal
from datetime import timedelta

import pytest

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.services import plan
from pake_pipelines.services.books import plan_now
from pake_pipelines.services.heal import heal
from pake_pipelines.store import service_restarts
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import rows
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.services.place import gone

POINTS = [point for point in CrashPoint if point.startswith("heal.")]
BOUND = 2
ROUNDS = 3


def healer(place, database_url, at):
    """Heal in this process, which dies at the crash point `at`."""
    os.environ[crash.VARIABLE] = at

    async def go():
        async with open_database(database_url) as database:
            await heal(database, place.config, place.settings, clock=place.hands.clock, environ=place.environ)

    asyncio.run(go())


def killed_at(place, database_url, at):
    # a fork has everything imported; the test's own process has no event loop of its own while it forks
    process = multiprocessing.get_context("fork").Process(target=healer, args=(place, database_url, at))
    process.start()
    process.join(30)
    return process.exitcode


async def _see(place, database_url):
    async with open_database(database_url) as database:
        await place.seen(database, "unhealthy", "web")


async def _look(place, database_url):
    async with open_database(database_url) as database:
        await plan_now(database, place.config.services, place.hands.now())
        async with database.connection() as connection:
            left = await service_restarts.surrenders(connection)
        return left, await rows(database, "SELECT * FROM service_restarts ORDER BY restart_id")


def played(place, database_url, at):
    """Return how the healer ended that was to heal the same service in each round, dying at `at` when it got there."""
    place.configure(web=place.server("web", restarts={"max_per_hour": BOUND}))
    ends = []
    for number in range(ROUNDS):
        place.hands.set(NOW + timedelta(minutes=6 * number))
        place.kill("web")
        asyncio.run(_see(place, database_url))
        ends.append(killed_at(place, database_url, at))
    return ends


# within the bound it died, beyond it did nothing
EXPECTED = [-signal.SIGKILL] * BOUND + [0] * (ROUNDS - BOUND)


@pytest.mark.parametrize("at", POINTS)
def test_killing_the_healer_never_resets_the_counter(place, database_url, at):
    assert played(place, database_url, at) == EXPECTED
    assert place.starts("web") <= BOUND
    place.kill("web")
    place.hands.forward(minutes=1)
    asyncio.run(_see(place, database_url))
    left, made = asyncio.run(_look(place, database_url))
    assert len(made) == BOUND
    expected = "verified" if at is CrashPoint.HEAL_SETTLED else "interrupted"
    assert {one["state"] for one in made} == {expected}
    assert set(left) == {"web"}
    place.hands.forward(minutes=61)
    asyncio.run(_see(place, database_url))
    assert killed_at(place, database_url, at) == 0, "what was given up stays so, though the hour is over"


def counted_when_it_ends(monkeypatch):
    """An attempt is written only once something has come of it."""

    async def claim(*_, **__):
        return -1

    monkeypatch.setattr(service_restarts, "claim", claim)


def forgets_the_interrupted(monkeypatch):
    """Attempts of the dead are deleted, not closed."""

    async def interrupt(connection, service, _):
        await connection.execute("DELETE FROM service_restarts WHERE service = $1 AND ended_at IS NULL", service)
        return 0

    monkeypatch.setattr(service_restarts, "interrupt", interrupt)


def counts_in_memory(monkeypatch):
    """The bound is kept by the process, and a new one begins at nought."""
    monkeypatch.setattr(plan, "used_up", lambda *_: 0)
    claim = service_restarts.claim
    monkeypatch.setattr(
        service_restarts, "claim", lambda *args, **given: claim(*args, **{**given, "max_per_hour": 1000})
    )


@pytest.mark.parametrize("plant", [counted_when_it_ends, forgets_the_interrupted, counts_in_memory])
def test_a_planted_bug_is_noticed(place, database_url, plant, monkeypatch):
    plant(monkeypatch)
    assert played(place, database_url, CrashPoint.HEAL_STARTED) != EXPECTED


def test_a_program_whose_start_was_not_written_down_is_found_and_ended_by_the_next_attempt(place, database_url):
    place.configure(web=place.server("web", timeout_seconds=0.3))
    asyncio.run(_see(place, database_url))
    assert killed_at(place, database_url, CrashPoint.HEAL_SPAWNED) == -signal.SIGKILL
    (orphan,) = wait_for_one(place)
    orphan.send_signal(signal.SIGSTOP)
    place.hands.forward(minutes=2)
    asyncio.run(_see(place, database_url))
    assert killed_at(place, database_url, "nowhere") == 0
    assert [one.pid for one in place.programs("web")] != [orphan.pid]
    assert gone(orphan)


def wait_for_one(place):
    for _ in range(100):
        if place.starts("web"):
            return place.programs("web")
        asyncio.run(asyncio.sleep(0.05))
    raise AssertionError("nothing was started")
