"""A restore replaces nothing that is not proven, kept and equal; killed anywhere, the live database is a whole one."""

import asyncio
import os
import shutil
import signal
from dataclasses import replace

import pytest

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.maintenance.backup import holding, kept, restore, survey
from pake_pipelines.maintenance.backup import manifest as manifests
from pake_pipelines.maintenance.backup.restore import Wish
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.maintenance.errors import BusyError, MaintenanceError
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.store import session_locks, swap
from pake_pipelines.store.database import Patience, create_databases, wait_for, with_database
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.examination import examine
from pake_pipelines_tests.maintenance.backup.vault import execute, fill, later, made, place_of, prove

LIVE, KEPT, BESIDE = "manor", "manor_before_20261122T130000Z", "manor_restoring"
FORCE = Wish("ann", force=True)


@pytest.fixture
def urls(module_database_url):
    """The addresses of the knowledge database and of a small live one, which is fresh for each test."""
    server = with_database(module_database_url, "postgres")
    asyncio.run(execute(server, f"CREATE DATABASE {LIVE} TEMPLATE template0 STRATEGY FILE_COPY"))
    asyncio.run(fill(with_database(module_database_url, LIVE)))
    yield module_database_url, with_database(module_database_url, LIVE)
    for name in databases(server):
        asyncio.run(execute(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
def place(urls, tmp_path):
    """A place, an hour after a backup that was proven there; one row has been lost since."""
    place = place_of(tmp_path, *urls)
    prove(place, made(place))
    asyncio.run(execute(urls[1], "DELETE FROM house.items WHERE id = 7"))
    return later(place, hours=1)


def databases(server):
    async def names():
        connection = await wait_for(server, Patience())
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1", LIVE)
        await connection.close()
        return [row[0] for row in rows]

    return asyncio.run(names())


def server_of(place):
    return with_database(place.settings.database_url.get_secret_value(), "postgres")


def rows(place, name=LIVE):
    found = asyncio.run(examine(with_database(server_of(place), name)))
    return sum(table.rows for table in found.tables)


def put_back(place, wish=FORCE):
    return asyncio.run(restore.restore(place, wish))


def test_the_backup_takes_the_place_of_what_is_live_which_is_saved_and_kept(place):
    outcome = put_back(place)
    assert databases(server_of(place)) == [LIVE, KEPT]
    assert (rows(place), rows(place, KEPT)) == (1003, 1002)
    assert outcome.details["kept"] == [{"database": LIVE, "kept_as": KEPT}]
    assert KEPT in outcome.summary
    saved = target_of(place).read_manifest(outcome.details["safety_backup"])
    assert (saved.name, saved.rows) == ("backup-20261122T130000Z", 1002)

    async def noted():
        connection = await wait_for(place.settings.database_url.get_secret_value(), Patience())
        row = await connection.fetchrow(
            "SELECT actor, subject, details::text FROM pake.audit_events WHERE action = 'backup.restore'"
            " ORDER BY event_id DESC LIMIT 1"
        )
        await connection.close()
        return row

    actor, subject, details = asyncio.run(noted())
    assert (actor, subject, KEPT in details) == ("ann", "backup-20261122T120000Z", True)


def test_one_can_go_back_to_what_was_kept_and_remove_what_is_not_wanted(place):
    put_back(place)
    (held,) = asyncio.run(kept.listed(place))
    assert (held.name, held.note) == (KEPT, "kept by pake: backup-20261122T120000Z was restored")
    # in the same second, so the name that it would get is taken
    (outgoing,) = asyncio.run(kept.use(place, [KEPT], "ann"))
    assert outgoing == "manor_before_20261122T130001Z"
    assert (rows(place), rows(place, outgoing)) == (1002, 1003)
    asyncio.run(kept.remove(place, [outgoing], "ann"))
    assert databases(server_of(place)) == [LIVE]
    with pytest.raises(MaintenanceError, match=f"no database '{LIVE}' is kept"):
        asyncio.run(kept.remove(place, [LIVE], "ann"))


def test_live_data_are_not_replaced_without_force(place):
    with pytest.raises(MaintenanceError, match=r"there are live data in manor \(1,002 rows\): `--dry-run` shows"):
        put_back(place, Wish("ann"))
    assert (databases(server_of(place)), rows(place)) == ([LIVE], 1002)


def test_a_dry_run_says_what_would_change_and_changes_nothing(place):
    outcome = put_back(replace(place, dry_run=True), Wish("ann"))
    assert outcome.details["databases"] == [{"role": "dagster", "database": LIVE, "rows_now": 1002, "rows_then": 1003}]
    assert outcome.details["tables"] == [{"database": LIVE, "table": "house.items", "rows_now": 799, "rows_then": 800}]
    assert "1,002 rows now, 1,003 in the backup, 1 of " in outcome.summary
    assert (databases(server_of(place)), len(target_of(place).names())) == ([LIVE], 1)


def test_where_nothing_is_live_none_is_needed_and_none_is_kept(place):
    asyncio.run(execute(server_of(place), f"DROP DATABASE {LIVE}"))
    outcome = put_back(place, Wish("ann"))
    assert (databases(server_of(place)), rows(place)) == ([LIVE], 1003)
    assert outcome.details["safety_backup"] is None
    assert len(target_of(place).names()) == 1


def test_a_backup_that_nobody_proved_is_proved_first(place):
    (target_of(place).local / "backup-20261122T120000Z" / survey.PROOF).unlink()
    put_back(place)
    assert survey.known(target_of(place), "backup-20261122T120000Z").state is ProofState.PROVEN
    assert rows(place) == 1003


def damage(place, *, signed=False):
    """Change a byte in the dump; with `signed` the manifest and its proof agree with it."""
    directory = target_of(place).local / "backup-20261122T120000Z"
    data = bytearray((directory / "dagster.dump").read_bytes())
    data[len(data) // 2] ^= 1
    (directory / "dagster.dump").write_bytes(data)
    if signed:
        held = manifests.from_json((directory / manifests.FILE).read_bytes())
        files = tuple(replace(one, sha256=holding.sha256(directory / one.name)) for one in held.files)
        (directory / manifests.FILE).write_bytes(manifests.to_json(replace(held, files=files)))
        prove(place, directory.name)


@pytest.mark.parametrize("signed", [False, True], ids=["by its checksum", "by restoring it"])
def test_a_damaged_backup_replaces_nothing(place, signed):
    damage(place, signed=signed)
    with pytest.raises(MaintenanceError):
        put_back(place)
    assert (databases(server_of(place)), rows(place)) == ([LIVE], 1002)


def test_nothing_is_replaced_that_came_out_otherwise_than_it_was_backed_up(place, monkeypatch):
    monkeypatch.setattr("pake_pipelines.maintenance.backup.beside.differences", lambda *_: ["table house.x is missing"])
    with pytest.raises(MaintenanceError, match=r"not equal, so nothing was replaced: table house\.x is missing"):
        put_back(place)
    assert (databases(server_of(place)), rows(place)) == ([LIVE], 1002)


def test_what_is_in_use_is_left_alone(place, urls):
    async def while_connected():
        guest = await wait_for(urls[1], Patience())
        try:
            await restore.restore(place, FORCE)
        finally:
            await guest.close()

    with pytest.raises(StoreError, match=r"in use: manor by pake \(1\)"):
        asyncio.run(while_connected())
    assert (databases(server_of(place)), rows(place)) == ([LIVE], 1002)


def test_two_restores_do_not_work_at_once(place):
    async def while_another():
        other = await wait_for(server_of(place), Patience())
        await session_locks.lock(other, "pake backup", "restore")
        try:
            await restore.restore(place, FORCE)
        finally:
            await other.close()

    with pytest.raises(BusyError, match="another restore"):
        asyncio.run(while_another())


def test_live_data_that_cannot_be_backed_up_are_replaced_only_when_that_is_said(place, monkeypatch):
    async def unable(_):
        raise MaintenanceError("invalid page in block 3")

    monkeypatch.setattr("pake_pipelines.maintenance.backup.create.run", unable)
    with pytest.raises(MaintenanceError, match=r"invalid page in block 3; it is kept .* `--without-safety-backup`"):
        put_back(place)
    assert rows(place) == 1002
    put_back(place, replace(FORCE, safety=False))
    assert (rows(place), rows(place, KEPT)) == (1003, 1002)


@pytest.mark.parametrize(
    ("at", "live", "left"),
    [
        (CrashPoint.RESTORE_RESTORED, 1002, [LIVE, BESIDE]),
        (CrashPoint.SWAP_BETWEEN, 1002, [LIVE, BESIDE]),
        (CrashPoint.SWAP_RENAMED, 1002, [LIVE, BESIDE]),
        (CrashPoint.SWAP_COMMITTED, 1003, [LIVE, KEPT]),
    ],
    ids=lambda value: value.value if isinstance(value, CrashPoint) else "",
)
def test_killed_anywhere_the_live_database_is_the_old_or_the_new_whole_one(place, at, live, left):
    child = os.fork()
    if child == 0:
        os.environ[crash.VARIABLE] = at.value
        try:
            put_back(place, replace(FORCE, safety=False))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    # what `pake up` does next: it makes no empty database, as none is missing
    asyncio.run(create_databases(place.settings))
    assert (rows(place), databases(server_of(place))) == (live, left)
    put_back(later(place, hours=1), replace(FORCE, safety=False))
    assert rows(place) == 1003
    assert BESIDE not in databases(server_of(place))


def test_what_is_asked_for_has_to_be_there(place):
    with pytest.raises(MaintenanceError, match="no backup 'backup-x'"):
        put_back(place, replace(FORCE, name="backup-x"))
    with pytest.raises(MaintenanceError, match="holds dagster, and not knowledge"):
        put_back(place, replace(FORCE, roles=("knowledge",)))
    shutil.rmtree(target_of(place).local)
    with pytest.raises(MaintenanceError, match="there is no backup"):
        put_back(place)


def test_a_role_that_may_not_create_databases_is_told_so_before_anything_is_done(place, urls, monkeypatch):
    async def as_role():
        connection = await wait_for(server_of(place), Patience())
        await connection.execute("CREATE ROLE guest LOGIN; GRANT pg_read_all_data TO guest")
        await connection.close()

    asyncio.run(as_role())
    try:
        guest = urls[1].replace("pake@", "guest@")
        settings = place.settings.model_copy(update={"dagster_url": type(place.settings.database_url)(guest)})
        with pytest.raises(StoreError, match="may not create databases"):
            put_back(replace(place, settings=settings))
    finally:
        asyncio.run(execute(server_of(place), "DROP ROLE guest"))
    assert (databases(server_of(place)), rows(place), swap.beside(LIVE)) == ([LIVE], 1002, BESIDE)
