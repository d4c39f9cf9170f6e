"""`pake maintenance`: lists, runs and remembers tasks; the exit code says whether they could do their work."""

import pytest

from pake_pipelines.cli.maintenance.names import ALIASES
from pake_pipelines.cli.maintenance.running import of_rhythms
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance import tasks
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines_tests.maintenance.workshop import Given

TABLE = load_maintenance(PACKAGE_HOME / "configs")


@pytest.fixture(autouse=True)
def _fresh_configuration():
    load_maintenance.cache_clear()
    yield
    load_maintenance.cache_clear()


@pytest.fixture
def ends(monkeypatch):
    """Return a function that has tasks end in some way: `ends(log_cleanup="done")`; returns the order of runs."""
    ran = []

    def put(**states):
        for name, state in states.items():

            async def work(place, name=name, state=state):
                ran.append(name)
                place.say(f"{name} is at it")
                if state == "raises":
                    raise MaintenanceError("the disk is full")
                return Outcome(TaskState(state), f"{name} says so", {"seen": 2, "rows": [{"table": "t", "n": 1}]})

            monkeypatch.setitem(tasks.TASKS, name, Given(work))
        return ran

    return put


@pytest.mark.parametrize(
    ("state", "code"), [("done", 0), ("skipped", 0), ("failed", 1), ("raises", 1), ("unavailable", 3)]
)
def test_the_exit_code_says_how_a_task_ended(connected, ends, state, code):
    ends(log_cleanup=state)
    done = connected.pake("maintenance", "run", "log_cleanup")
    assert done.code == code
    assert ("the disk is full" if state == "raises" else f"{state} log_cleanup: log_cleanup says so") in " ".join(
        done.stdout.split()
    )


def test_a_run_shows_its_progress_its_figures_and_its_tables_and_is_remembered(connected, ends):
    ends(log_cleanup="done")
    done = connected.pake("maintenance", "run", "log-rotation")
    assert "log_cleanup is at it" in done.stderr
    assert "seen: 2" in done.stdout
    assert "table" in done.stdout
    (remembered,) = connected.pake("maintenance", "history", "log_cleanup", "--json").json
    assert (remembered["state"], remembered["summary"]) == ("done", "log_cleanup says so")
    assert "log_cleanup says so" in connected.pake("maintenance", "history").stdout
    listed = {one["task"]: one for one in connected.pake("maintenance", "list", "--json").json}
    assert listed["log_cleanup"]["last_state"] == "done"
    assert listed["cache_cleanup"]["last_state"] is None


def test_programs_get_one_object_and_nothing_beside_it(connected, ends):
    ends(docker_usage="unavailable")
    done = connected.pake("maintenance", "run", "docker-cleanup", "--json")
    assert (done.code, done.json["task"], done.json["state"]) == (3, "docker_usage", "unavailable")
    assert done.json["details"]["seen"] == 2
    assert done.stderr == ""


def test_a_dry_run_is_told_so(connected, ends, monkeypatch):
    async def says(place):
        return Outcome(TaskState.DONE, f"dry: {place.dry_run}")

    monkeypatch.setitem(tasks.TASKS, "log_cleanup", Given(says))
    assert "dry: True" in connected.pake("maintenance", "run", "log_cleanup", "--dry-run").stdout
    assert "dry run" in connected.pake("maintenance", "history").stdout


def test_every_name_of_the_guides_means_a_task_or_a_command(connected):
    assert set(ALIASES.values()) <= set(TABLE.tasks)
    for name in ("backup-verification", "configuration-audit"):
        assert name.replace("-", "_") in TABLE.tasks
    assert "data-disk" in connected.pake("maintenance", "run", "health-check").stdout
    assert "database_backup" in connected.pake("maintenance", "run", "monitoring-setup").stdout


def test_an_unknown_task_is_refused_with_those_that_there_are(connected):
    done = connected.pake("maintenance", "run", "clean-everything")
    assert done.code == 1
    assert "no task 'clean-everything'" in done.stderr
    assert "log_cleanup" in done.stderr


