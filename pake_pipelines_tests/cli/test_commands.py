"""The commands that need no running stack: help, configuration, addresses, environment, and clear errors."""

import re
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace

import click
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pake_pipelines.cli.main import app
from pake_pipelines.cli.stack import Stack
from pake_pipelines.config.loading import LOADERS, ConfigError
from pake_pipelines.settings import Settings
from pake_pipelines_tests.cli.stack import PAKE, SOURCES


def _every(command: click.Command, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield way
    for name, below in getattr(command, "commands", {}).items():
        yield from _every(below, (*way, name))


@pytest.fixture
def project(terminal):
    terminal.configure(SOURCES)
    return terminal


@pytest.mark.parametrize("command", _every(get_command(app)), ids=" ".join)
def test_every_command_explains_itself_and_its_options(command):
    done = CliRunner().invoke(app, [*command, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.stdout
    assert re.search(r"\n (?!Usage)[A-Z][^\n]{10,}", done.stdout), "no sentence says what it is for"


def test_help_has_whole_paragraphs_and_flags_take_no_value(project):
    said = project.pake("ingest", "--help").stdout
    assert "docs/backfills.md says which sources" in said
    assert "<bool>" not in said
    assert "<str>" in said


def test_the_command_itself_answers_in_a_process_of_its_own():
    done = subprocess.run([*PAKE, "--help"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def test_a_valid_configuration_passes_and_is_shown_as_it_is_in_force(project):
    assert project.pake("config", "validate").code == 0
    shown = project.pake("config", "show", "quality", "--json").json
    assert shown["quality"]["verdict"]["auto_verify"] == 0.9


def test_all_faults_of_all_files_are_listed_with_their_lines(project):
    (project.file.parent / "quality.yaml").write_text("verdict:\n  auto_verify: 2\nnonsense: 1\n")
    (project.file.parent / "reports.yaml").write_text("'[/x]': 1\n")
    done, listed = project.pake("config", "validate"), project.pake("config", "validate", "--json").json
    assert done.code == 1
    assert "configs/quality.yaml:2: verdict.auto_verify" in done.stdout
    assert "[/x]" in done.stdout
    assert [fault.split(": ")[0] for fault in listed["faults"]] == [
        "configs/quality.yaml:2", "configs/quality.yaml:3", "configs/reports.yaml:1"
    ]  # fmt: skip


@pytest.mark.parametrize("file", LOADERS)
def test_a_file_with_a_fault_is_no_fit_configuration(project, file):
    """Neither for `validate`, nor for what starts the stack."""
    (project.file.parent / f"{file}.yaml").write_text("nonsense: 1\n")
    found = {one["name"]: one["status"] for one in project.pake("validate", "--json").json["findings"]}
    assert [name for name in found if name.endswith(".yaml") and found[name] == "fail"] == [f"{file}.yaml"]
    with pytest.raises(ConfigError, match=f"configs/{file}.yaml:1: nonsense"):
        Stack(Settings(home=project.home), 1).start(print)


def test_validate_tells_what_is_fit_and_its_exit_code_agrees(project):
    found = project.pake("validate", "--json").json
    done = project.pake("validate")
    assert (done.code == 0) is found["passed"]
    assert ("PASSED" in done.stdout) is found["passed"]
    names = {finding["name"] for finding in found["findings"]}
    assert {"python", "memory", "disk", "docker", "git", "port 5432", "language model", "embedding model"} <= names


def test_an_address_never_shows_its_password_unless_asked(project):
    project.environment(PAKE_DATABASE_URL="postgresql://me:s3cret@db.example/kb")
    assert project.pake("db", "url").stdout.strip() == "postgresql://me:***@db.example/kb"
    assert project.pake("db", "url", "--dagster").stdout.strip() == "postgresql://me:***@db.example/dagster"
    assert "s3cret" in project.pake("db", "url", "--show-password").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ingest", "nowhere"], "no source 'nowhere'"),
        (["ingest", "--schedule", "never"], "no schedule 'never'"),
        (["ingest", "notes", "--date", "2020-01-01"], "2020-01-01 has no partition"),
        (["config", "show", "qualty"], "no configuration 'qualty'"),
        (["node", "explain", "anything"], "the embedded PostgreSQL is not running"),
        (["db", "psql"], "the embedded PostgreSQL is not running"),
    ],
)
def test_what_cannot_be_done_is_one_clear_sentence(project, arguments, said):
    done = project.pake(*arguments)
    assert (done.code, said in done.stderr) == (1, True)


def test_a_variable_that_cannot_be_used_is_named_without_its_value(project):
    project.environment(PAKE_PORT="s3cret")
    done = project.pake("status")
    assert done.code == 1
    assert "PAKE_PORT: Input should be a valid integer" in done.stderr
    assert "s3cret" not in done.stderr


def test_status_of_a_stopped_project_says_so_and_how_to_start(project):
    done = project.pake("status")
    assert done.code == 1
    assert "start it with `pake up`" in done.stdout
    assert project.pake("status", "--json").json["database"]["state"] == "down"


def test_status_names_the_next_three_ticks_and_how_many_more_there_are(project, monkeypatch):
    ticks = [{"name": f"n{hour}", "running": hour != 1, "next": hour * 3600} for hour in (5, 4, 3, 2, 1)]
    dagster = SimpleNamespace(address="http://127.0.0.1:1", daemons=dict, schedules=lambda: ticks)
    monkeypatch.setattr("pake_pipelines.cli.status.running", lambda _: (7, dagster.address))
    monkeypatch.setattr("pake_pipelines.cli.status.DagsterApi", lambda _: dagster)
    said = [" ".join(line.split()) for line in project.pake("status").stdout.splitlines()]
    assert said[3:6] == [f"next Thu 01 Jan 0{hour}:00 UTC n{hour}" for hour in (2, 3, 4)]
    assert said[6] == "and 1 more: `pake schedules --all`"
