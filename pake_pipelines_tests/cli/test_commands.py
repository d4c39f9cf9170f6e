"""The commands that need no running stack: help, configuration, addresses, environment, and clear errors."""

import re
from collections.abc import Iterator

import click
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pake_pipelines.cli.main import app
from pake_pipelines_tests.cli.stack import Project


def _every(command: click.Command, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield way
    for name, below in getattr(command, "commands", {}).items():
        yield from _every(below, (*way, name))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("commands") / "project")


@pytest.mark.parametrize("command", _every(get_command(app)), ids=" ".join)
def test_every_command_explains_itself_and_its_options(command):
    done = CliRunner().invoke(app, [*command, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.stdout
    assert re.search(r"\n (?!Usage)[A-Z][^\n]{10,}", done.stdout), "no sentence says what it is for"


def test_the_command_itself_answers_in_a_process_of_its_own(project):
    assert "Usage" in project.pake("--help").stdout


def test_a_valid_configuration_passes_and_is_shown_as_it_is_in_force(project):
    assert project.pake("config", "validate").returncode == 0
    shown = project.json("config", "show", "quality")
    assert shown["quality"]["verdict"]["auto_verify"] == 0.9


def test_all_faults_of_all_files_are_listed_with_their_lines(project):
    quality = project.home / "configs" / "quality.yaml"
    quality.write_text("verdict:\n  auto_verify: 2\nnonsense: 1\n")
    try:
        done, listed = project.pake("config", "validate"), project.json("config", "validate")
    finally:
        quality.write_text("")
    assert done.returncode == 1
    assert "configs/quality.yaml:2: verdict.auto_verify" in done.stdout
    assert [fault.split(": ")[0] for fault in listed["faults"]] == ["configs/quality.yaml:2", "configs/quality.yaml:3"]


def test_validate_tells_what_is_fit_and_its_exit_code_agrees(project):
    found = project.json("validate")
    done = project.pake("validate")
    assert (done.returncode == 0) is found["passed"]
    assert ("PASSED" in done.stdout) is found["passed"]
    names = {finding["name"] for finding in found["findings"]}
    assert {"python", "memory", "disk", "docker", "git", "port 5432", "language model", "embedding model"} <= names


def test_an_address_never_shows_its_password_unless_asked(project, monkeypatch):
    monkeypatch.setattr(
        project, "env", lambda: {**Project.env(project), "PAKE_DATABASE_URL": "postgresql://me:s3cret@db.example/kb"}
    )
    assert project.pake("db", "url").stdout.strip() == "postgresql://me:***@db.example/kb"
    assert project.pake("db", "url", "--dagster").stdout.strip() == "postgresql://me:***@db.example/dagster"
    assert "s3cret" in project.pake("db", "url", "--show-password").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ingest", "nowhere"], "no source 'nowhere'"),
        (["ingest", "--schedule", "never"], "no schedule 'never'"),
        (["ingest", "notes", "--date", "2020-01-01"], "2020-01-01 has no partition"),
        (["node", "explain", "anything"], "the embedded PostgreSQL is not running"),
        (["db", "psql"], "the embedded PostgreSQL is not running"),
    ],
)
def test_what_cannot_be_done_is_one_clear_sentence(project, arguments, said):
    done = project.pake(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_that_cannot_be_used_is_named_without_its_value(project, monkeypatch):
    monkeypatch.setattr(project, "env", lambda: {**Project.env(project), "PAKE_PORT": "s3cret"})
    done = project.pake("status")
    assert done.returncode == 1
    assert "PAKE_PORT: Input should be a valid integer" in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_status_of_a_stopped_project_says_so_and_how_to_start(project):
    done = project.pake("status")
    assert done.returncode == 1
    assert "start it with `pake up`" in done.stdout
    assert project.json("status")["database"]["state"] == "down"
