"""Proven means restored and equal row by row; damage is named, and what could not be tried is never proven."""

import asyncio
import errno
import os
import random
import re
import shutil
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import orjson
import pytest

from pake_pipelines.maintenance.backup import create, encryption, holding, loading, proof, proof_record, survey
from pake_pipelines.maintenance.backup import manifest as manifests
from pake_pipelines.maintenance.backup.manifest import TableEntry
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.store import backups
from pake_pipelines.store.database import open_database
from pake_pipelines.store.scratch import ScratchServer
from pake_pipelines_tests.maintenance.backup.vault import execute, later, made, place_of

DUMP = "dagster.dump"


@pytest.fixture(scope="module")
def original(house, tmp_path_factory):
    """Where a sound backup lies, whose rows stand in the dump as they are; nobody changes it."""
    place = place_of(tmp_path_factory.mktemp("original"), *house, compress_level=0)
    return target_of(place).local / made(place)


@pytest.fixture
def place(house, tmp_path):
    """A place whose own backup nobody has proved yet."""
    return place_of(tmp_path, *house)


@pytest.fixture
def backup(original, place):
    """A copy of the original in that place, to do things to."""
    copy = target_of(place).local / original.name
    shutil.copytree(original, copy)
    return copy


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with ScratchServer(tmp_path_factory.mktemp("scratch")) as server:
        yield server


@pytest.fixture
def lent(server, monkeypatch):
    """Let proofs work on the one scratch server of this module: setting one up takes a second."""

    @asynccontextmanager
    async def lend(*_, **__):
        await execute(server.url(), "DROP DATABASE IF EXISTS dagster WITH (FORCE)")
        yield server

    monkeypatch.setattr(proof, "ScratchServer", lend)


def prove(place, name):
    found = asyncio.run(proof.prove(place, target_of(place), name))
    left = place.settings.data / "tmp"
    assert not left.exists() or [path.name for path in left.iterdir()] == [".scratch-lock"]
    return found


def signed_anew(backup, **changes):
    """Write a manifest that says something else, with the right checksums of all that lies there."""
    held = manifests.from_json((backup / manifests.FILE).read_bytes())
    files = tuple(
        replace(one, bytes=(backup / one.name).stat().st_size, sha256=holding.sha256(backup / one.name))
        for one in held.files
        if (backup / one.name).exists()
    )
    (backup / manifests.FILE).write_bytes(manifests.to_json(replace(held, files=files, **changes)))


def flip(path, position, bit=0):
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(data)


def test_what_is_restored_and_equal_is_proven_and_on_record(house, tmp_path):
    place = place_of(tmp_path, *house, databases=["knowledge", "dagster"])
    name = made(place)
    found = prove(place, name)
    assert (found.state, found.faults, found.cause) == (ProofState.PROVEN, (), "")
    assert {one.role: one.rows for one in found.databases} == {"knowledge": 1, "dagster": 1003}
    assert re.fullmatch(r"restored, and 1,004 rows in \d+ tables are equal", found.detail)
    assert all(one.indexes.startswith(("unavailable: this server has no", "sound")) for one in found.databases)
    known = survey.known(target_of(place), name)
    assert (known.state, known.is_proven) == (ProofState.PROVEN, True)

    async def row():
        async with open_database(house[0]) as database, database.connection() as connection:
            return next(one for one in await backups.listed(connection) if one.target == target_of(place).shown)

    noted = asyncio.run(row())
    assert (noted.state, noted.proved_at, noted.detail) == (ProofState.PROVEN, found.proved_at, found.detail)
    assert noted.proof_seconds == found.seconds > 0


def truncate(backup):
    os.truncate(backup / DUMP, (backup / DUMP).stat().st_size - 1)


def swap_files(backup):
    other = backup.parent / "other.dump"
    other.write_bytes(os.urandom((backup / DUMP).stat().st_size))
    other.rename(backup / DUMP)


def edit_manifest(backup):
    path = backup / manifests.FILE
    path.write_bytes(path.read_bytes().replace(b'"rows": 800', b'"rows": 801'))


def stale_manifest(backup):
    (backup.parent / "backup-20261121T120000Z").mkdir()
    held = manifests.from_json((backup / manifests.FILE).read_bytes())
    (backup / manifests.FILE).write_bytes(manifests.to_json(replace(held, name="backup-20261121T120000Z")))


