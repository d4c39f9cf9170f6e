"""Recovery to a moment gives exactly what was committed then, or says in one sentence why it cannot."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.maintenance.backup import base, bases, pitr, proof, recovery, wal
from pake_pipelines.maintenance.backup.base_files import ARCHIVE, MANIFEST, read_server_manifest, verify
from pake_pipelines.maintenance.backup.targets import Target
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.model.maintenance import ProofState, TaskState
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.archiving import system_of
from pake_pipelines.store.database import Patience, addresses, wait_for
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.wal import ServerFacts, close_segment, wal_standing
from pake_pipelines.store.wal_segments import archived
from pake_pipelines_tests.cli.terminal import Terminal
from pake_pipelines_tests.maintenance.backup.point_in_time import hashes_at, project_that_keeps_its_log

NODES = "pake.knowledge_nodes"


@pytest.fixture(scope="module")
def project():
    """A project that archives its log, with one base backup."""
    with project_that_keeps_its_log() as made:
        outcome = asyncio.run(base.run(made.place))
        assert outcome.state is TaskState.DONE
        yield made
        assert list((made.settings.data / "tmp").glob("scratch-*")) == []


def house_of(project):
    return bases.House(project.directory, system_of(project.server.cluster))


def now_of(project):
    return project.ask("SELECT clock_timestamp()")


@asynccontextmanager
async def connected(project):
    connection = await wait_for(addresses(project.settings).knowledge, Patience())
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def recovered_at(project, moment):
    plan = recovery.plan_for(moment, project.directory, await now_of(project))
    async with recovery.recovered(plan, project.settings.data / "tmp") as found:
        yield found


@contextmanager
def moved_away(path):
    """Have a file missing for a while."""
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


def cut_in_half(data):
    return data[: len(data) // 2]


def bit_flipped_in_the_checksum(data):
    """Flip a bit near the end; in a long run of packed zeros there are bits that mean nothing."""
    return data[:-6] + bytes([data[-6] ^ 1]) + data[-5:]


@contextmanager
def damaged(path, how):
    """Have a file damaged for a while."""
    data, before = path.read_bytes(), path.stat()
    path.write_bytes(how(data))
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    try:
        yield
    finally:
        path.write_bytes(data)
        os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))


async def test_just_before_a_dropped_table_everything_is_there_row_by_row(project):
    await project.ask(f"UPDATE {NODES} SET title = title || ' (changed after the base backup)'")
    before, moment = await project.hashes(), await now_of(project)
    await project.ask(f"ALTER TABLE {NODES} RENAME TO dropped_nodes")
    await project.ask(f"CREATE TABLE {NODES} (LIKE pake.dropped_nodes INCLUDING ALL)")
    await project.ask("DROP TABLE pake.dropped_nodes CASCADE")
    assert await project.hashes() != before
    outcome = await pitr.recover(project.place, moment, look=looked)
    assert [before] == FOUND
    assert outcome.state is TaskState.DONE
    (different,) = outcome.details["different_tables"]
    assert (different["table"], different["rows_now"], different["rows_then"]) == (NODES, 0, 2)
    assert outcome.details["last_commit_at"] < moment


FOUND = []


async def looked(found, outcome):
    FOUND.append(await hashes_at(found.databases["knowledge"]))


async def test_a_moment_after_which_nothing_was_committed_is_the_state_at_the_end_of_the_log(project):
    await project.ask("CREATE TABLE quiet AS SELECT 1 AS number")
    await asyncio.sleep(0.05)
    moment, before = await now_of(project), await project.hashes()
    await pitr.archive_now(project.place)
    async with recovered_at(project, moment) as found:
        assert await hashes_at(found.databases["knowledge"]) == before
        assert found.reached < moment


async def test_what_is_recovered_can_be_kept_as_a_backup_that_is_proved_like_any_other(project, tmp_path):
    before, moment = await project.hashes(), await now_of(project)
    await project.ask("CREATE TABLE later AS SELECT 1 AS number")
    outcome = await pitr.recover(project.place, moment, into=tmp_path / "kept")
    target = Target(str(tmp_path / "kept"))
    held = target.read_manifest(outcome.details["backup"]).databases["knowledge"].tables
    assert [(one.schema, one.name, one.rows, one.hash) for one in held] == [
        (one.schema, one.name, one.rows, one.hash) for one in before
    ]
    assert (await proof.prove(project.place, target, outcome.details["backup"])).state is ProofState.PROVEN


async def test_a_dry_run_says_from_what_it_would_recover_and_starts_no_server(project):
    moment = await now_of(project)
    outcome = await pitr.recover(replace(project.place, dry_run=True), moment)
    assert outcome.summary.startswith("would recover ")
    assert outcome.details["base_backup"].startswith("base-")


async def test_a_base_backup_is_private_and_named_only_when_whole(project):
    house = house_of(project)
    (made,) = bases.bases_in(house)
    assert stat.S_IMODE(house.bases.stat().st_mode) == 0o700
    assert {path.name for path in house.path(made).iterdir()} == {ARCHIVE, MANIFEST, bases.FILE}
    assert {stat.S_IMODE(path.stat().st_mode) for path in house.path(made).iterdir()} == {0o600}


async def test_while_one_is_recent_none_is_taken_and_a_dry_run_never_takes_one(project):
    assert (await base.run(project.place)).state is TaskState.SKIPPED
    later = project.config.model_copy(
        update={"backup": project.config.backup.model_copy(update={"point_in_time": project.rules.model_copy()})}
    )
    object.__setattr__(later.backup.point_in_time, "base_every_days", 0)
    outcome = await base.run(replace(project.place, config=later, dry_run=True))
    assert outcome.summary == "would take a base backup"
    assert len(bases.bases_in(house_of(project))) == 1


async def test_where_it_is_switched_off_nothing_is_done(project):
    off = project.config.model_copy(update={"backup": type(project.config.backup)()})
    assert (await base.run(replace(project.place, config=off))).state is TaskState.SKIPPED


async def test_a_moment_in_the_future_is_refused(project):
    with pytest.raises(MaintenanceError, match="is in the future"):
        await pitr.recover(project.place, project.place.clock() + timedelta(hours=1))


async def test_a_moment_before_the_first_base_backup_is_refused_and_the_earliest_named(project):
    (made,) = bases.bases_in(house_of(project))
    with pytest.raises(MaintenanceError, match=f"the earliest moment is {made.finished_at:%Y-%m-%d %H:%M:%S} UTC"):
        await pitr.recover(project.place, made.finished_at - timedelta(seconds=1))


async def test_without_any_base_backup_the_way_to_one_is_named(project, tmp_path):
    with pytest.raises(MaintenanceError, match=r"no base backup in .*set backup\.point_in_time\.enabled"):
        recovery.plan_for(project.place.clock(), tmp_path, project.place.clock())


async def test_a_missing_segment_is_named_and_moments_before_it_can_still_be_had(project):
    await pitr.archive_now(project.place)
    await project.ask("CREATE TABLE IF NOT EXISTS before_the_gap AS SELECT 1 AS number")
    moment = await now_of(project)
    for _ in range(3):
        await pitr.archive_now(project.place)
    after = await now_of(project)
    await pitr.archive_now(project.place)
    house = house_of(project)
    gone = archived(house.wal)[-2].segment.name
    with moved_away(house.wal / f"{gone}.gz"):
        with pytest.raises(MaintenanceError, match=f"segment {gone} of the log is missing"):
            recovery.plan_for(after, project.directory, after)
        async with recovered_at(project, moment) as found:
            assert "before_the_gap" in {one.name for one in await hashes_at(found.databases["knowledge"])}


async def test_a_damaged_segment_ends_the_recovery_and_is_never_taken_for_the_end_of_the_log(project):
    moment = await now_of(project)
    await pitr.archive_now(project.place)
    path = house_of(project).wal / f"{archived(house_of(project).wal)[-1].segment.name}.gz"
    refused = pytest.raises(StoreError, match=f'could not restore file "{path.stem}"')
    with damaged(path, bit_flipped_in_the_checksum), refused:
        await pitr.recover(project.place, moment)


@pytest.mark.parametrize("file", [ARCHIVE, MANIFEST])
@pytest.mark.parametrize("how", [cut_in_half, bit_flipped_in_the_checksum], ids=["cut", "bit"])
async def test_a_damaged_base_backup_is_found_before_a_server_starts(project, file, how):
    (made,) = bases.bases_in(house_of(project))
    path = house_of(project).path(made) / file
    with damaged(path, how), pytest.raises(MaintenanceError, match=r"is damaged"):
        await pitr.recover(project.place, await now_of(project))


async def test_failing_archiving_is_seen_refuses_a_base_backup_and_loses_nothing(project):
    directory = house_of(project).wal
    with moved_away(directory):
        async with connected(project) as connection:
            name = await close_segment(connection)
            while not (standing := await wal_standing(connection)).failing:
                await asyncio.sleep(0.1)
        assert (standing.last_failed, standing.waiting) == (name, 1)
        assert "archiving fails since" in wal.fault(standing, project.rules)
        with pytest.raises(MaintenanceError, match="archiving fails since"):
            await base.run(project.with_options(now=True))
    async with connected(project) as connection:
        await close_segment(connection)
        while (await wal_standing(connection)).waiting:
            await asyncio.sleep(0.1)
    assert (directory / f"{name}.gz").exists()


async def test_a_segment_is_closed_when_it_is_due_and_an_idle_server_closes_none(project):
    house = house_of(project)
    await project.ask("ALTER SYSTEM SET archive_timeout = '1s'")
    try:
        await project.ask("SELECT pg_reload_conf()")
        await project.ask("CREATE TABLE written AS SELECT 1 AS number")
        moment = await now_of(project)
        while archived(house.wal)[-1].closed_at < moment:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)
        before = len(archived(house.wal))
        await asyncio.sleep(2.5)
        assert len(archived(house.wal)) == before
    finally:
        await project.ask("ALTER SYSTEM RESET archive_timeout")
        await project.ask("SELECT pg_reload_conf()")


async def test_a_role_that_may_not_replicate_is_unavailable_with_the_way_out(project):
    for statement in (
        "CREATE ROLE plain LOGIN",
        "GRANT USAGE ON SCHEMA pake TO plain",
        "GRANT SELECT ON ALL TABLES IN SCHEMA pake TO plain",
    ):
        await project.ask(statement)
    url = addresses(project.settings).knowledge.replace("pake@", "plain@")
    settings = project.settings.model_copy(update={"database_url": SecretStr(url)})
    outcome = await base.run(replace(project.place, settings=settings))
    assert outcome.state is TaskState.UNAVAILABLE
    assert outcome.summary.startswith("role 'plain' may not take a base backup: ALTER ROLE ... REPLICATION")


FACTS = ServerFacts(major=18, system=1, role="me", may_replicate=True, now=None)


@pytest.mark.parametrize(
    ("facts", "on", "said"),
    [
        (FACTS, True, None),
        (replace(FACTS, major=16), True, "the server is PostgreSQL 16 and what comes with this package is 18"),
        (FACTS, False, "the server archives no log: set archive_mode and archive_command"),
    ],
    ids=["fit", "another major version", "archives nothing"],
)
async def test_a_server_of_ones_own_has_to_be_fit_for_it(project, facts, on, said):
    async with connected(project) as connection:
        standing = replace(await wal_standing(connection), on=on)
    found = base.hindrance(facts, standing, embedded=False)
    assert (found is None) if said is None else found.startswith(said)


async def test_old_base_backups_go_with_their_log_and_what_a_killed_run_left_goes_too(project):
    house = house_of(project)
    left = house.bases / ".base-20200101T000000Z.partial"
    left.mkdir()
    (left / ARCHIVE).write_bytes(b"half")
    (old,) = bases.bases_in(house)
    await base.run(project.with_options(now=True))
    newest = bases.newest(bases.bases_in(house))
    assert (newest.name != old.name, left.exists()) == (True, False)
    tidied = base.tidied(house, project.place.clock() + timedelta(days=30), keep_days=14)
    assert (tidied.bases, [one.name for one in bases.bases_in(house)]) == ((old.name,), [newest.name])
    assert archived(house.wal)[0].segment == newest.first_segment
    moment = await now_of(project)
    before = await project.hashes()
    await pitr.archive_now(project.place)
    async with recovered_at(project, moment) as found:
        assert await hashes_at(found.databases["knowledge"]) == before


def test_a_former_cluster_goes_when_nothing_of_the_kept_days_is_left_of_it(project, tmp_path):
    now = project.place.clock()
    for name in ("1", "2"):
        shutil.copytree(house_of(project).directory / str(house_of(project).system), tmp_path / name)
    running = bases.House(tmp_path, 2)
    base.tidied(running, now + timedelta(days=13), keep_days=14)
    assert bases.bases_in(bases.House(tmp_path, 1))
    base.tidied(running, now + timedelta(days=15), keep_days=14)
    assert (bases.bases_in(bases.House(tmp_path, 1)), archived(bases.House(tmp_path, 1).wal)) == ([], [])
    assert bases.bases_in(running)


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to run the server as somebody else")
def test_under_root_the_archive_belongs_to_the_servers_account(project):
    found = house_of(project).wal.stat()
    assert (found.st_uid != 0, stat.S_IMODE(found.st_mode)) == (True, 0o700)


def killed(project, act, point):
    environment = {**os.environ, crash.VARIABLE: point.value}
    module = "pake_pipelines_tests.maintenance.backup.base_child"
    done = subprocess.run([sys.executable, "-m", module, act, project.settings.home], env=environment, cwd=PACKAGE_HOME)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("act", "point", "more"),
    [
        ("take", CrashPoint.BASE_TAKEN, 0),
        ("take", CrashPoint.BASE_RENAMED, 1),
        ("tidy", CrashPoint.BASE_LEAVING, None),
    ],
)
def test_killed_at_any_step_every_base_backup_that_has_a_name_is_whole(project, act, point, more):
    house = house_of(project)
    before = bases.bases_in(house)
    killed(project, act, point)
    after = bases.bases_in(house)
    assert more is None or len(after) == len(before) + more
    for one in after:
        verify(house.path(one) / ARCHIVE, read_server_manifest(house.path(one) / MANIFEST))
    assert bases.newest(after).finished_at >= bases.newest(before).finished_at
    assert archived(house.wal)[0].segment <= after[0].first_segment
    asyncio.run(base.run(project.with_options(now=True)))
    assert list(house.bases.glob(".base-*")) == []


@pytest.fixture
def terminal(project, monkeypatch, capsys):
    """A terminal in the project."""
    return Terminal(project.settings.home, monkeypatch, capsys)


def test_pake_backup_pitr_shows_what_is_different_and_says_that_nothing_is_kept(project, terminal):
    moment = asyncio.run(now_of(project))
    asyncio.run(project.ask("CREATE TABLE public.came_later AS SELECT generate_series(1, 3) AS number"))
    done = terminal.pake("backup", "pitr", "--to", moment.isoformat())
    assert (done.code, "public.came_later no table 3" in " ".join(done.stdout.split())) == (0, True)
    assert "nothing of it is kept" in done.stdout


def test_pake_backup_pitr_says_without_starting_anything_from_what_it_would_recover(project, terminal):
    done = terminal.pake("backup", "pitr", "--to", asyncio.run(now_of(project)).isoformat(), "--dry-run", "--json")
    assert (done.code, done.json["details"]["base_backup"][:5]) == (0, "base-")


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("yesterday", "no moment: 'yesterday'"),
        ("2999-01-01", "is in the future"),
        ("2001-01-01", "the earliest moment"),
    ],
)
def test_pake_backup_pitr_refuses_in_one_sentence(terminal, to, said):
    done = terminal.pake("backup", "pitr", "--to", to)
    assert (done.code, said in done.stderr) == (1, True)
