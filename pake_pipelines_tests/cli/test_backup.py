"""`pake backup create|list|show|key` at the terminal."""

import pytest


@pytest.fixture
def vault(connected):
    connected.pake("backup", "create")
    return connected


def test_a_backup_is_made_and_found(connected):
    done = connected.pake("backup", "create", "--json")
    assert done.code == 0, done.stderr
    made, configs = done.json["database_backup"], done.json["config_backup"]
    assert (made["state"], configs["state"]) == ("done", "done")
    assert [one["role"] for one in made["details"]["databases"]] == ["knowledge", "dagster"]
    assert configs["details"]["path"] == made["details"]["path"]
    listed = connected.pake("backup", "list", "--json")
    assert listed.code == 0
    (one,) = listed.json["backups"]
    assert (one["name"], one["state"], one["rows"]) == (made["details"]["name"], "unproven", made["details"]["rows"])
    shown = connected.pake("backup", "show", "--json").json
    assert (shown["name"], shown["migration"]) == (one["name"], "0007")


def test_it_is_said_that_a_new_backup_is_not_proven(connected):
    done = connected.pake("backup", "create", "--no-configs")
    assert "rows in" in done.stdout
    assert "not proven yet" in done.stdout
    assert "unproven" in connected.pake("backup", "list").stdout
    assert "alembic_version" in connected.pake("backup", "show", "latest").stdout


def test_backups_can_be_listed_while_the_database_is_down(vault):
    vault.environment(PAKE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert "unproven" in vault.pake("backup", "list").stdout


def test_no_backup_is_no_success(connected):
    done = connected.pake("backup", "list")
    assert (done.code, done.stderr.count("there is no backup")) == (1, 1)
    done = connected.pake("backup", "show")
    assert (done.code, "`pake backup create` makes one" in done.stderr) == (1, True)


def test_one_that_does_not_exist_is_said_so(vault):
    done = vault.pake("backup", "show", "backup-20200101T000000Z")
    assert (done.code, "no backup 'backup-20200101T000000Z'" in done.stderr) == (1, True)


def test_a_key_is_printed_as_a_line_for_the_environment(terminal):
    one, other = terminal.pake("backup", "key"), terminal.pake("backup", "key")
    assert one.stdout.startswith("PAKE_BACKUP_KEY=AGE-SECRET-KEY-1")
    assert one.stdout.count("\n") <= 1
    assert one.stdout != other.stdout
    assert "AGE-SECRET-KEY" not in one.stderr


def test_what_is_in_the_way_is_one_sentence(connected):
    connected.environment(PAKE_DATABASE_URL="postgresql://nobody:S3cr3t@127.0.0.1:1/none", PAKE_CONNECT_ATTEMPTS="1")
    done = connected.pake("backup", "create")
    assert done.code == 1
    assert "no answer from postgresql://" in done.stderr
    assert "S3cr3t" not in done.stderr
