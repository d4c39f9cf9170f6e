"""Healing real programs: killed, hung, never coming up; in order, bounded, verified, by one healer at a time."""

import asyncio
import signal
from datetime import timedelta
from itertools import pairwise

import pytest

from pake_pipelines.model.restart import RestartState
from pake_pipelines.services.books import held, plan_now
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.heal import HealState, heal
from pake_pipelines.services.mechanics import RESTART_PAUSE_SECONDS
from pake_pipelines.services.plan import WaitReason
from pake_pipelines.services.spawn import log_file
from pake_pipelines.store import service_processes, service_restarts
from pake_pipelines_tests.chain import rows
from pake_pipelines_tests.conftest import NOW


@pytest.fixture
def healing(place, database):
    async def go(*names, **options):
        return await heal(
            database, place.config, place.settings, names or None, run_id="run-1",
            clock=place.hands.clock, environ=place.environ, **options,
        )  # fmt: skip

    return go


async def attempts(database):
    return await rows(
        database, "SELECT service, attempt, state, detail, run_id, cause FROM service_restarts ORDER BY restart_id"
    )


def states(result):
    return {one.service: one.state for one in result.outcomes}


async def test_a_killed_service_is_restarted_and_verified_by_its_probe(place, database, healing):
    place.configure(web=place.server("web"))
    await place.seen(database, "unhealthy", "web")
    first = await healing()
    assert states(first) == {"web": HealState.VERIFIED}
    assert first.ok
    place.kill("web")
    place.hands.forward(minutes=5)
    await place.seen(database, "unhealthy", "web")
    second = await healing(cause="killed")
    assert states(second) == {"web": HealState.VERIFIED}
    assert place.starts("web") == 2
    made = await attempts(database)
    assert [(one["attempt"], one["state"], one["run_id"], one["cause"]) for one in made] == [
        (1, "verified", "run-1", "no connection: connection refused"),
        (2, "verified", "run-1", "killed"),
    ]
    assert len(place.programs("web")) == 1


async def test_a_service_that_hangs_is_ended_before_it_is_started_again(place, database, healing):
    place.configure(web=place.server("web", timeout_seconds=0.3))
    await place.seen(database, "unhealthy", "web")
    await healing()
    (hung,) = place.programs("web")
    hung.send_signal(signal.SIGSTOP)
    place.hands.forward(minutes=5)
    await place.seen(database, "unhealthy", "web")
    assert states(await healing()) == {"web": HealState.VERIFIED}
    assert hung.pid not in {one.pid for one in place.programs("web")}
    assert RESTART_PAUSE_SECONDS in place.hands.slept


async def test_parents_are_healed_and_verified_before_their_children(place, database, healing):
    place.configure(
        front=place.server("front", depends_on=["middle"]),
        middle=place.server("middle", "late=0.3", depends_on=["base"]),
        base=place.server("base", "late=0.3"),
    )
    await place.seen(database, "unhealthy", "front", "middle", "base")
    result = await healing()
    assert [(one.service, one.state) for one in result.outcomes] == [
        (name, HealState.VERIFIED) for name in ("base", "middle", "front")
    ]
    moments = await rows(database, "SELECT service, begun_at, ended_at FROM service_restarts ORDER BY begun_at")
    assert [one["service"] for one in moments] == ["base", "middle", "front"]
    assert all(below["begun_at"] >= above["ended_at"] for above, below in pairwise(moments))


async def test_what_does_not_depend_is_healed_at_the_same_time(place, database, healing):
    place.configure(one=place.server("one", "late=1"), two=place.server("two", "late=1"))
    await place.seen(database, "unhealthy", "one", "two")
    await healing()
    one, two = await rows(database, "SELECT begun_at, ended_at FROM service_restarts")
    assert max(one["begun_at"], two["begun_at"]) < min(one["ended_at"], two["ended_at"])


async def test_a_child_is_left_alone_when_its_parent_could_not_be_healed(place, database, healing):
    place.configure(base=place.server("base", "exit=3"), front=place.server("front", depends_on=["base"]))
    await place.seen(database, "unhealthy", "base", "front")
    result = await healing()
    assert states(result) == {"base": HealState.FAILED, "front": HealState.WAITS}
    assert place.starts("front") == 0
    assert not result.ok


async def test_a_child_that_came_back_with_its_parent_is_not_restarted(place, database, healing):
    place.configure(base=place.server("base"), front=place.server("front", depends_on=["base"]))
    await place.seen(database, "unhealthy", "base", "front")
    assert states(await healing()) == {"base": HealState.VERIFIED, "front": HealState.VERIFIED}
    place.kill("base")
    place.hands.forward(minutes=10)
    await place.seen(database, "unhealthy", "base", "front")
    assert states(await healing()) == {"base": HealState.VERIFIED, "front": HealState.NOT_NEEDED}
    assert place.starts("front") == 1


