"""A segment is in the archive whole or not at all, is never overwritten, and never comes back with other bytes."""

import os
import random
import resource
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pake_pipelines.store import wal_archiver
from pake_pipelines.store.archiving import archive_configuration, restore_command
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.wal_archiver import main

NAME = "000000010000000000000007"


@pytest.fixture
def segment(tmp_path):
    """A segment as the server has it: some content, then zeros."""
    path = tmp_path / "pg_wal" / NAME
    path.parent.mkdir()
    path.write_bytes(random.Random(7).randbytes(200_000) + bytes(800_000))
    os.utime(path, ns=(1_000_000_000_123_456_789, 1_000_000_000_123_456_789))
    return path


@pytest.fixture
def directory(tmp_path):
    """An empty archive."""
    path = tmp_path / "archive"
    path.mkdir()
    return path


def archive(directory, segment, name=NAME):
    return main(["archive", str(directory), str(segment), name])


def restore(directory, destination, name=NAME):
    return main(["restore", str(directory), name, str(destination)])


def test_what_was_archived_comes_back_byte_for_byte(directory, segment, tmp_path):
    assert archive(directory, segment) == 0
    assert restore(directory, tmp_path / "back") == 0
    assert (tmp_path / "back").read_bytes() == segment.read_bytes()


def test_it_is_packed_private_and_bears_the_time_at_which_the_segment_was_closed(directory, segment):
    archive(directory, segment)
    (packed,) = directory.iterdir()
    assert packed.name == f"{NAME}.gz"
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    assert packed.stat().st_size < 210_000
    assert packed.stat().st_mtime_ns == segment.stat().st_mtime_ns


def test_asked_again_with_the_same_content_it_is_done(directory, segment):
    assert (archive(directory, segment), archive(directory, segment)) == (0, 0)


def test_a_segment_with_another_content_is_refused_and_the_first_stays(directory, segment, capsys):
    archive(directory, segment)
    before = (directory / f"{NAME}.gz").read_bytes()
    segment.write_bytes(segment.read_bytes() + b"x")
    assert archive(directory, segment) == 1
    assert (directory / f"{NAME}.gz").read_bytes() == before
    assert "exists with another content" in capsys.readouterr().err


def test_a_damaged_file_of_that_name_is_not_taken_for_done(directory, segment):
    archive(directory, segment)
    packed = directory / f"{NAME}.gz"
    packed.write_bytes(packed.read_bytes()[:1000])
    assert archive(directory, segment) == 1


def test_what_a_killed_attempt_left_is_no_segment_and_no_hindrance(directory, segment):
    (directory / f".{NAME}.partial").write_bytes(b"half")
    assert archive(directory, segment) == 0
    assert [path.name for path in directory.iterdir()] == [f"{NAME}.gz"]


def test_a_segment_that_is_not_there_is_no_damage(directory, tmp_path):
    assert restore(directory, tmp_path / "back") == 1
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("name", ["../escape", "passwd", f"{NAME}.gz", "", "00000001000000000000000g"])
def test_only_names_of_the_log_are_taken(directory, segment, tmp_path, name):
    assert archive(directory, segment, name) == 1
    assert restore(directory, tmp_path / "back", name) == 1
    assert list(directory.iterdir()) == []


def test_of_120_flipped_bits_and_truncations_none_gives_other_bytes(directory, segment, tmp_path):
    archive(directory, segment)
    packed, back, chance = directory / f"{NAME}.gz", tmp_path / "back", random.Random(20)
    whole, damaged = packed.read_bytes(), 0
    for number in range(120):
        data = bytearray(whole)
        if number % 6 == 0:
            del data[chance.randrange(len(data)) :]
        else:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        packed.write_bytes(data)
        code = restore(directory, back)
        damaged += code == 200
        assert code == 200 or (code == 0 and back.read_bytes() == segment.read_bytes())
    # a bit in the header that says nothing of the content is no damage
    assert damaged >= 110


def test_with_the_disk_full_nothing_is_left_and_the_answer_is_no(directory, segment):
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", wal_archiver.__file__, "archive", directory, segment, NAME],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert done.returncode == 1
    assert "wal_archiver: " in done.stderr
    assert list(directory.iterdir()) == []


def as_the_server_does(command, path, name):
    """Replace what the server replaces, and let a shell run it."""
    text = command.replace("%%", "\0").replace("%p", shlex.quote(str(path))).replace("%f", name).replace("\0", "%")
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True)


def test_paths_that_a_shell_would_take_apart_arrive_whole(tmp_path, segment):
    directory = tmp_path / 'it\'s 100% $HOME; "mine" & `yours`'
    directory.mkdir()
    done = as_the_server_does(archive_configuration(directory, 60)["archive_command"], segment, NAME)
    assert (done.returncode, done.stderr) == (0, "")
    back = tmp_path / "back"
    assert as_the_server_does(restore_command(directory), back, NAME).returncode == 0
    assert back.read_bytes() == segment.read_bytes()


@pytest.mark.parametrize("name", ["a\\b", "a\nb"], ids=["backslash", "line break"])
def test_a_path_that_the_servers_configuration_cannot_hold_is_refused(name):
    with pytest.raises(StoreError, match="holds a backslash or line break"):
        archive_configuration(Path("/srv") / name, 60)
