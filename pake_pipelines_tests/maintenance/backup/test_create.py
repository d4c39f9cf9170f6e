"""A backup is whole, private, and equal to what it was taken from; what is in the way of it is said plainly."""

import asyncio
import os
import stat
from dataclasses import replace

import pytest

from pake_pipelines.maintenance.backup import create, encryption, sizes, survey
from pake_pipelines.maintenance.backup.targets import Target, target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.store import backups, client_tools
from pake_pipelines.store.database import open_database, with_database
from pake_pipelines.store.errors import StoreError
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.backup.vault import (
    execute,
    later,
    listed,
    made,
    mismatches,
    place_of,
    program,
    wrong,
)


@pytest.fixture
def place(house, tmp_path):
    return place_of(tmp_path, *house)


def test_a_backup_is_a_private_directory_with_a_manifest_that_says_what_is_in_it(place, house):
    outcome = asyncio.run(create.run(place))
    directory = target_of(place).local / "backup-20261122T120000Z"
    assert outcome.details["path"] == str(directory)
    assert listed(directory) == ["dagster.dump", "manifest.json"]
    assert stat.S_IMODE(directory.stat().st_mode) == stat.S_IMODE(directory.parent.stat().st_mode) == 0o700
    assert not wrong(place)
    held = target_of(place).read_manifest(directory.name)
    assert held.created_at == NOW
    assert {f"{one.schema}.{one.name}": one.rows for one in held.databases["dagster"].tables} == {
        "house.copied": 0, "house.items": 800, "house.main": 0, 'house.Odd "name': 3, "house.recent": 200,
    }  # fmt: skip
    (sequence,) = held.databases["dagster"].sequences
    assert (sequence.name, sequence.at_least) == ("items_id_seq", 800)
    assert outcome.details["rows"] == held.rows == 1003
    assert outcome.details["bytes"] == held.bytes == (directory / "dagster.dump").stat().st_size
    assert outcome.details["files"][0]["sha256"] == held.files[0].sha256
    assert asyncio.run(mismatches(place, directory.name, house[1])) == []


async def test_it_is_noted_in_the_database(place, house):
    name = (await create.run(replace(place, run_id="r1"))).details["name"]
    async with open_database(house[0]) as database, database.connection() as connection:
        row = next(row for row in await backups.listed(connection) if row.target == target_of(place).shown)
    assert (row.name, row.run_id, row.state) == (name, "r1", "unproven")


def test_the_knowledge_database_is_backed_up_with_its_revision(module_database_url, tmp_path):
    place = place_of(tmp_path, module_database_url, with_database(module_database_url, "none"))
    said = []
    rules = place.config.backup.model_copy(update={"databases": ("knowledge", "dagster")})
    config = place.config.model_copy(update={"backup": rules})
    name = made(replace(place, config=config, say=said.append))
    held = target_of(place).read_manifest(name)
    assert held.migration == "0007"
    assert [*held.databases] == ["knowledge"]
    assert any("does not exist and is left out" in line for line in said)


def test_two_backups_of_one_second_have_names_of_their_own(place):
    assert [made(place), made(place)] == ["backup-20261122T120000Z", "backup-20261122T120001Z"]


def test_an_encrypted_backup_is_read_with_its_key_and_no_other(place, house, tmp_path):
    key, other = encryption.new_identity()[0], encryption.new_identity()[0]
    rules = place.config.backup.model_copy(update={"encrypt": True})
    secret = replace(place, config=place.config.model_copy(update={"backup": rules}), environ={"PAKE_BACKUP_KEY": key})
    name = made(secret)
    (file,) = target_of(place).read_manifest(name).files
    assert file.encrypted
    path = target_of(place).local / name / file.name
    assert path.name == "dagster.dump.age"
    assert path.read_bytes().startswith(b"age-encryption.org/v1")
    plain = tmp_path / "plain"
    encryption.decrypt_file(path, plain, encryption.identity_of({"K": key}, "K"))
    from pake_pipelines.maintenance.backup.holding import sha256

    assert sha256(plain) == file.plain_sha256
    with pytest.raises(MaintenanceError, match="another key"):
        encryption.decrypt_file(path, tmp_path / "wrong", encryption.identity_of({"K": other}, "K"))
    assert not (tmp_path / "wrong").exists()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(MaintenanceError, match="damaged or cut short"):
        encryption.decrypt_file(path, tmp_path / "short", encryption.identity_of({"K": key}, "K"))
    for environ, said in (({}, "is not set"), ({"PAKE_BACKUP_KEY": "hunter2"}, "holds no age identity")):
        with pytest.raises(MaintenanceError, match=said) as told:
            made(replace(secret, environ=environ))
        assert "hunter2" not in str(told.value)