@pytest.mark.parametrize(
    ("option", "words"),
    [("exit=3", "ended with exit code 3: the port is taken by somebody"), ("mute", "does not serve 1 s after")],
)
async def test_an_attempt_that_is_not_verified_has_failed_and_says_why(place, database, healing, option, words):
    place.configure(web=place.server("web", option, startup_seconds=1))
    await place.seen(database, "unhealthy", "web")
    (outcome,) = (await healing()).outcomes
    assert outcome.state is HealState.FAILED
    assert words in outcome.detail
    assert [one["state"] for one in await attempts(database)] == ["failed"]


async def test_a_log_that_somebody_removed_does_not_hide_how_an_attempt_ended(place, database, healing):
    log = log_file(place.settings, "web")
    place.configure(web=place.server("web", start=["sh", "-c", f"rm {log}; exit 3"]))
    await place.seen(database, "unhealthy", "web")
    (outcome,) = (await healing()).outcomes
    assert outcome.state is HealState.FAILED
    assert "ended with exit code 3: unknown (No such file or directory)" in outcome.detail


async def test_a_command_that_does_not_exist_is_an_attempt_that_failed(place, database, healing):
    place.configure(web=place.server("web", start=["/no/such/program", "--at-all"]))
    await place.seen(database, "unhealthy", "web")
    (outcome,) = (await healing()).outcomes
    assert outcome.state is HealState.FAILED
    assert "`/no/such/program`: No such file or directory" in outcome.detail
    assert "configs/monitoring.yaml" in outcome.detail


async def test_after_the_bound_a_service_is_given_up_until_it_serves_again(place, database, healing):
    config = place.configure(web=place.server("web", "exit=1"))
    waited = []
    for _ in range(5):
        await place.seen(database, "unhealthy", "web")
        plan = await plan_now(database, config.services, place.hands.now())
        waited.append(plan.names)
        await healing()
        place.hands.forward(minutes=2)
    assert place.starts("web") == 3
    assert waited == [("web",), ("web",), ("web",), (), ()]
    async with database.connection() as connection:
        (left,) = (await service_restarts.surrenders(connection)).values()
    assert "3 attempts within an hour" in left.detail
    assert not left.by_hand
    place.hands.forward(hours=3)
    await place.seen(database, "unhealthy", "web")
    assert (await plan_now(database, config.services, place.hands.now())).names == ()
    place.hands.forward(minutes=1)
    await place.seen(database, "healthy", "web", times=1, every=0)
    assert (await plan_now(database, config.services, place.hands.now())).over == ("web",)
    async with database.connection() as connection:
        assert await service_restarts.surrenders(connection) == {}


async def test_the_back_off_between_attempts_has_the_ratio_of_the_configuration(place, database, healing):
    restarts = {"max_per_hour": 9, "backoff_seconds": 10, "backoff_factor": 3, "backoff_max_seconds": 200}
    config = place.configure(web=place.server("web", "exit=1", restarts=restarts))
    waits = []
    for _ in range(5):
        await place.seen(database, "unhealthy", "web")
        await healing()
        place.hands.forward(seconds=2)
        await place.seen(database, "unhealthy", "web", times=1)
        found = (await plan_now(database, config.services, place.hands.now())).of("web")
        assert found.reason is WaitReason.BACK_OFF
        last = (await rows(database, "SELECT max(ended_at) AS at FROM service_restarts"))[0]["at"]
        waits.append(round((found.until - last).total_seconds()))
        assert states(await healing()) == {"web": HealState.WAITS}, "a healer that is called too early does nothing"
        place.hands.set(found.until + timedelta(seconds=1))
    assert waits == [10, 30, 90, 200, 200]
    assert place.starts("web") == 5


async def test_late_recovery_a_child_is_retried_at_once_when_its_parent_is_back(place, database, healing):
    config = place.configure(
        base=place.server("base"), front=place.server("front", "exit=1", depends_on=["base"],
                                                       restarts={"backoff_seconds": 300, "backoff_max_seconds": 3000})
    )  # fmt: skip
    await place.seen(database, "unhealthy", "base")
    await healing("base")
    place.hands.forward(minutes=11)
    await place.seen(database, "healthy", "base")
    await place.seen(database, "unhealthy", "front")
    assert states(await healing("front")) == {"front": HealState.FAILED}
    place.kill("base")
    place.hands.forward(seconds=60)
    await place.seen(database, "unhealthy", "base", "front")
    assert states(await healing()) == {"base": HealState.VERIFIED, "front": HealState.FAILED}
    assert place.starts("front") == 2, "at once, and not 300 s later"
    place.hands.forward(seconds=60)
    await place.seen(database, "healthy", "base", times=1)
    await place.seen(database, "unhealthy", "front")
    assert (await plan_now(database, config.services, place.hands.now())).of("front").reason is WaitReason.BACK_OFF


