"""Files that no dump holds lie beside the backups."""

import asyncio
from pathlib import Path

import fsspec
import pytest

from pake_pipelines.config.backups import Backups
from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.backup import mirror
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings


@pytest.fixture
def place(tmp_path):
    for name, text in (
        ("archive/items-1.jsonl.zst", "one"),
        ("archive/2026/items-2.jsonl.zst", "two"),
        ("lake/a.zst", "a"),
    ):
        file = tmp_path / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def make(*, dry_run=False, **backup):
        config = MaintenanceConfig(tasks={}, backup=Backups(**backup))
        return Workplace(Settings(home=tmp_path), config, dry_run=dry_run)

    return make


def copied(where: Path) -> dict[str, str]:
    return {str(file.relative_to(where)): file.read_text() for file in where.rglob("*") if file.is_file()}


def run(place):
    return asyncio.run(mirror.run(place)).details


def test_what_the_target_lacks_is_copied_and_the_next_time_nothing_is(place, tmp_path):
    assert run(place())["files_copied"] == 2
    held = copied(tmp_path / "data/backups/files")
    assert held == {"archive/items-1.jsonl.zst": "one", "archive/2026/items-2.jsonl.zst": "two"}
    assert run(place())["files_copied"] == 0


def test_raw_bytes_are_copied_where_that_is_asked_for(place, tmp_path):
    run(place(files=("archive", "lake")))
    assert copied(tmp_path / "data/backups/files")["lake/a.zst"] == "a"


def test_what_is_gone_here_stays_there(place, tmp_path):
    run(place())
    (tmp_path / "data/archive/items-1.jsonl.zst").unlink()
    run(place())
    assert "archive/items-1.jsonl.zst" in copied(tmp_path / "data/backups/files")


def test_half_a_file_that_a_killed_run_left_counts_for_nothing(place, tmp_path):
    half = tmp_path / "data/backups/files/archive/items-1.jsonl.zst.partial"
    half.parent.mkdir(parents=True)
    half.write_text("o")
    (half.parent / "2026").mkdir()
    (half.parent / "2026/items-2.jsonl.zst").write_text("tw")
    assert run(place())["files_copied"] == 2
    assert copied(half.parent) == {"items-1.jsonl.zst": "one", "2026/items-2.jsonl.zst": "two"}


def test_a_dry_run_counts_and_copies_nothing(place, tmp_path):
    assert run(place(dry_run=True))["files_copied"] == 2
    assert not (tmp_path / "data/backups").exists()


def test_another_kind_of_place_takes_them_as_well(place):
    run(place(target="memory://vault"))
    assert sorted(fsspec.filesystem("memory").find("/vault")) == [
        "/vault/files/archive/2026/items-2.jsonl.zst", "/vault/files/archive/items-1.jsonl.zst",
    ]  # fmt: skip


def test_without_an_archive_there_is_nothing_to_copy(tmp_path):
    config = MaintenanceConfig(tasks={})
    assert run(Workplace(Settings(home=tmp_path), config))["files_copied"] == 0


def test_a_place_that_takes_nothing_is_named_in_one_sentence(place, tmp_path):
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(MaintenanceError, match=r"occupied cannot be used for backups"):
        run(place(target=str(tmp_path / "occupied")))
