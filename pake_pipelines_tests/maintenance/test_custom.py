"""A command of the user's own: no shell, opted in to twice, few variables, little output, ended with its children."""

import os
import sys
import time
from dataclasses import replace

import psutil
import pytest

from pake_pipelines.config.loading import ConfigError
from pake_pipelines.config.maintenance import CustomTask
from pake_pipelines.maintenance import custom
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.runner import run_task
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines_tests.maintenance.workshop import config_of, place_of

ON = "allow_custom_tasks: true\ncustom_tasks: {own: {description: Mine, command: [x], enabled: true}}"


@pytest.fixture
def do(tmp_path):
    """Return a function that has a command run: `do(argument, ..., timeout_seconds=...)` -> its outcome."""
    place = place_of(tmp_path, "postgresql://nobody@nowhere/x", ON)

    async def run(*command, environ=None, dry_run=False, **given):
        task = CustomTask(description="Mine", command=command, enabled=True, **given)
        here = replace(place, environ={**os.environ, **(environ or {})}, dry_run=dry_run)
        return await custom.function("own", task)(here)

    return run


def python(code):
    return (sys.executable, "-c", code)


async def test_a_command_runs_in_the_project_and_says_how_it_ended(do, tmp_path):
    outcome = await do(*python("import os; print(os.getcwd())"))
    assert outcome.state is TaskState.DONE
    assert outcome.details["output"].strip() == str(tmp_path)
    assert outcome.details["exit_code"] == 0


async def test_arguments_are_arguments_and_nothing_of_them_is_a_shell(do, tmp_path):
    outcome = await do("echo", "$HOME", "; touch planted", "`id`", "$(id)", "*")
    assert outcome.details["output"].strip() == "$HOME ; touch planted `id` $(id) *"
    assert not (tmp_path / "planted").exists()


async def test_another_exit_code_than_none_is_a_failure_that_says_the_last_words(do):
    outcome = await do(*python("import sys; print('first'); print('no space left'); sys.exit(3)"))
    assert (outcome.state, outcome.details["exit_code"]) == (TaskState.FAILED, 3)
    assert outcome.summary == "own ended with exit code 3: no space left"


async def test_a_program_that_is_not_there_is_said_in_one_sentence(do):
    with pytest.raises(MaintenanceError, match="own: /no/such/program cannot be started"):
        await do("/no/such/program")


async def test_only_the_listed_variables_are_handed_on(do):
    secrets = {"PAKE_DATABASE_URL": "postgresql://u:secret@h/d", "MINE": "yes", "OTHER": "no"}
    outcome = await do("env", environ=secrets, environment=("MINE",))
    names = {line.partition("=")[0] for line in outcome.details["output"].splitlines()}
    assert names <= {"PATH", "HOME", "LANG", "MINE"}
    assert "MINE" in names


async def test_what_a_command_says_is_kept_without_what_it_was_told_in_confidence(do):
    code = "import os; print('key', os.environ['API'], 'at postgresql://pake:swordfish9@db/x')"
    outcome = await do(*python(code), environ={"API": "very-confidential"}, environment=("API",))
    assert "very-confidential" not in repr(outcome)
    assert "swordfish9" not in repr(outcome)
    assert outcome.details["output"].startswith("key ***")


async def test_of_much_output_the_end_is_kept_and_all_of_it_is_read(do):
    outcome = await do(*python("import sys; sys.stdout.write('x' * 3_000_000 + 'the end\\x00')"))
    assert outcome.state is TaskState.DONE
    assert outcome.details["output_bytes"] == 3_000_008
    assert len(outcome.details["output"]) <= 16_384
    assert outcome.details["output"].endswith("the end\ufffd")


# what is ignored here, the child ignores as well; a shell is there long before its time is over
STUBBORN = ("sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait; sleep 60")


async def test_when_its_time_is_over_the_whole_family_is_ended(do, monkeypatch):
    monkeypatch.setattr(custom, "_GRACE_SECONDS", 0.3)
    outcome = await do(*STUBBORN, timeout_seconds=1.5)
    assert outcome.state is TaskState.FAILED
    assert outcome.summary.startswith("own was ended after 1.5 s")
    grandchild = int(outcome.details["output"].split()[0])
    assert gone(grandchild)


async def test_what_a_command_leaves_behind_with_its_output_open_is_ended_with_it(do):
    code = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid)"
    began = time.monotonic()
    outcome = await do(*python(code))
    assert outcome.state is TaskState.DONE
    assert time.monotonic() - began < 10
    assert gone(int(outcome.details["output"]))


def gone(pid, seconds=5):
    """Tell whether a process is over, which the killed are after a moment."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


async def test_a_dry_run_says_what_it_would_run_and_runs_nothing(do, tmp_path):
    outcome = await do("touch", "planted", dry_run=True)
    assert outcome.state is TaskState.SKIPPED
    assert "['touch', 'planted']" in outcome.summary
    assert not (tmp_path / "planted").exists()


async def test_without_both_switches_nothing_runs(tmp_path, database_url):
    text = "custom_tasks: {own: {description: Mine, command: [touch, planted]}}"
    place = place_of(tmp_path, database_url, text)
    with pytest.raises(MaintenanceError, match=r"allow_custom_tasks: true.*custom_tasks\.own\.enabled: true"):
        await run_task(place, "own", actor="x")
    assert not (tmp_path / "planted").exists()


async def test_a_custom_task_has_a_history_like_any_other(tmp_path, database_url, database):
    place = place_of(tmp_path, database_url, ON.replace("[x]", "['true']"))
    assert (await run_task(place, "own", actor="x")).state is TaskState.DONE
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT state FROM maintenance_runs WHERE task = 'own'") == "done"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("custom_tasks: {own: {description: M, command: [x], enabled: true}}", "needs allow_custom_tasks: true"),
        ("custom_tasks: {own: {description: M, command: rm -rf /}}", "custom_tasks.own.command"),
        ("custom_tasks: {own: {description: M, command: []}}", "custom_tasks.own.command"),
        ("custom_tasks: {log_cleanup: {description: M, command: [x]}}", "a task of this name exists"),
        ("custom_tasks: {own: {description: M, command: [x], schedule: 'on saturday at tea'}}", "unknown schedule"),
        ("custom_tasks: {own: {description: M, command: [x], schedule: 0 0 30 2 *}}", "unknown schedule"),
        ("custom_tasks: {../own: {description: M, command: [x]}}", "custom_tasks"),
        ("tasks: {log_cleenup: {schedule: hourly}}", "no task of that name"),
    ],
    ids=[
        "one switch",
        "a string",
        "empty",
        "a name that is taken",
        "a time in no grammar",
        "a day that never comes",
        "no name",
        "a slip",
    ],
)
def test_what_cannot_be_meant_is_refused_when_the_file_is_read(tmp_path, text, fault):
    with pytest.raises(ConfigError, match=fault):
        config_of(tmp_path, text)
