"""A backup that is killed, ended or finds the disk full, at any point: what has a final name is whole, and the last
proven backup is there. The bugs that are planted at the end show that it would be noticed if not.
"""

import asyncio
import errno
import multiprocessing
import os
import random
import resource
import signal
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.maintenance.backup import create, dump, keeping, retention, targets
from pake_pipelines.maintenance.backup.targets import Target, target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.store import client_tools
from pake_pipelines_tests.maintenance.backup.vault import (
    later,
    left_behind,
    listed,
    made,
    place_of,
    program,
    prove,
    wrong,
)

MAKING = [
    CrashPoint.BACKUP_STAGED,
    CrashPoint.BACKUP_FROZEN,
    CrashPoint.BACKUP_DUMPED,
    CrashPoint.BACKUP_MANIFEST_WRITTEN,
    CrashPoint.BACKUP_SYNCED,
    CrashPoint.BACKUP_RENAMED,
    CrashPoint.BACKUP_NOTED,
]
REMOVING = [CrashPoint.BACKUP_LEAVING, CrashPoint.BACKUP_REMOVED]
# the dump of the house is a little larger
SIZE = 40_000
SPREAD = random.Random(7)
# numbers of bytes of the dump, and seconds
BYTES = sorted(SPREAD.randrange(SIZE) for _ in range(51))
DELAYS = sorted(SPREAD.uniform(0, 0.16) for _ in range(10))


def counting(at, what):
    """Write in small pieces and do `what` as soon as `at` bytes of the dump are written."""
    written = 0
    write = dump._Hashed.write

    def counted(self, data):
        nonlocal written
        result = write(self, data)
        written += len(data)
        if written >= at:
            self.flush()
            what()
        return result

    dump._CHUNK = 1024
    dump._Hashed.write = counted


def child(place, work, prepare, result):
    # Dagster has SIGTERM raise KeyboardInterrupt in a process that it ever ran in, and a fork inherits that
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        prepare()
        asyncio.run(work(place))
    except MaintenanceError as error:
        result.send(str(error))
        os._exit(3)
    except BaseException as error:  # noqa: BLE001
        result.send(repr(error))
        os._exit(4)
    os._exit(0)


def played(place, work=create.run, prepare=lambda: None, after=None, number=signal.SIGKILL):
    """Do the work in a fork of this process; return its exit code and what it said. It is ended `after` seconds."""
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=child, args=(place, work, prepare, send))
    process.start()
    send.close()
    if after is not None:
        time.sleep(after)
        os.kill(process.pid, number)
    process.join(30)
    try:
        said = receive.recv() if receive.poll() else ""
    except EOFError:
        said = ""
    assert process.exitcode != 4, said
    return process.exitcode, said


@pytest.fixture
def place(house, tmp_path):
    """A place with one proven backup."""
    first = place_of(tmp_path, *house)
    prove(first, made(first))
    return later(first, days=1)


def proven(place):
    return target_of(place).names()[:1]


def at_point(point):
    return lambda: os.environ.__setitem__(crash.VARIABLE, point)


def suicide(number):
    def die():
        os.kill(os.getpid(), number)
        time.sleep(5)  # the signal ends us in here

    return die


def checked(place, guard, expected, code):
    assert code in expected
    assert wrong(place, guard) == []


def test_killed_at_more_than_fifty_points_it_leaves_no_half_backup(place):
    guard, codes = proven(place), []
    for point in MAKING:
        codes.append(played(place, prepare=at_point(point))[0])
        checked(place, guard, {-signal.SIGKILL}, codes[-1])
    for count in BYTES:
        codes.append(played(place, prepare=lambda count=count: counting(count, suicide(signal.SIGKILL)))[0])
        checked(place, guard, {-signal.SIGKILL}, codes[-1])
    for delay in DELAYS:
        codes.append(played(place, after=delay)[0])
        checked(place, guard, {0, -signal.SIGKILL}, codes[-1])
    assert codes.count(-signal.SIGKILL) >= 50
    # the two behind the rename left whole backups; what the others left is gone with the next
    name = made(place)
    assert left_behind(place) == []
    assert name in target_of(place).names()


def test_ended_at_more_than_fifty_points_it_leaves_no_half_backup(place):
    guard, codes = proven(place), []
    for count in BYTES:
        codes.append(played(place, prepare=lambda count=count: counting(count, suicide(signal.SIGTERM)))[0])
        checked(place, guard, {-signal.SIGTERM}, codes[-1])
    for delay in DELAYS:
        codes.append(played(place, after=delay, number=signal.SIGTERM)[0])
        checked(place, guard, {0, -signal.SIGTERM}, codes[-1])
    assert codes.count(-signal.SIGTERM) >= 50
    made(place)
    assert left_behind(place) == []


