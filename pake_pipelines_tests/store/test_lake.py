"""The archive gives back exactly what it was given, or says that it cannot."""

import os
import subprocess
import sys
from datetime import date

import pytest

from pake_pipelines.store.lake import Lake, NewBody

DAY = date(2026, 11, 22)


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def files(tmp_path):
    return sorted(path for path in (tmp_path / "lake").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "body", [b"", b"text", os.urandom(100_000), b"\0" * 5_000_000], ids=["empty", "text", "noise", "zeros"]
)
def test_what_was_archived_comes_back_byte_for_byte(lake, body):
    archived = lake.write("feed", DAY, body)
    assert lake.read(archived.path) == body
    assert archived.size == len(body)
    assert archived.path == f"2026-11-22/feed.{archived.sha256}.zst"


def test_the_same_bytes_are_stored_once_and_not_touched_again(lake, tmp_path):
    first = lake.write("feed", DAY, b"same")
    (file,) = files(tmp_path)
    os.utime(file, (1, 1))
    assert lake.write("feed", DAY, b"same") == first
    assert [path.stat().st_mtime for path in files(tmp_path)] == [1]


def test_the_same_bytes_of_another_day_or_source_are_kept_apart(lake, tmp_path):
    lake.write("feed", DAY, b"same")
    lake.write("feed", date(2026, 11, 23), b"same")
    lake.write("other", DAY, b"same")
    assert len(files(tmp_path)) == 3


def test_bodies_are_archived_together_as_they_are_one_by_one(lake, tmp_path):
    bodies = [b"one", b"two", b"one"]
    together = lake.write_all([NewBody("feed", DAY, body) for body in bodies])
    assert together == [lake.write("feed", DAY, body) for body in bodies]
    assert len(files(tmp_path)) == 2


def test_what_was_archived_under_an_earlier_layout_can_be_read(lake, tmp_path):
    archived = lake.write("feed", DAY, b"body")
    old = f"feed/2026-11-22/{archived.sha256}.zst"
    (tmp_path / "lake" / "feed" / "2026-11-22").mkdir(parents=True)
    (tmp_path / "lake" / archived.path).rename(tmp_path / "lake" / old)
    assert lake.read(old) == b"body"


def _flip(data):
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-4], _flip, lambda data: b"other", lambda data: data * 0 + b"\x28"]
)
def test_damage_is_detected(lake, tmp_path, damage):
    archived = lake.write("feed", DAY, os.urandom(1000))
    (file,) = files(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match="is damaged"):
        lake.read(archived.path)


def test_another_whole_body_under_the_name_is_detected(lake, tmp_path):
    one, other = lake.write("feed", DAY, b"one"), lake.write("feed", DAY, b"other")
    (tmp_path / "lake" / one.path).write_bytes((tmp_path / "lake" / other.path).read_bytes())
    with pytest.raises(ValueError, match="is damaged"):
        lake.read(one.path)


def test_a_body_that_is_gone_is_missing_and_not_empty(lake):
    with pytest.raises(FileNotFoundError):
        lake.read("feed/2026-11-22/none.zst")


FULL_DISK = """
import resource, signal, sys
from datetime import date
from pake_pipelines.store.lake import Lake, NewBody
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
lake = Lake(sys.argv[1])
lake.write("feed", date(2026, 11, 22), b"fits")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
import os
try:
    lake.write("feed", date(2026, 11, 22), os.urandom(100_000))
except OSError as error:
    print(error.strerror)
"""


def test_a_disk_that_takes_no_more_leaves_nothing_half_written(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "lake")], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "File too large", done.stderr
    (whole,) = files(tmp_path)
    assert Lake(str(tmp_path / "lake")).read(str(whole.relative_to(tmp_path / "lake"))) == b"fits"


def test_a_bucket_serves_as_well_as_a_directory():
    lake = Lake("memory://lake")
    archived = lake.write("feed", DAY, b"body")
    assert lake.read(archived.path) == b"body"
