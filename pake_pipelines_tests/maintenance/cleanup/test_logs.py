"""Old log files are packed and deleted, live ones never; what is packed reads back the same."""

import asyncio
import gzip
import logging.handlers
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.cleanup import files, logs, packing
from pake_pipelines.maintenance.cleanup.files import OpenFiles
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.settings import Settings
from pake_pipelines_tests.conftest import NOW

RUN = "850f8cbc-6611-4a36-9552-aee742e6c9cc"


@pytest.fixture
def place(tmp_path):
    return Workplace(Settings(home=tmp_path), MaintenanceConfig(tasks={}), clock=lambda: NOW)


@pytest.fixture(autouse=True)
def processes(monkeypatch):
    """What is open is found out for real; that other accounts have processes here is no matter of these tests."""
    found = files.open_files
    monkeypatch.setattr(logs, "open_files", lambda directory: replace(found(directory), unseen=0))


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of an age in days below the data directory."""

    def made(path, days, text="line\n"):
        file = tmp_path / "data" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        at = (NOW - timedelta(days=days)).timestamp()
        os.utime(file, (at, at))
        return file

    return made


def clean(place):
    return asyncio.run(logs.run(place))


def test_old_files_are_packed_and_the_oldest_deleted(place, write, tmp_path):
    old = write("logs/audit.log.2026-11-10", 12, "what was said\n" * 500)
    old.chmod(0o640)
    oldest, young = write("logs/x.log.2026-10-01", 40), write("logs/x.log.2026-11-21", 1)
    outcome = clean(place)
    assert (outcome.details["packed"], outcome.details["deleted"], outcome.details["failed"]) == (1, 1, [])
    packed = old.with_name(f"{old.name}.gz")
    assert gzip.decompress(packed.read_bytes()) == b"what was said\n" * 500
    assert packed.stat().st_mtime == pytest.approx((NOW - timedelta(days=12)).timestamp())
    assert packed.stat().st_mode & 0o777 == 0o640
    assert (old.exists(), oldest.exists(), young.exists()) == (False, False, True)
    assert outcome.details["bytes_before"] > outcome.details["bytes_after"] == files.size_of(tmp_path / "data/logs")


def test_a_writer_follows_the_rotation(place, tmp_path):
    path = tmp_path / "data/logs/application.log"
    path.parent.mkdir(parents=True)
    handler = logging.handlers.WatchedFileHandler(path)
    handler.emit(logging.makeLogRecord({"msg": "before"}))
    clean(place)
    handler.emit(logging.makeLogRecord({"msg": "after"}))
    handler.close()
    assert path.read_text() == "after\n"
    assert path.with_name("application.log.2026-11-22").read_text() == "before\n"
    assert clean(place).details["rotated"] == 0, "once a day"


def test_a_file_that_a_process_writes_to_is_left_alone_and_named(place, write):
    live = write("logs/postgres.log", 40)
    with live.open("a"):
        outcome = clean(place)
        assert outcome.details["left_alone"] == [{"file": "postgres.log", "because": "a process writes to it"}]
    assert live.exists()
    assert clean(place).details["deleted"] == 1


def test_where_nobody_can_tell_it_is_left_alone(place, write, monkeypatch):
    live = write("logs/postgres.log", 40)
    monkeypatch.setattr(logs, "open_files", lambda _: OpenFiles(frozenset(), 7))
    outcome = clean(place)
    assert outcome.details["processes_unseen"] == 7
    assert "nobody can tell" in outcome.details["left_alone"][0]["because"]
    assert live.exists()


def test_links_are_not_followed_and_nothing_outside_is_touched(place, write, tmp_path):
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    for name in ("a.log", "b.log"):
        (outside / name).write_text("not ours")
        os.utime(outside / name, (0, 0))
    write("logs/x.log", 1)
    (tmp_path / "data/logs/link.log").symlink_to(outside / "a.log")
    (tmp_path / "data/logs/directory").symlink_to(outside)
    (tmp_path / "data/logs/same.log").hardlink_to(outside / "b.log")
    outcome = clean(place)
    assert sorted(path.name for path in outside.iterdir()) == ["a.log", "b.log"]
    assert outcome.details["deleted"] == 0
    assert (tmp_path / "data/logs/link.log").is_symlink()


def test_a_directory_of_logs_that_is_a_link_is_not_cleaned(place, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/logs").symlink_to(tmp_path / "elsewhere")
    assert clean(place).state is TaskState.SKIPPED


def test_a_dry_run_says_what_would_be_done_and_does_nothing(place, write):
    write("logs/application.log", 0)
    write("logs/x.log.2026-10-01", 40)
    write(f"dagster/{RUN}/compute_logs/step.out", 40)
    outcome = clean(replace(place, dry_run=True))
    assert (outcome.details["rotated"], outcome.details["deleted"], outcome.details["outputs_deleted"]) == (1, 1, 1)
    assert outcome.details["bytes_before"] == outcome.details["bytes_after"] == 15


def test_the_output_of_old_runs_goes_and_that_of_others_stays(place, write):
    old, young = write(f"dagster/{RUN}/compute_logs/a.out", 40), write(f"dagster/{RUN[:-1]}d/compute_logs/a.out", 2)
    live, other = write(f"dagster/{RUN[:-1]}e/compute_logs/a.err", 40), write(f"dagster/storage/{RUN}/x", 40)
    with live.open("a"):
        outcome = clean(place)
    assert outcome.details["outputs_deleted"] == 1
    assert (old.exists(), young.exists(), live.exists(), other.exists()) == (False, True, True, True)


def test_a_packing_that_was_killed_behind_the_rename_is_finished(place, write):
    old = write("logs/x.log.2026-11-10", 12, "text\n")
    packed = old.with_name(f"{old.name}.gz")
    packed.write_bytes(gzip.compress(b"text\n"))
    clean(place)
    assert not old.exists()
    assert [path.name for path in old.parent.iterdir()] == [packed.name]


def test_another_file_of_the_same_name_is_not_overwritten(place, write):
    old = write("logs/x.log.2026-11-10", 12, "text\n")
    other = old.with_name(f"{old.name}.gz")
    other.write_bytes(gzip.compress(b"another\n"))
    clean(place)
    assert gzip.decompress(other.read_bytes()) == b"another\n"
    assert gzip.decompress(old.with_name(f"{old.name}.1.gz").read_bytes()) == b"text\n"


def test_an_original_stays_when_what_was_packed_does_not_read_back(place, write, monkeypatch):
    old = write("logs/x.log.2026-11-10", 12)
    monkeypatch.setattr(packing, "_holds", lambda *_: False)
    outcome = clean(place)
    assert outcome.state is TaskState.FAILED
    assert outcome.details["failed"][0]["file"] == "x.log.2026-11-10"
    assert [path.name for path in old.parent.iterdir()] == [old.name]


def test_one_failure_stops_no_other_file(place, write, monkeypatch):
    write("logs/a.log.2026-11-10", 12)
    second = write("logs/b.log.2026-10-10", 40)

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(logs, "pack", full)
    outcome = clean(place)
    assert outcome.details["failed"] == [{"file": "a.log.2026-11-10", "because": "No space left on device"}]
    assert not second.exists()
