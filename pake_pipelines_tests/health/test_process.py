"""A process probe tells a process that we started from another one with its pid, on real child processes."""

import signal
import subprocess
import sys
from dataclasses import replace
from uuid import uuid4

import psutil
import pytest

from pake_pipelines.config.services import ProcessService
from pake_pipelines.health import own_process
from pake_pipelines.model.health import HealthStatus, OwnProcess

HEALTHY, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.UNHEALTHY
STARTED = ProcessService(start=("anything",))


@pytest.fixture
def child():
    """A child process that does nothing, with a command line of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", "a-mark-of-its-own"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as started:
        started.stdout.readline()
        yield started
        started.kill()


async def test_a_process_that_we_started_is_healthy_while_it_runs(probed, child):
    sample = await probed(STARTED, processes={"it": own_process.identify(child.pid)})
    assert (sample.status, sample.detail) == (HEALTHY, f"process {child.pid} runs")
    assert sample.facts["pid"] == child.pid
    assert sample.facts["memory_mb"] > 1
    assert 0 <= sample.facts["uptime_seconds"] < 60


async def test_a_killed_one_is_unhealthy_before_and_after_somebody_takes_note(probed, child):
    processes = {"it": own_process.identify(child.pid)}
    child.kill()
    psutil.Process(child.pid).status()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    zombie = await probed(STARTED, processes=processes)
    child.wait()
    gone = await probed(STARTED, processes=processes)
    assert (zombie.status, zombie.detail) == (UNHEALTHY, f"process {child.pid} has ended")
    assert (gone.status, gone.detail) == (UNHEALTHY, f"process {child.pid}, which we started, is gone")


@pytest.mark.parametrize("seconds", [-60, 60])
async def test_a_pid_that_is_somebody_elses_by_now_is_not_ours(probed, child, seconds):
    own = own_process.identify(child.pid)
    sample = await probed(STARTED, processes={"it": replace(own, created_at=own.created_at + seconds)})
    assert (sample.status, sample.detail) == (UNHEALTHY, f"process {child.pid}, which we started, is gone")


async def test_setting_the_clock_does_not_make_a_process_another_one(probed, child, monkeypatch):
    """The system derives both times from the clock: when it is set, both of them move."""
    own = own_process.identify(child.pid)
    create_time, boot_time = psutil.Process.create_time, psutil.boot_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: create_time(process) - 7200)
    monkeypatch.setattr(psutil, "boot_time", lambda: boot_time() - 7200)
    sample = await probed(STARTED, processes={"it": own})
    assert sample.status is HEALTHY


async def test_a_stopped_one_is_unhealthy_until_it_goes_on(probed, child):
    processes = {"it": own_process.identify(child.pid)}
    child.send_signal(signal.SIGSTOP)
    while psutil.Process(child.pid).status() != psutil.STATUS_STOPPED:
        pass
    stopped = await probed(STARTED, processes=processes)
    child.send_signal(signal.SIGCONT)
    while psutil.Process(child.pid).status() == psutil.STATUS_STOPPED:
        pass
    going_on = await probed(STARTED, processes=processes)
    assert (stopped.status, going_on.status) == (UNHEALTHY, HEALTHY)
    assert "stopped by a signal" in stopped.detail


async def test_one_that_was_never_started_is_unhealthy(probed):
    sample = await probed(STARTED)
    assert (sample.status, sample.detail) == (UNHEALTHY, "it was not started by us")


async def test_a_command_line_is_found_by_all_of_its_parts(probed, child):
    found = await probed(ProcessService(command_line=("sys.stdin.read", "a-mark-of-its-own")))
    absent = await probed(ProcessService(command_line=("a-mark-of-its-own", "and-another-one-still")))
    assert (found.status, found.facts["pid"]) == (HEALTHY, child.pid)
    assert (absent.status, absent.detail) == (UNHEALTHY, "no process has this command line")


def test_the_prober_does_not_find_itself():
    """Whoever looks for a command line has it in its own."""
    code = """if True:
        import asyncio, sys
        from datetime import UTC, datetime
        from pake_pipelines.config.monitoring import Probing
        from pake_pipelines.config.services import ProcessService
        from pake_pipelines.health.rounds import probe_one
        from pake_pipelines.health.surroundings import Surroundings
        from pake_pipelines.settings import Settings

        surroundings = Surroundings(Settings(), Probing(), {}, datetime.now(UTC))
        print(asyncio.run(probe_one("it", ProcessService(command_line=(sys.argv[1],)), surroundings)).detail)
    """
    mark = f"sought-{uuid4()}"
    done = subprocess.run([sys.executable, "-c", code, mark], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "no process has this command line"


def test_there_is_nothing_to_identify_once_a_process_is_gone(child):
    own = own_process.identify(child.pid)
    assert own_process.find(own).pid == child.pid
    child.kill()
    child.wait()
    assert own_process.identify(child.pid) is None
    assert own_process.find(own) is None


def test_the_time_is_that_since_the_start_of_the_system():
    own = own_process.identify(psutil.Process().pid)
    assert isinstance(own, OwnProcess)
    assert own.created_at == pytest.approx(psutil.Process().create_time() - psutil.boot_time(), abs=2)