def test_a_dry_run_says_what_would_be_and_leaves_nothing(place):
    outcome = asyncio.run(create.run(replace(place, dry_run=True)))
    assert "would dump house into" in outcome.summary
    assert not target_of(place).local.exists()


@pytest.mark.parametrize("url", ["memory://vault", "file://{}"], ids=["memory", "file"])
def test_any_place_that_fsspec_knows_can_hold_backups(house, tmp_path, url):
    place = place_of(tmp_path, *house, target=url.format(tmp_path / "far"))
    name = made(place)
    target = Target(url.format(tmp_path / "far"))
    assert target.names() == [name]
    assert target.files(name) == ["dagster.dump", "manifest.json"]
    fetched = target.fetch(name, tmp_path / "fetched")
    held = target.read_manifest(name)
    from pake_pipelines.maintenance.backup import holding

    assert holding.faults(fetched, held) == []
    target.write_small(name, "proof.json", b"{}")
    assert target.read_small(name, "proof.json") == b"{}"
    target.remove(name)
    assert target.names() == []


def test_a_relative_target_is_one_of_the_project(house, tmp_path):
    place = place_of(tmp_path / "project", *house, target="kept/here")
    assert target_of(place).local == tmp_path / "project" / "kept" / "here"
    assert target_of(place_of(tmp_path, *house)).local == tmp_path / "data" / "backups"


def test_an_upload_that_was_cut_off_is_no_backup_and_is_cleared_away(house, tmp_path, monkeypatch):
    place = place_of(tmp_path, *house, target="memory://cut")
    target = target_of(place)

    def cut(self, name, file):
        raise OSError("connection lost")

    with monkeypatch.context() as broken:
        broken.setattr(Target, "size", cut)
        with pytest.raises(MaintenanceError, match="connection lost"):
            made(place)
    assert target.names() == []
    assert target.files("backup-20261122T120000Z") == [".unfinished", "dagster.dump"]
    name = made(later(place, minutes=1))
    assert target.names() == [name]
    assert target.files("backup-20261122T120000Z") == []


def test_what_killed_runs_left_is_removed_but_not_what_somebody_works_in(place):
    local = target_of(place).local
    for left in (".backup-20261121T010000Z.partial", ".config-20261121T010000Z.removing", ".mine"):
        (local / left).mkdir(parents=True)
    with target_of(place).staging("backup-20261122T115900Z", local):
        made(place)
        assert listed(local) == [
            ".backup-20261122T115900Z.partial", ".mine", "backup-20261122T120000Z",
        ]  # fmt: skip


def test_without_room_nothing_is_begun(place, monkeypatch):
    monkeypatch.setattr(sizes, "needed", lambda *_: 10**18)
    with pytest.raises(MaintenanceError, match=r"not room enough for a backup in .* GB are needed and .* are free"):
        made(place)
    assert not target_of(place).local.exists()


