"""A scratch server leaves nothing behind, whatever happens, and does not begin where there is no room."""

import asyncio
import os
import shutil
import signal
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from pake_pipelines.store.database import Patience, wait_for
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.scratch import ScratchServer, remove_leftovers, scratch_directory


async def _ask(url, statement):
    connection = await wait_for(url, Patience())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def ask(server, statement):
    return asyncio.run(_ask(server.url(), statement))


def postmaster(server):
    return int((server.cluster.directory / "postmaster.pid").read_text().splitlines()[0])


def wait_until_gone(pid):
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    assert not psutil.pid_exists(pid)


@pytest.fixture(scope="module")
def room():
    """A directory in which every account may pass, as that of a project is."""
    place = Path(tempfile.mkdtemp(prefix="pake-scratch-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def place(room):
    """Where scratch servers lie; nothing of them is left after any test."""
    place = room / "tmp"
    yield place
    assert list(place.glob("scratch-*")) == []


def test_it_serves_through_a_private_socket_only_and_leaves_nothing(place):
    with ScratchServer(place, settings={"work_mem": "7MB"}) as server:
        assert ask(server, "SELECT current_user || ' ' || current_setting('server_encoding')") == "pake UTF8"
        assert ask(server, "SELECT current_setting('listen_addresses') || current_setting('fsync')") == "off"
        assert ask(server, "SHOW work_mem") == "7MB"
        assert stat.S_IMODE(server.cluster.socket.stat().st_mode) == 0o700
        pid, directory = postmaster(server), server.cluster.directory.parent
    wait_until_gone(pid)
    assert not directory.exists()
    assert not server.cluster.socket.exists()


def test_it_is_removed_when_the_work_on_it_fails(place):
    async def work():
        async with ScratchServer(place) as server:
            pids.append(postmaster(server))
            raise ZeroDivisionError

    pids = []
    with pytest.raises(ZeroDivisionError):
        asyncio.run(work())
    wait_until_gone(pids[0])


@pytest.mark.parametrize("settings", [{"no_such_setting": "1"}, {"shared_buffers": "much"}])
def test_one_that_does_not_start_says_why_and_leaves_nothing(place, settings):
    with pytest.raises(StoreError, match="does not start"):
        ScratchServer(place, settings=settings).start()


def test_a_cluster_that_is_put_there_is_started_instead_of_an_empty_one(place):
    def fill(directory):
        shutil.copytree(first.cluster.directory, directory)
        account = first.cluster.account
        for path in (directory, *directory.rglob("*")):
            os.chown(path, account.uid, account.gid)
        (directory / "postmaster.pid").unlink()

    with ScratchServer(place) as first:
        ask(first, "CREATE TABLE kept AS SELECT 5 AS number")
        ask(first, "CHECKPOINT")
        with ScratchServer(place, fill=fill) as second:
            assert ask(second, "SELECT number FROM kept") == 5


def test_too_little_room_is_said_before_anything_is_begun(place):
    with pytest.raises(StoreError, match=r"not enough room in .*: [\d,]+ MB are needed, [\d,]+ MB are free"):
        ScratchServer(place, room_bytes=10**18).start()


def test_a_place_that_cannot_be_made_is_one_sentence(place, room):
    (room / "file").touch()
    with pytest.raises(StoreError, match="no scratch directory in"):
        ScratchServer(room / "file" / "tmp").start()


def test_what_a_killed_process_left_is_stopped_and_removed_by_the_next_and_the_living_is_left_alone(place):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        ending = ExitStack()
        try:
            ending.enter_context(scratch_directory(place))
            server = ScratchServer(place)
            server.start()
            os.write(writing, f"{postmaster(server)}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as said:
        left = int(said.read())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert psutil.pid_exists(left)
    with ScratchServer(place) as living:
        wait_until_gone(left)
        assert len(list(place.glob("scratch-*"))) == 1
        assert remove_leftovers(place) == []
        assert ask(living, "SELECT 1") == 1


def test_a_directory_that_was_left_half_made_is_removed(place):
    for half in ("scratch-empty", "scratch-partly"):
        (place / half).mkdir(parents=True)
    (place / "scratch-partly" / "postgres.new").mkdir()
    assert [found.name for found in remove_leftovers(place)] == ["scratch-empty", "scratch-partly"]