def limited(size):
    """Let no file of this process grow beyond `size` bytes: the kernel refuses the write, as of a full disk."""
    dump._CHUNK = 1024
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_at_more_than_fifty_points_is_one_sentence_and_leaves_nothing(place):
    guard = proven(place)
    before = listed(target_of(place).local)
    for size in BYTES:
        code, said = played(place, prepare=lambda size=size: limited(size))
        assert (code, "no room left for a backup" in said) == (3, True), said
        assert wrong(place, guard) == []
        assert listed(target_of(place).local) == before


@pytest.mark.parametrize("kilobytes", [16, 28, 40])
def test_a_disk_that_is_really_full(house, tmp_path, kilobytes, monkeypatch):
    with small_disk(tmp_path / "disk", kilobytes) as disk:
        place = place_of(tmp_path, *house, target=str(disk / "backups"))
        monkeypatch.setattr(create, "_check_room", lambda *_: None)
        with pytest.raises(MaintenanceError, match="no room left for a backup"):
            made(place)
        assert listed(disk / "backups") == []


@contextmanager
def small_disk(path, kilobytes):
    import subprocess

    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", path], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("call", ["fsync", "rename", "mkdir"])
def test_a_disk_that_is_full_when_it_comes_to_syncing(place, monkeypatch, call):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    guard, before = proven(place), listed(target_of(place).local)
    with monkeypatch.context() as broken:
        broken.setattr(*{"fsync": (os, "fsync"), "rename": (Path, "rename"), "mkdir": (Path, "mkdir")}[call], full)
        with pytest.raises(MaintenanceError, match="no room left"):
            made(place)
    assert wrong(place, guard) == []
    assert listed(target_of(place).local) == before


async def cancelled(place, reached):
    task = asyncio.ensure_future(create.run(place))
    while not reached.exists():
        assert not task.done(), task.exception()
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


def test_a_backup_that_takes_too_long_is_ended_and_leaves_neither_file_nor_process(place, tmp_path, monkeypatch):
    before = listed(target_of(place).local)
    reached = tmp_path / "reached"
    begun = f"echo begun; echo $$ > {tmp_path}/pid; mv {tmp_path}/pid {reached}; exec sleep 60"
    program(tmp_path / "bin", "pg_dump", f"[ $1 = --version ] && echo 'pg_dump (PostgreSQL) 18.0' && exit\n{begun}")
    monkeypatch.setattr(client_tools, "directories", lambda: [tmp_path / "bin"])
    asyncio.run(cancelled(place, reached))
    assert listed(target_of(place).local) == before
    assert not psutil.pid_exists(int(reached.read_text()))


def test_one_that_is_ended_while_it_gets_its_name_is_whole_or_not_there(place, tmp_path, monkeypatch):
    publish, reached = Target.publish, tmp_path / "reached"

    def slowly(self, directory, name):
        reached.touch()
        time.sleep(0.1)
        publish(self, directory, name)

    guard = proven(place)
    monkeypatch.setattr(Target, "publish", slowly)
    asyncio.run(cancelled(place, reached))
    assert wrong(place, guard) == []
    assert left_behind(place) == []


@pytest.mark.parametrize("point", REMOVING)
def test_retention_killed_while_it_removes_never_leaves_half_a_backup(place, point):
    guard = proven(place)
    old = made(replace(place, clock=lambda: place.clock().replace(year=2025)))
    now = later(place, days=200)
    code, _ = played(now, retention.run, prepare=at_point(point))
    checked(now, guard, {-signal.SIGKILL}, code)
    assert asyncio.run(retention.run(now)).state == "done"
    made(now)
    assert left_behind(now) == []
    assert old not in target_of(now).names()
    assert wrong(now, guard) == []


def order_of(place, monkeypatch):
    """Back up and return the calls that make it last: (what, name)."""
    calls = []
    fsync, rename, opened = os.fsync, Path.rename, {}
    real_open = os.open

    def noted_open(path, *rest, **named):
        handle = real_open(path, *rest, **named)
        opened[handle] = Path(path).name
        return handle

    with monkeypatch.context() as noted:
        noted.setattr(os, "open", noted_open)
        noted.setattr(os, "fsync", lambda handle: (calls.append(("sync", opened.get(handle))), fsync(handle))[1])
        noted.setattr(Path, "rename", lambda self, to: (calls.append(("rename", Path(to).name)), rename(self, to))[1])
        name = made(place)
    return name, calls


