"""Segments are known by their names, and a gap between them is found."""

import gzip
import os
from datetime import UTC, datetime

import pytest

from pake_pipelines.store.wal_segments import Segment, archived, first_gap


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("000000010000000000000001", 1),
        ("0000000100000000000000FF", 255),
        ("000000010000000100000000", 256),
        ("0000000A00000002000000FE", 766),
    ],
)
def test_a_name_is_a_timeline_and_a_number(name, number):
    segment = Segment.of(name)
    assert (segment.number, segment.name) == (number, name)


@pytest.mark.parametrize("name", ["00000002.history", "000000010000000000000002.00000028.backup", "notes"])
def test_what_else_is_archived_is_no_segment(name):
    assert Segment.of(name) is None


def test_a_place_in_the_log_is_in_a_segment():
    assert Segment.at(1, "0/2000028").name == "000000010000000000000002"
    assert Segment.at(1, "2/FE000000").name == "0000000100000002000000FE"


@pytest.mark.parametrize(
    ("held", "gap"),
    [
        ([], 254),
        ([254], None),
        ([254, 255, 256, 257], None),
        ([253, 254, 256, 257], 255),
        ([255, 256], 254),
        ([254, 255, 258], 256),
        ([1, 2, 254], None),
    ],
    ids=str,
)
def test_the_first_missing_segment_is_named(held, gap):
    found = first_gap(Segment(1, 254), [Segment(1, number) for number in held])
    assert found == (None if gap is None else Segment(1, gap))


def test_segments_of_another_timeline_fill_no_gap():
    assert first_gap(Segment(2, 3), [Segment(1, 4), Segment(2, 3), Segment(1, 5), Segment(2, 5)]) == Segment(2, 4)


def packed(directory, name, noted, seen):
    path = directory / f"{name}.gz"
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=noted) as file:
        file.write(b"log")
    os.utime(path, (seen, seen))


def test_when_a_segment_was_closed_outlives_a_copy_that_loses_the_files_time(tmp_path):
    packed(tmp_path, "000000010000000000000001", 1_000, 1_000.25)
    packed(tmp_path, "000000010000000000000002", 1_000, 99_999)
    (tmp_path / "000000010000000000000002.00000028.backup.gz").touch()
    (tmp_path / ".000000010000000000000003.partial").touch()
    closed = [one.closed_at for one in archived(tmp_path)]
    assert closed == [datetime.fromtimestamp(1_000.25, UTC), datetime.fromtimestamp(1_000, UTC)]


def test_an_archive_that_is_not_there_holds_nothing(tmp_path):
    assert archived(tmp_path / "nowhere") == []
