"""The client program that suits the server is taken; what is in the way is one sentence; no argument has a secret."""

import pytest

from pake_pipelines.store.client_tools import directories, environment, find
from pake_pipelines.store.embedded import programs
from pake_pipelines.store.errors import StoreError


@pytest.fixture
def program(tmp_path):
    def make(directory, said, code=0):
        place = tmp_path / directory
        place.mkdir(exist_ok=True)
        (place / "pg_dump").write_text(f"#!/bin/sh\necho '{said}'; exit {code}\n")
        (place / "pg_dump").chmod(0o755)
        return place

    return make


@pytest.mark.parametrize(
    ("server", "taken"), [(14, "14"), (15, "16"), (16, "16"), (17, "18")], ids=["equal", "next", "same", "newest"]
)
def test_the_same_major_is_taken_else_the_next_newer(program, server, taken):
    places = [program(str(major), f"pg_dump (PostgreSQL) {major}.2 (Debian)") for major in (18, 16, 14)]
    tool = find("pg_dump", server, places)
    assert (tool.path.parent.name, tool.version, tool.major) == (taken, f"{taken}.2", int(taken))


def test_an_older_one_is_never_taken(program):
    places = [program("a", "pg_dump (PostgreSQL) 14.1"), program("b", "pg_dump (PostgreSQL) 15.3")]
    with pytest.raises(StoreError, match=r"pg_dump 15.3 \(.*/b/pg_dump\) is older than the server \(PostgreSQL 18\)"):
        find("pg_dump", 18, places)


def test_one_that_is_missing_or_does_not_work_is_said_to_be_missing(program, tmp_path):
    places = [tmp_path / "nowhere", program("a", "something else"), program("b", "pg_dump (PostgreSQL) 18.1", code=1)]
    with pytest.raises(StoreError, match="pg_dump was not found: install"):
        find("pg_dump", 18, places)


def test_those_of_the_package_come_before_the_path():
    assert directories({"PATH": "/a:/b"})[0] == programs()
    assert find("pg_dump", 18).path.parent == programs()


def test_the_address_goes_by_the_environment_and_nothing_else_does():
    url = "postgresql://me:p%40ss@db.example:5433/my%20base?sslmode=require&application_name=x&work_mem=8 MB"
    found = environment(url, {"PATH": "/bin", "PAKE_BACKUP_KEY": "secret", "PGPASSFILE": "/pass", "PGHOST": "other"})
    assert found == {
        "PATH": "/bin",
        "PGPASSFILE": "/pass",
        "LC_ALL": "C",
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGUSER": "me",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "my base",
        "PGSSLMODE": "require",
        "PGAPPNAME": "x",
        "PGOPTIONS": "-c work_mem=8\\ MB",
    }


def test_a_socket_is_a_host():
    found = environment("postgresql://pake@/knowledge?host=%2Ftmp%2Fsocket", {})
    assert (found["PGHOST"], found["PGDATABASE"], found["PGUSER"]) == ("/tmp/socket", "knowledge", "pake")