def test_what_is_due_is_run_in_the_order_of_need_and_is_due_no_more(connected, ends):
    every = dict.fromkeys(TABLE.tasks, "done")
    every["log_cleanup"] = "failed"
    every["docker_usage"] = "unavailable"
    ran = ends(**every)
    listed = connected.pake("maintenance", "due", "--json").json
    assert [one["name"] for one in listed][:5] == [
        "database_backup", "config_backup", "file_backup", "backup_proof", "backup_retention",
    ]  # fmt: skip
    done = connected.pake("maintenance", "due", "--run", "--json")
    assert ran == [one["name"] for one in listed]
    assert done.code == 1, "one of them failed"
    assert connected.pake("maintenance", "due").stdout.strip() == "nothing is due"


def test_behind_a_backup_that_failed_nothing_is_proved_and_nothing_is_removed(connected, ends):
    ran = ends(**{name: "failed" if name == "database_backup" else "done" for name in TABLE.tasks})
    done = connected.pake("maintenance", "--daily")
    assert done.code == 1
    assert "skipped" in done.stdout
    assert "database_backup" in ran
    assert not {"config_backup", "file_backup", "backup_proof", "backup_retention"} & set(ran)


def test_rhythms_are_whole_and_none_repeats_another(connected, ends):
    ran = ends(**dict.fromkeys(TABLE.tasks, "done"))
    seen = []
    for rhythm in ("daily", "weekly", "monthly", "yearly"):
        ran.clear()
        assert connected.pake("maintenance", f"--{rhythm}").code == 0
        assert ran == of_rhythms(TABLE, [rhythm])
        seen += ran
    assert len(seen) == len(set(seen))
    assert set(seen) == {name for name, task in TABLE.tasks.items() if task.rhythm != "often"}


def test_a_database_that_is_away_is_said_in_one_sentence(terminal):
    terminal.environment(PAKE_DATABASE_URL="postgresql://x@127.0.0.1:1/y", PAKE_CONNECT_ATTEMPTS="1")
    done = terminal.pake("maintenance", "history")
    assert done.code == 1
    assert "no answer from postgresql://x@127.0.0.1:1/y" in done.stderr
    listed = terminal.pake("maintenance", "list")
    assert listed.code == 0
    assert "what ran is not known" in listed.stderr
    assert ("unknown" in listed.stdout, "never" in listed.stdout) == (True, False)


def test_a_task_of_ones_own_is_listed_run_and_refused_like_any_other(connected):
    file = connected.home / "configs" / "maintenance.yaml"
    file.write_text("custom_tasks: {greets: {description: Hello, command: [echo, hello], schedule: daily at 03:00}}")
    assert "greets" in connected.pake("maintenance", "list").stdout
    done = connected.pake("maintenance", "run", "greets")
    assert done.code == 1
    assert "allow_custom_tasks: true" in done.stdout
    load_maintenance.cache_clear()
    file.write_text(
        "allow_custom_tasks: true\ncustom_tasks: {greets: {description: H, command: [echo, hello], enabled: true}}"
    )
    done = connected.pake("maintenance", "run", "greets")
    assert (done.code, "output: hello" in done.stdout) == (0, True)


def test_a_fault_of_the_file_is_named_with_its_line(connected):
    (connected.home / "configs" / "maintenance.yaml").write_text("tasks:\n  log_cleanup: {schedule: daily at noon}\n")
    done = connected.pake("maintenance", "list")
    assert done.code == 1
    assert "configs/maintenance.yaml:2: tasks.log_cleanup.schedule" in done.stderr
    assert "tasks.log_cleanup.schedule" in connected.pake("config", "validate").stdout


def test_all_schedules_are_listed_with_those_of_maintenance(connected):
    connected.configure("sources: {}\nschedules: {}\n")
    assert "database_backup" not in connected.pake("schedules").stdout
    listed = {one["slug"]: one for one in connected.pake("schedules", "--all", "--json").json}
    assert listed["database_backup"]["cron"] == "0 1 * * *"
    assert listed["recovery_drill"]["next_ticks"] == []
    assert "full_optimization" in connected.pake("schedules", "--all").stdout