async def test_two_healers_never_restart_the_same_service_at_once(place, database, healing):
    place.configure(web=place.server("web", "late=0.5"))
    await place.seen(database, "unhealthy", "web")
    results = await asyncio.gather(*(healing() for _ in range(3)))
    found = sorted(one.outcomes[0].state for one in results)
    assert found.count(HealState.VERIFIED) == 1
    assert set(found) <= {HealState.VERIFIED, HealState.BUSY, HealState.NOT_NEEDED}
    assert place.starts("web") == 1
    assert len(await attempts(database)) == 1


async def test_a_service_that_somebody_holds_is_left_to_them(place, database, healing):
    place.configure(web=place.server("web"))
    await place.seen(database, "unhealthy", "web")
    async with held(database, "web"):
        assert states(await healing()) == {"web": HealState.BUSY}
    assert states(await healing()) == {"web": HealState.VERIFIED}


async def test_what_serves_when_the_healer_looks_is_not_restarted_whatever_was_sampled(place, database, healing):
    place.configure(web=place.server("web"))
    await place.seen(database, "unhealthy", "web")
    await healing()
    place.hands.forward(minutes=1)
    await place.seen(database, "unhealthy", "web")
    assert states(await healing()) == {"web": HealState.NOT_NEEDED}
    assert place.starts("web") == 1


async def test_of_an_unknown_service_nothing_is_restarted(place, database, healing):
    place.configure(web=place.server("web"))
    await place.seen(database, "unknown", "web", times=3)
    config = place.config
    assert (await plan_now(database, config.services, place.hands.now())).names == ()


async def test_an_attempt_under_way_is_not_taken_for_dead_while_its_maker_lives(place, database):
    place.configure(web=place.server("web"))
    async with held(database, "web") as connection:
        async with connection.transaction():
            await service_restarts.claim(
                connection, service="web", cause="", attempt=1, actor="x", by_hand=False, run_id=None, now=NOW,
                max_per_hour=3,
            )  # fmt: skip
        async with database.transaction() as other:
            assert await service_restarts.interrupt_dead(other, NOW) == 0
    async with database.transaction() as other:
        assert await service_restarts.interrupt_dead(other, NOW) == 1
    assert [one["state"] for one in await attempts(database)] == [RestartState.INTERRUPTED]


async def test_a_claim_beyond_the_bound_writes_nothing_whoever_asks(place, database):
    async def claim(by_hand):
        async with database.transaction() as connection:
            return await service_restarts.claim(
                connection, service="web", cause="", attempt=1, actor="x", by_hand=by_hand, run_id=None, now=NOW,
                max_per_hour=2,
            )  # fmt: skip

    assert [await claim(by_hand) is not None for by_hand in (False, True, False, False, True)] == [
        True, True, True, False, True,
    ]  # fmt: skip


async def test_a_restart_command_is_run_and_its_service_verified(place, database, healing):
    daemon = place.command("web", "daemon")
    place.configure(web=place.server("web", restart=daemon, start=["/no/such/program"]))
    await place.seen(database, "unhealthy", "web")
    assert states(await healing()) == {"web": HealState.VERIFIED}
    assert place.starts("web") == 1


async def test_an_unknown_name_is_refused(place, database, healing):
    place.configure(web=place.server("web"))
    with pytest.raises(ServiceError, match="no service 'wep'"):
        await healing("wep")


async def test_without_anything_to_heal_one_query_is_made(place, database):
    place.configure(web=place.server("web", start=None))
    plan = await plan_now(database, place.config.services, NOW)
    assert (plan.heal, plan.waits) == ((), ())


async def test_what_was_started_is_recorded_with_pid_and_moment(place, database, healing):
    place.configure(web=place.server("web"))
    await place.seen(database, "unhealthy", "web")
    await healing()
    async with database.connection() as connection:
        recorded = (await service_processes.processes(connection))["web"]
    (program,) = place.programs("web")
    assert recorded.pid == program.pid
    assert (place.settings.data / "logs" / "services" / "web.log").exists()
