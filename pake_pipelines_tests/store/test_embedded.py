"""The embedded server starts whatever an earlier start left behind, or says in one sentence what is in the way."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Patience, addresses, wait_for, with_database
from pake_pipelines.store.embedded import EmbeddedServer, socket_directory
from pake_pipelines.store.errors import StoreError


async def _ask(url, statement):
    connection = await wait_for(url, Patience())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def ask(data, statement="SELECT current_user"):
    url = with_database(addresses(Settings(home=data.parent, data_dir=data)).knowledge, "postgres")
    return asyncio.run(_ask(url, statement))


@pytest.fixture(scope="module")
def initialised():
    """A data directory whose server was set up, started once and stopped."""
    data = Path(tempfile.mkdtemp(prefix="pake-embedded-")) / "data"
    data.parent.chmod(0o755)
    server = EmbeddedServer(data)
    server.start()
    yield data
    server.stop()
    shutil.rmtree(data.parent, ignore_errors=True)


@pytest.fixture
def stopped(initialised):
    """The server, stopped; and stopped again after the test."""
    server = EmbeddedServer(initialised)
    server.stop()
    yield server
    server.stop()


def test_a_second_start_says_that_it_runs_already(stopped):
    assert (stopped.start(), stopped.start(), stopped.is_running()) == (True, False, True)
    assert ask(stopped.data) == "pake"


def test_stopping_twice_is_no_error_and_data_outlive_it(stopped):
    stopped.start()
    ask(stopped.data, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS number")
    stopped.stop()
    stopped.stop()
    assert not stopped.is_running()
    stopped.start()
    assert ask(stopped.data, "SELECT number FROM kept") == 7


def test_the_socket_is_closed_to_everybody_else_and_no_port_is_open(stopped):
    stopped.start()
    assert stat.S_IMODE(stopped.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(stopped.cluster.stat().st_mode) == 0o700
    assert ask(stopped.data, "SHOW listen_addresses") == ""


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to run the server as somebody else")
def test_under_root_the_server_runs_as_an_unprivileged_account(stopped):
    stopped.start()
    pid = int((stopped.cluster / "postmaster.pid").read_text().splitlines()[0])
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert stopped.cluster.stat().st_uid != 0


def test_a_lock_of_a_process_that_is_gone_is_no_hindrance(stopped):
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    (stopped.cluster / "postmaster.pid").write_text(f"{done.pid}\n{stopped.cluster}\n1\n5432\n\n\n\n")
    stopped.start()
    assert ask(stopped.data) == "pake"


def test_a_lock_whose_number_another_program_has_now_is_no_hindrance(stopped):
    (stopped.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{stopped.cluster}\n1\n5432\n\n\n\n")
    stopped.start()
    assert ask(stopped.data) == "pake"


@pytest.mark.parametrize("left", ["", "garbage\n", "-5\n"])
def test_a_lock_that_makes_no_sense_is_no_hindrance(stopped, left):
    (stopped.cluster / "postmaster.pid").write_text(left)
    stopped.start()
    assert ask(stopped.data) == "pake"


def test_a_socket_that_a_crash_left_behind_is_no_hindrance(stopped):
    stopped.socket.mkdir(parents=True, exist_ok=True)
    (stopped.socket / ".s.PGSQL.5432").touch()
    (stopped.socket / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    stopped.start()
    assert ask(stopped.data) == "pake"


def test_a_server_that_was_killed_recovers_what_was_committed(stopped):
    stopped.start()
    ask(stopped.data, "CREATE TABLE IF NOT EXISTS survived AS SELECT 8 AS number")
    pid = int((stopped.cluster / "postmaster.pid").read_text().splitlines()[0])
    family = [postmaster := psutil.Process(pid), *postmaster.children()]
    os.kill(pid, 9)
    psutil.wait_procs(family, timeout=10)
    stopped.start()
    assert ask(stopped.data, "SELECT number FROM survived") == 8


def test_data_of_another_major_version_are_refused_and_left_alone(stopped):
    version = stopped.cluster / "PG_VERSION"
    version.write_text("16\n")
    try:
        with pytest.raises(StoreError, match="belongs to PostgreSQL 16, this version brings 18"):
            stopped.start()
    finally:
        version.write_text("18\n")


def test_a_configuration_that_the_server_refuses_is_reported_with_its_last_words(stopped):
    settings = stopped.cluster / "postgresql.conf"
    before = settings.read_text()
    settings.write_text(f"{before}\nno_such_setting = 1\n")
    try:
        with pytest.raises(StoreError, match=r"does not start: .*postgres\.log"):
            stopped.start()
    finally:
        settings.write_text(before)


def test_a_half_finished_set_up_is_done_again(tmp_path_factory):
    home = Path(tempfile.mkdtemp(prefix="pake-half-"))
    home.chmod(0o755)
    server = EmbeddedServer(home / "data")
    (home / "data" / "postgres.new" / "base").mkdir(parents=True)
    (home / "data" / "postgres.new" / "PG_VERSION").write_text("18\n")
    try:
        server.start()
        assert ask(server.data) == "pake"
        assert not (home / "data" / "postgres.new").exists()
    finally:
        server.stop()
        shutil.rmtree(home)


def test_a_socket_path_that_is_too_long_moves_to_the_temporary_directory(tmp_path):
    short, long = tmp_path / "d", tmp_path / ("x" * 60) / ("y" * 60)
    assert socket_directory(Path("/srv/data")) == Path("/srv/data/run/socket")
    assert socket_directory(long).parent == Path(tempfile.gettempdir())
    assert socket_directory(long) == socket_directory(long) != socket_directory(short)
    assert len(str(socket_directory(long) / ".s.PGSQL.5432")) <= 103


def test_a_socket_directory_that_somebody_else_owns_is_refused(stopped, monkeypatch):
    shutil.rmtree(stopped.socket, ignore_errors=True)
    other = Path(tempfile.mkdtemp())
    try:
        stopped.socket.symlink_to(other)
        with pytest.raises(StoreError, match="belongs to somebody else"):
            stopped.start()
    finally:
        stopped.socket.unlink()
        other.rmdir()


def test_a_server_that_does_not_run_is_not_waited_for_in_vain(stopped):
    with pytest.raises(StoreError, match="the embedded PostgreSQL is not running; start everything with `pake up`"):
        ask(stopped.data)