def test_a_target_that_cannot_be_written_is_named(house, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MaintenanceError, match=r"file/below cannot be used for backups: Not a directory"):
        made(place_of(tmp_path, *house, target=str(tmp_path / "file" / "below")))
    with pytest.raises(MaintenanceError, match=r"backup.target in configs/maintenance.yaml cannot be used"):
        made(place_of(tmp_path, *house, target="nonsense://x"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'pg_dump (PostgreSQL) 14.1'", r"pg_dump 14.1 \(.*\) is older than the server \(PostgreSQL 18\)"),
        ("exit 127", "pg_dump was not found"),
    ],
    ids=["older", "broken"],
)
def test_a_client_that_does_not_fit_the_server_is_named_before_anything_is_dumped(
    place, tmp_path, monkeypatch, body, said
):
    program(tmp_path / "bin", "pg_dump", body)
    monkeypatch.setattr(client_tools, "directories", lambda: [tmp_path / "bin"])
    with pytest.raises(StoreError, match=said):
        made(place)
    assert not target_of(place).local.exists()


def test_a_dump_that_fails_leaves_nothing(place, tmp_path, monkeypatch):
    program(
        tmp_path / "bin",
        "pg_dump",
        "[ $1 = --version ] && echo 'pg_dump (PostgreSQL) 18.0' && exit\n"
        "head -c 100000 /dev/zero; echo 'pg_dump: error: something broke' >&2; exit 1",
    )
    monkeypatch.setattr(client_tools, "directories", lambda: [tmp_path / "bin"])
    with pytest.raises(MaintenanceError, match=r"pg_dump ended with code 1: .*something broke"):
        made(place)
    assert listed(target_of(place).local) == []


def test_no_secret_is_in_the_arguments_of_pg_dump(place, house, tmp_path, monkeypatch):
    program(
        tmp_path / "bin",
        "pg_dump",
        "[ $1 = --version ] && echo 'pg_dump (PostgreSQL) 18.0' && exit\n"
        f"echo $@ > {tmp_path}/arguments; env > {tmp_path}/environment; exit 1",
    )
    monkeypatch.setattr(client_tools, "directories", lambda: [tmp_path / "bin"])
    secret = house[1].replace("pake@", "pake:S3cr3t@")
    environ = {"PAKE_BACKUP_KEY": "K3y", "PATH": os.environ["PATH"]}
    with pytest.raises(MaintenanceError) as told:
        made(place_of(tmp_path, house[0], secret, environ=environ))
    assert "S3cr3t" not in str(told.value)
    assert "S3cr3t" not in (tmp_path / "arguments").read_text()
    assert "PGPASSWORD=S3cr3t" in (tmp_path / "environment").read_text()
    assert "K3y" not in (tmp_path / "environment").read_text()


async def test_select_is_all_that_is_needed_and_a_table_without_it_is_named(house, tmp_path):
    knowledge, url = house
    await execute(url, "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA house TO reader")
    try:
        await execute(url, "GRANT SELECT ON ALL TABLES IN SCHEMA house TO reader")
        await execute(url, "GRANT SELECT ON ALL SEQUENCES IN SCHEMA house TO reader")
        place = place_of(tmp_path, knowledge, url.replace("pake@", "reader@"))
        name = (await create.run(place)).details["name"]
        assert await mismatches(place, name, url) == []
        await execute(url, "REVOKE SELECT ON house.items FROM reader")
        with pytest.raises(StoreError, match=r"this user may not read house\.items: .* GRANT SELECT"):
            await create.run(place)
    finally:
        await execute(url, "DROP OWNED BY reader; DROP ROLE reader")


def test_the_figures_compare_with_the_backup_before(place):
    made(place)
    outcome = asyncio.run(create.run(later(place, hours=30)))
    assert outcome.details["hours_since_the_one_before"] == 30
    checks = {check["name"]: check["ok"] for check in outcome.details["checks"]}
    assert checks == {"backup_fresh": True, "backup_size": True, "backup_redundancy": True, "backup_proven": False}


def test_a_manifest_or_a_file_that_is_damaged_is_seen_at_a_look(place):
    target = target_of(place)
    first, second = made(place), made(place)
    (target.local / first / "manifest.json").write_text("{")
    with (target.local / second / "dagster.dump").open("ab") as file:
        file.write(b"x")
    one, other = survey.survey(target)
    assert "it is no JSON" in one.fault
    assert "dagster.dump of backup-20261122T120001Z is missing or not of its size" in other.fault
    assert made(place) == "backup-20261122T120002Z", "a damaged one before it is no obstacle"
