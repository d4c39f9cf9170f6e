"""Whether backups are fresh, of a sane size, enough and proven; what is damaged counts for nothing."""

from datetime import timedelta

import pytest

from pake_pipelines.config.backups import Backups
from pake_pipelines.maintenance.backup.sizes import in_words
from pake_pipelines.maintenance.backup.standing import Known, assess
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines_tests.conftest import NOW


def backup(hours, size=1000, state=ProofState.UNPROVEN, **more):
    return Known(f"backup-{hours}", NOW - timedelta(hours=hours), size, **{"rows": 5, "state": state, **more})


PROVEN, DAMAGED = ProofState.PROVEN, ProofState.DAMAGED


@pytest.mark.parametrize(
    ("backups", "passed"),
    [
        ([], []),
        ([backup(1, state=PROVEN), backup(25)], ["fresh", "size", "redundancy", "proven"]),
        ([backup(1), backup(25, state=PROVEN)], ["fresh", "size", "redundancy"]),
        ([backup(27), backup(51)], ["size", "redundancy"]),
        ([backup(26), backup(51)], ["fresh", "size", "redundancy"]),
        ([backup(1)], ["fresh", "size"]),
        ([backup(1, 499), backup(25)], ["fresh", "redundancy"]),
        ([backup(1, 500), backup(25)], ["fresh", "size", "redundancy"]),
        ([backup(1, rows=0), backup(25)], ["fresh", "redundancy"]),
        ([backup(1, state=DAMAGED), backup(27, state=PROVEN)], ["size", "proven"]),
        ([backup(1, state=PROVEN, fault="short"), backup(2)], ["fresh", "size"]),
        ([backup(-1), backup(-2)], ["size", "redundancy"]),
    ],
    ids=[
        "none", "all well", "an older one proven", "too old", "just fresh", "one alone", "too small", "just big enough",
        "empty", "damaged", "not whole", "from the future",
    ],
)  # fmt: skip
def test_checks(backups, passed):
    found = assess(backups, NOW, Backups())
    assert [one.name for one in found] == ["backup_fresh", "backup_size", "backup_redundancy", "backup_proven"]
    assert [one.name.removeprefix("backup_") for one in found if one.ok] == passed


def test_sizes_in_words():
    assert [in_words(size) for size in (12, 12_300, 3_400_000, 5e9)] == ["12 bytes", "12 kB", "3.4 MB", "5.0 GB"]
