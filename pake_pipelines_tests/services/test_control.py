"""Starting, stopping and restarting real programs by hand, one or all in order."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from pake_pipelines.health import own_process
from pake_pipelines.services import control
from pake_pipelines.services.books import plan_now
from pake_pipelines.services.control import BETWEEN_SECONDS
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.mechanics import RESTART_PAUSE_SECONDS
from pake_pipelines.services.plan import WaitReason
from pake_pipelines.services.spawn import MARK, log_file
from pake_pipelines.store import service_processes, service_restarts
from pake_pipelines_tests.chain import rows, value
from pake_pipelines_tests.services.place import gone


@pytest.fixture
def hands(place, database):
    """Return a function that calls one of `control` as ann."""

    async def call(act, *names):
        return await act(place.mechanics(database), *names, actor="ann")

    return call


async def surrenders(database):
    async with database.connection() as connection:
        return await service_restarts.surrenders(connection)


async def test_a_start_is_done_when_the_service_serves(place, database, hands):
    place.configure(web=place.server("web", "late=0.3"))
    assert (await hands(control.start, "web")).state == "done"
    assert (await hands(control.start, "web")).state == "already"
    assert place.starts("web") == 1
    (made,) = await rows(database, "SELECT cause, state, actor, by_hand FROM service_restarts")
    assert made == {"cause": "start by hand", "state": "verified", "actor": "ann", "by_hand": True}
    assert await value(database, "SELECT action || ' ' || subject FROM audit_events") == "services.start web"


async def test_a_start_is_refused_while_something_that_it_depends_on_is_down(place, hands):
    place.configure(base=place.server("base"), front=place.server("front", depends_on=["base"]))
    with pytest.raises(ServiceError, match=r"depends on base, which is unhealthy.*pake services start base"):
        await hands(control.start, "front")
    assert place.starts("front") == 0


async def test_a_start_that_fails_shows_exit_code_and_last_words(place, database, hands):
    place.configure(web=place.server("web", "exit=3"))
    with pytest.raises(ServiceError, match="ended with exit code 3: the port is taken by somebody"):
        await hands(control.start, "web")
    assert await value(database, "SELECT state FROM service_restarts") == "failed"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"start": ["/no/such/program"]}, "`/no/such/program`: No such file"),
        ({"start": ["./plain"]}, "`./plain`: Permission denied"),
        ({"working_directory": "nowhere"}, "nowhere is no directory"),
        ({"start": None}, "give it a `start` command"),
        ({"enabled": False}, "services.web.enabled"),
    ],
    ids=["absent", "not a program", "no directory", "no command", "off"],
)
async def test_what_cannot_be_started_says_the_way_out(place, hands, fields, words):
    (place.home / "plain").touch()
    place.configure(web={**place.server("web"), **fields})
    with pytest.raises(ServiceError, match=words):
        await hands(control.start, "web")


async def test_what_hangs_is_not_started_a_second_time(place, hands):
    place.configure(web=place.server("web", timeout_seconds=0.3))
    await hands(control.start, "web")
    (program,) = place.programs("web")
    program.send_signal(signal.SIGSTOP)
    with pytest.raises(ServiceError, match=r"web runs and does not serve .*pake services restart web"):
        await hands(control.start, "web")
    assert (await hands(control.restart, "web")).state == "done"


async def test_last_words_do_not_tell_secrets(place, database, hands):
    code = "import os; print('login', os.environ['API_TOKEN'], 'redis://me:hush@h/0'); raise SystemExit(1)"
    place.environ["API_TOKEN"] = "tell-nobody"
    place.configure(web=place.server("web", start=[sys.executable, "-c", code]))
    with pytest.raises(ServiceError, match=r"login \*\*\* redis://me:\*\*\*@h/0"):
        await hands(control.start, "web")
    assert "tell-nobody" not in await value(database, "SELECT detail FROM service_restarts")


async def test_a_program_that_leaves_its_starter_is_started_and_stopped_all_the_same(place, database, hands):
    place.configure(web=place.server("web", "daemon"))
    assert (await hands(control.start, "web")).state == "done"
    (daemon,) = place.programs("web")
    assert os.getsid(daemon.pid) == daemon.pid
    assert (await hands(control.stop, "web")).detail == "1 process ended"
    assert gone(daemon)


async def test_a_stop_is_polite_first(place, hands):
    place.configure(web=place.server("web", stop_seconds=20))
    await hands(control.start, "web")
    (program,) = place.programs("web")
    program.send_signal(signal.SIGSTOP)
    await hands(control.stop, "web")  # TERM, and CONT so that it is heard
    assert place.programs("web") == []


async def test_a_stop_of_what_ignores_it_ends_in_kill(place, hands):
    place.configure(web=place.server("web", "stubborn", stop_seconds=0.5))
    await hands(control.start, "web")
    assert (await hands(control.stop, "web")).state == "done"
    assert place.programs("web") == []


async def test_a_stop_by_hand_keeps_healing_away_until_a_start_by_hand(place, database, hands):
    config = place.configure(web=place.server("web"))
    await hands(control.start, "web")
    await hands(control.stop, "web")
    place.hands.forward(minutes=5)
    await place.seen(database, "unhealthy", "web")
    found = (await plan_now(database, config.services, place.hands.now())).of("web")
    assert (found.reason, found.detail) == (WaitReason.STOPPED, "stopped by ann")
    assert (await surrenders(database))["web"].by_hand
    await hands(control.start, "web")
    assert await surrenders(database) == {}


async def test_a_start_by_hand_ends_a_surrender(place, database, hands):
    place.configure(web=place.server("web"))
    async with database.transaction() as connection:
        await service_restarts.surrender(connection, "web", "3 attempts", place.hands.now())
    await hands(control.start, "web")
    assert await surrenders(database) == {}


async def test_a_stop_by_a_command_that_does_not_stop_it_fails_and_healing_goes_on(place, database, hands):
    place.configure(web=place.server("web", stop=["true"], stop_seconds=0.3))
    await hands(control.start, "web")
    with pytest.raises(ServiceError, match=r"still serves 0\.3 s after it was stopped"):
        await hands(control.stop, "web")
    assert await surrenders(database) == {}


async def test_what_somebody_else_started_is_not_ended(place, hands):
    place.configure(web=place.server("web", stop_seconds=0.3))
    foreign = subprocess.Popen([*place.command("web")])
    try:
        place.await_answer("web")
        with pytest.raises(ServiceError, match="something else keeps it up"):
            await hands(control.stop, "web")
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


async def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(place, database, hands):
    place.configure(web=place.server("web"))
    foreign = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        reused = replace(own_process.identify(foreign.pid), created_at=1.0)
        async with database.transaction() as connection:
            await service_processes.save(connection, "web", reused, "x.log", place.hands.now())
        assert (await hands(control.stop, "web")).state == "already"
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


async def test_a_restart_stops_pauses_and_starts(place, hands):
    place.configure(web=place.server("web"))
    await hands(control.start, "web")
    (before,) = place.programs("web")
    assert (await hands(control.restart, "web")).state == "done"
    (after,) = place.programs("web")
    assert before.pid != after.pid
    assert RESTART_PAUSE_SECONDS in place.hands.slept


async def test_a_restart_by_its_command_is_done_when_the_command_has_ended(place, hands):
    place.configure(web=place.server("web", restart=["sh", "-c", "echo begun >> restarts; exit 0"]))
    await hands(control.start, "web")
    assert (await hands(control.restart, "web")).state == "done"
    assert (place.home / "restarts").read_text() == "begun\n"
    assert place.starts("web") == 1


async def test_all_are_started_parents_first_with_a_pause_and_stopped_children_first(place, database, hands):
    place.configure(
        front=place.server("front", depends_on=["base"]),
        base=place.server("base"),
        watched={"kind": "disk", "path": "."},
    )
    started = await hands(control.start_all)
    assert [(one.service, one.state) for one in started] == [
        ("base", "done"),
        ("watched", "watched"),
        ("front", "done"),
    ]
    stopped = await hands(control.stop_all)
    assert [(one.service, one.state) for one in stopped if one.state == "done"] == [("front", "done"), ("base", "done")]
    assert BETWEEN_SECONDS in place.hands.slept


async def test_the_first_that_fails_ends_the_start_of_all(place, hands):
    place.configure(
        base=place.server("base"),
        middle=place.server("middle", "exit=1", depends_on=["base"]),
        front=place.server("front", depends_on=["middle"]),
    )
    started = await hands(control.start_all)
    assert [one.state for one in started] == ["done", "failed", "not tried"]
    assert place.starts("front") == 0


async def test_all_are_restarted_by_stopping_and_starting_in_order(place, hands):
    place.configure(base=place.server("base"), front=place.server("front", depends_on=["base"]))
    await hands(control.start_all)
    done = await hands(control.restart_all)
    assert [(one.action, one.service, one.state) for one in done] == [
        ("stop", "front", "done"),
        ("stop", "base", "done"),
        ("start", "base", "done"),
        ("start", "front", "done"),
    ]


async def test_a_program_has_its_directory_and_the_environment_of_its_starter(place, hands):
    (place.home / "there").mkdir()
    code = "import os; print(os.getcwd(), os.environ['GREETING'], os.environ['PAKE_SERVICE']); raise SystemExit(1)"
    place.environ |= {"GREETING": "hello", "PAKE_CRASH_AT": "heal.claimed"}
    place.configure(web=place.server("web", start=[sys.executable, "-c", code], working_directory="there"))
    with pytest.raises(ServiceError, match="exit code 1"):
        await hands(control.start, "web")
    said = log_file(place.settings, "web").read_text()
    assert said == f"{place.home / 'there'} hello {place.home}:web\n"
    assert MARK == "PAKE_SERVICE"


async def test_a_process_that_is_a_service_is_told_by_the_one_that_we_started(place, database, hands):
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    place.configure(job={"kind": "process", "start": sleeper}, brief={"kind": "process", "start": ["true"]})
    assert (await hands(control.start, "job")).state == "done"
    place.config.services["brief"] = place.config.services["brief"].model_copy(update={"startup_seconds": 1})
    with pytest.raises(ServiceError, match="does not serve 1 s after its start"):
        await hands(control.start, "brief")


async def test_a_log_that_has_grown_long_is_begun_anew_and_the_old_one_kept(place, hands):
    log = log_file(place.settings, "web")
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * 5_000_001)
    place.configure(web=place.server("web"))
    await hands(control.start, "web")
    assert log.stat().st_size < 1000
    assert log.with_suffix(".log.1").stat().st_size == 5_000_001