def unsafe_order(place, monkeypatch):
    """Return what could be lost in a power cut, by the order of the calls."""
    name, calls = order_of(place, monkeypatch)
    if ("rename", name) not in calls:
        return ["never renamed"]
    at = calls.index(("rename", name))
    wanted = ["dagster.dump", "manifest.json", f".{name}.partial"]
    missing = [one for one in wanted if ("sync", one) not in calls[:at]]
    return missing + ([] if ("sync", "backups") in calls[at:] else ["the directory above"])


def test_everything_is_synced_before_the_name_and_the_name_afterwards(place, monkeypatch):
    assert unsafe_order(place, monkeypatch) == []


# the bugs that the harness has to notice


def names_first(monkeypatch):
    """The directory has its final name from the beginning."""

    @contextmanager
    def staging(self, name, elsewhere):
        directory = self.local / name
        directory.mkdir(mode=0o700)
        yield directory

    monkeypatch.setattr(Target, "staging", staging)
    monkeypatch.setattr(Target, "publish", lambda *_: None)


def manifest_behind_the_rename(monkeypatch):
    """The manifest is written into what has its name already."""
    write = create._write_manifest
    kept = []
    monkeypatch.setattr(create, "_write_manifest", lambda _, made: kept.append(made))
    publish = Target.publish

    def published(self, directory, name):
        publish(self, directory, name)
        write(self.local / name, kept.pop())

    monkeypatch.setattr(Target, "publish", published)


def errors_of_the_disk_are_passed_over(monkeypatch):
    """What cannot be written is left out, and the sum is that of what should have been."""

    def write(self, data):
        with suppress(OSError):
            os.write(self._file.fileno(), data)
        self._note(data)
        return len(data)

    monkeypatch.setattr(dump._Hashed, "write", write)


def killed_anywhere(place, prepare):
    guard = proven(place)
    for point in MAKING:
        played(place, prepare=lambda point=point: (at_point(point)(), prepare()))
    played(place, prepare=lambda: (prepare(), counting(9000, suicide(signal.SIGKILL))))
    played(place, prepare=lambda: (limited(9000), prepare()))
    return wrong(place, guard)


@pytest.mark.parametrize("plant", [names_first, manifest_behind_the_rename, errors_of_the_disk_are_passed_over])
def test_a_planted_bug_of_making_is_noticed(place, plant):
    with pytest.MonkeyPatch.context() as patch:
        assert killed_anywhere(place, lambda: plant(patch)) != []


def no_sync(monkeypatch):
    """Files are closed, and that is all."""

    @contextmanager
    def private(path):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file

    monkeypatch.setattr(dump, "private", private)


def no_sync_of_the_directory(monkeypatch):
    """The new name itself is not synced."""
    monkeypatch.setattr(targets, "sync_directory", lambda _: None)


@pytest.mark.parametrize("plant", [no_sync, no_sync_of_the_directory])
def test_a_planted_bug_of_syncing_is_noticed(place, monkeypatch, plant):
    plant(monkeypatch)
    assert unsafe_order(place, monkeypatch) != []


def sweeps_too_much(monkeypatch):
    """Clearing away takes every directory of an old name for a leftover."""
    monkeypatch.setattr(Target, "sweep", lambda self, _: [self.remove(name) for name in self.names()] and [])


def retention_by_age_alone(monkeypatch):
    """What is old goes."""
    decide = keeping.plan

    def plan(known, now, keep_days, keep_proven):
        decided = decide(known, now, keep_days, keep_proven)
        old = [one for one in known if (now - one.created_at).days > keep_days]
        return replace(decided, remove=tuple(keeping.Decision(one.name, "old") for one in old))

    monkeypatch.setattr(retention, "plan", plan)


def retention_without_a_look(monkeypatch):
    """What was proven once is proven for ever."""
    monkeypatch.setattr(retention, "_faults", lambda *_: [])


@pytest.mark.parametrize("plant", [sweeps_too_much, retention_by_age_alone, retention_without_a_look])
def test_a_planted_bug_of_keeping_is_noticed(place, monkeypatch, plant):
    assert kept_safe(place) == []
    plant(monkeypatch)
    assert kept_safe(later(place, days=400)) != []


def kept_safe(place):
    """Return what is wrong after a proven backup, a newer one that rots after its proof, a backup and retention."""
    good = made(place)
    prove(place, good)
    rotten = made(later(place, days=1))
    prove(place, rotten)
    path = target_of(place).local / rotten / "dagster.dump"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    afterwards = later(place, days=300)
    made(later(place, days=299))
    asyncio.run(retention.run(afterwards))
    return [good] if good not in target_of(place).names() else []
