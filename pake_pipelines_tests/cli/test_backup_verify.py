"""`pake backup verify|restore|kept`: what is proven, damaged or not tried is told by words and exit code."""

import asyncio

import pytest

from pake_pipelines.store.database import Patience, wait_for, with_database


@pytest.fixture
def backed_up(connected):
    """A project with a backup of its knowledge database that nobody has proved, and its directory."""
    connected.configure("sources: {}\n")
    (connected.home / "configs" / "maintenance.yaml").write_text("backup: {databases: [knowledge]}\n")
    assert connected.pake("backup", "create", "--no-configs").code == 0
    (directory,) = (connected.home / "data" / "backups").iterdir()
    return connected, directory


async def _ask(url, statement):
    connection = await wait_for(url, Patience())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def ask(url, statement):
    return asyncio.run(_ask(url, statement))


def test_a_sound_backup_is_proven_and_a_damaged_one_ends_with_code_1(backed_up):
    terminal, directory = backed_up
    done = terminal.pake("backup", "verify", "--latest")
    assert (done.code, f"{directory.name}  proven" in done.stdout) == (0, True)
    assert "amcheck: " in done.stdout
    with (directory / "knowledge.dump").open("ab") as file:
        file.write(b"x")
    done = terminal.pake("backup", "verify", directory.name, "--json")
    assert (done.code, done.json["state"], done.json["details"]["damaged"]) == (1, "failed", 1)
    assert "instead of" in terminal.pake("backup", "verify", "--all").stdout
    assert "damaged" in terminal.pake("backup", "list").stdout
    refused = terminal.pake("backup", "restore", "--force")
    assert (refused.code, "is damaged and is not restored" in refused.stderr) == (1, True)


def test_without_a_database_a_backup_can_be_verified_all_the_same(backed_up, database_url):
    terminal, directory = backed_up
    terminal.environment(PAKE_DATABASE_URL=with_database(database_url, "gone"), PAKE_CONNECT_ATTEMPTS="1")
    done = terminal.pake("backup", "verify")
    assert (done.code, f"{directory.name}  proven" in done.stdout) == (0, True)
    assert "not recorded: no such database" in done.stderr


def test_what_cannot_be_tried_ends_with_code_2(connected):
    connected.configure("sources: {}\n")
    done = connected.pake("backup", "verify")
    assert (done.code, "`pake backup create` makes one" in done.stdout) == (2, True)
    assert connected.pake("backup", "verify", "--latest", "--all").code == 1


def test_a_restore_shows_what_would_change_wants_force_and_can_be_undone(backed_up, database_url):
    terminal, directory = backed_up
    live, server = database_url.rpartition("/")[2].partition("?")[0], with_database(database_url, "postgres")
    ask(database_url, "INSERT INTO pake.audit_events (actor, action, subject) VALUES ('x', 'later', 'y')")
    dry = terminal.pake("backup", "restore", "--latest", "--dry-run")
    assert (dry.code, "pake.audit_events" in dry.stdout, f"{directory.name} would be restored" in dry.stdout) == (
        0, True, True,
    )  # fmt: skip
    refused = terminal.pake("backup", "restore")
    assert (refused.code, f"there are live data in {live}" in refused.stderr) == (1, True)
    done = terminal.pake("backup", "restore", directory.name, "--force", "--json")
    (kept,) = done.json["details"]["kept"]
    assert ask(database_url, "SELECT count(*) FROM pake.audit_events WHERE action = 'later'") == 0
    assert [one["name"] for one in terminal.pake("backup", "kept", "--json").json] == [kept["kept_as"]]
    back = terminal.pake("backup", "kept", "--use", kept["kept_as"])
    assert (back.code, "live again" in back.stdout) == (0, True), back.stderr
    assert ask(database_url, "SELECT count(*) FROM pake.audit_events WHERE action = 'later'") == 1
    (other,) = terminal.pake("backup", "kept", "--json").json
    assert terminal.pake("backup", "kept", "--drop", other["name"]).code == 0
    left = ask(server, f"SELECT count(*) FROM pg_database WHERE starts_with(datname, '{live}_')")
    assert left == 0