DAMAGES = {
    "a flipped bit": (lambda backup: flip(backup / DUMP, 1000, 3), r"dagster.dump has other bytes than were written"),
    "cut short": (truncate, r"dagster.dump has [\d,]+ bytes instead of"),
    "another file": (swap_files, r"dagster.dump has other bytes"),
    "no file": (lambda backup: (backup / DUMP).unlink(), "dagster.dump is missing"),
    "an edited manifest": (edit_manifest, "damaged or was edited"),
    "another backup's manifest": (stale_manifest, "belongs to another backup, backup-20261121T120000Z"),
    "no manifest": (lambda backup: (backup / manifests.FILE).unlink(), "has no manifest"),
    "no database": (lambda backup: signed_anew(backup, databases={}), "holds no database"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_named(backup, place, damage):
    how, words = DAMAGES[damage]
    how(backup)
    found = prove(place, backup.name)
    assert found.state is ProofState.DAMAGED
    assert len(found.faults) == 1
    assert re.search(words, found.detail)
    assert survey.known(target_of(place), backup.name).is_damaged


def lacking_table(held):
    kept = tuple(one for one in held.databases["dagster"].tables if one.name != "main")
    return {"dagster": replace(held.databases["dagster"], tables=kept)}


def with_table(held, **changes):
    tables = tuple(replace(one, **changes) if one.name == "items" else one for one in held.databases["dagster"].tables)
    return {"dagster": replace(held.databases["dagster"], tables=tables)}


def with_another(held):
    tables = (*held.databases["dagster"].tables, TableEntry("house", "lost", 3, "17"))
    return {"dagster": replace(held.databases["dagster"], tables=tables)}


LIES = {
    "a table that is missing": (with_another, "dagster: table house.lost is missing"),
    "a table too many": (lacking_table, "dagster: table house.main is not in the manifest"),
    "fewer rows": (lambda held: with_table(held, rows=801), "house.items has 800 rows instead of 801"),
    "other rows": (lambda held: with_table(held, hash="5"), r"house.items has other rows .* though as many \(800\)"),
}


@pytest.fixture
def restored(server):
    """Return a function that restores a dump and compares it with a manifest, whatever its checksum."""

    async def restore(held, dump):
        await execute(server.url(), "DROP DATABASE IF EXISTS dagster WITH (FORCE)")
        return await proof.restore_all(held, {"dagster": dump}, server, os.environ)

    return lambda held, dump: asyncio.run(restore(held, dump))


@pytest.mark.parametrize("lie", LIES)
def test_a_file_with_the_right_checksum_is_damaged_when_other_rows_come_out_of_it(backup, restored, lie):
    changed, words = LIES[lie]
    held = manifests.from_json((backup / manifests.FILE).read_bytes())
    found = restored(replace(held, databases=changed(held)), backup / DUMP)
    assert len(found.faults) == 1
    assert re.search(words, found.faults[0])


def test_a_sequence_that_would_give_numbers_again_is_damage(backup, restored):
    held = manifests.from_json((backup / manifests.FILE).read_bytes())
    (sequence,) = held.databases["dagster"].sequences
    further = replace(held.databases["dagster"], sequences=(replace(sequence, at_least=801),))
    found = restored(replace(held, databases={"dagster": further}), backup / DUMP)
    assert found.faults == ["dagster: sequence house.items_id_seq stands at 800, and had reached 801"]


def test_row_hashes_find_every_flipped_bit_of_the_data_without_any_checksum(backup, restored):
    held = manifests.from_json((backup / manifests.FILE).read_bytes())
    data = (backup / DUMP).read_bytes()
    begin = data.index(b"c4ca4238a0b923820dcc509a6f75849b")  # md5 of the first item's number
    choose = random.Random(7)
    silent = 0
    for _ in range(15):
        damaged = backup / "damaged.dump"
        damaged.write_bytes(data)
        flip(damaged, begin + choose.randrange(200_000), choose.randrange(8))
        found = restored(held, damaged)
        assert found.faults
        silent += any("though as many" in fault for fault in found.faults)
    assert silent >= 10, "most of these would be restored without an error and with as many rows"
    assert restored(held, backup / DUMP).faults == []


CAUSES = {
    "room": (lambda held: {"databases": _sized(held, 10**18)}, "not enough room .* to restore into a scratch server"),
    "server": (lambda _: {"server_version": "19.1"}, "made with server 19.1; the scratch server is PostgreSQL 18"),
    "client": (lambda _: {"client_version": "20beta1"}, "made with pg_dump 20beta1"),
    "version": (
        lambda held: {"databases": {"knowledge": held.databases["dagster"]}, "migration": "9"},
        "knows none after",
    ),
}


def _sized(held, size):
    return {"dagster": replace(held.databases["dagster"], bytes=size)}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_cannot_be_tried_is_unavailable_and_says_why(backup, place, cause):
    changes, words = CAUSES[cause]
    held = manifests.from_json((backup / manifests.FILE).read_bytes())
    signed_anew(backup, **changes(held))
    found = prove(place, backup.name)
    assert found.state is ProofState.UNAVAILABLE
    assert re.search(words, found.cause)
    assert not survey.known(target_of(place), backup.name).is_proven


@pytest.mark.usefixtures("lent")
def test_a_missing_program_is_unavailable(backup, place, monkeypatch, tmp_path):
    monkeypatch.setattr(proof, "programs", lambda: tmp_path)
    found = prove(place, backup.name)
    assert found.state is ProofState.UNAVAILABLE
    assert "pg_restore was not found" in found.cause


@pytest.mark.parametrize("said", ["No space left on device", 'extension "vector" is not available'])
@pytest.mark.usefixtures("lent")
def test_a_restore_that_fails_for_its_place_says_nothing_of_the_backup(backup, place, monkeypatch, said):
    async def full(dump, *_, **__):
        loading._refuse(dump.name, f"pg_restore: error: could not execute query: ERROR:  {said}\n", 1)

    monkeypatch.setattr(proof, "restore_into", full)
    found = prove(place, backup.name)
    assert found.state is ProofState.UNAVAILABLE
    assert said in found.cause


@pytest.mark.usefixtures("lent")
def test_an_encrypted_backup_is_proven_with_its_key_only(house, tmp_path):
    identity, _ = encryption.new_identity()
    place = place_of(tmp_path, *house, encrypt=True, environ={"PAKE_BACKUP_KEY": identity})
    name = made(place)
    assert prove(replace(place, environ={}), name).state is ProofState.UNAVAILABLE
    other, _ = encryption.new_identity()
    found = prove(replace(place, environ={"PAKE_BACKUP_KEY": other}), name)
    assert (found.state, "another key" in found.cause) == (ProofState.UNAVAILABLE, True)
    assert prove(place, name).state is ProofState.PROVEN


@pytest.mark.usefixtures("lent")
def test_a_try_that_comes_to_nothing_does_not_undo_a_proof_and_damage_does(backup, place):
    first = prove(place, backup.name)
    assert first.state is ProofState.PROVEN
    held = (backup / manifests.FILE).read_bytes()
    unable = replace(first, state=ProofState.UNAVAILABLE, cause="no room", proved_at=later(place, hours=1).clock())
    standing = proof_record.write(target_of(place), unable)
    assert (standing.state, standing.proved_at, standing.attempt) == (ProofState.PROVEN, first.proved_at, "no room")
    assert survey.known(target_of(place), backup.name).is_proven
    flip(backup / DUMP, 5000)
    assert prove(place, backup.name).state is ProofState.DAMAGED
    assert not survey.known(target_of(place), backup.name).is_proven
    assert (backup / manifests.FILE).read_bytes() == held


@pytest.mark.usefixtures("lent")
def test_a_fault_of_the_programme_is_no_proof_but_an_error(backup, place, monkeypatch):
    async def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(proof, "examine", broken)
    with pytest.raises(RuntimeError):
        prove(place, backup.name)
    assert not (backup / survey.PROOF).exists()


def test_a_proof_that_is_stopped_leaves_nothing_running_and_nothing_behind(backup, place, monkeypatch):
    monkeypatch.setattr(proof, "examine", lambda _: asyncio.sleep(60))

    async def work():
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await proof.prove(place, target_of(place), backup.name)

    asyncio.run(work())
    assert [path.name for path in (place.settings.data / "tmp").iterdir()] == [".scratch-lock"]
    assert not (backup / survey.PROOF).exists()


def test_a_proof_that_cannot_be_written_down_is_an_error(backup, place, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    flip(backup / DUMP, 5000)
    monkeypatch.setattr(proof_record, "write", full)
    with pytest.raises(MaintenanceError, match="is damaged, but that cannot be written beside it"):
        prove(place, backup.name)


def test_a_disk_that_cannot_read_a_file_any_more_is_damage(backup, monkeypatch):
    def broken(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(holding, "sha256", broken)
    held = manifests.from_json((backup / manifests.FILE).read_bytes())
    assert holding.faults(backup, held) == ["dagster.dump cannot be read from its disk any more"]


@pytest.mark.usefixtures("lent")
def test_a_backup_elsewhere_is_fetched_and_proven(house, tmp_path):
    place = place_of(tmp_path, *house, target="memory://proofs")
    name = asyncio.run(create.run(place)).details["name"]
    assert prove(place, name).state is ProofState.PROVEN
    target = target_of(place)
    assert orjson.loads(target.read_small(name, survey.PROOF))["state"] == "proven"
    target.write_small(name, DUMP, b"x" * target.size(name, DUMP))
    assert prove(place, name).state is ProofState.DAMAGED


@pytest.mark.parametrize(
    ("size", "free", "memory"),
    [
        (10 << 20, 8 << 30, 64 << 20),
        (2 << 30, 8 << 30, 512 << 20),
        (2 << 30, 1 << 30, 256 << 20),
        (9 << 40, 9 << 40, 1 << 30),
    ],
)
def test_indexes_are_built_in_memory_as_far_as_it_is_there(size, free, memory):
    assert proof.index_memory(size, free) == memory
