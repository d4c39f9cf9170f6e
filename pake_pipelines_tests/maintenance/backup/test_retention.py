"""Old backups go by manifest and proof, and it is said what went and why."""

import asyncio
from dataclasses import replace

import pytest

from pake_pipelines.maintenance.backup import configuration, retention
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.store import backups
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.backup.vault import later, listed, made, place_of, prove


@pytest.fixture(params=["local", "memory"])
def place(house, tmp_path, request):
    target = {} if request.param == "local" else {"target": f"memory://{tmp_path.name}"}
    return place_of(tmp_path, *house, **target)


async def rows(place):
    url = place.settings.database_url.get_secret_value()
    async with open_database(url) as database, database.connection() as connection:
        return {row.name: row for row in await backups.listed(connection, removed=True)}


def names(place):
    return target_of(place).names()


def test_what_is_old_goes_when_something_newer_is_proven(place):
    old, newer = made(place), made(later(place, days=100))
    prove(place, newer)
    now = later(place, days=101)
    dry = asyncio.run(retention.run(replace(now, dry_run=True)))
    assert [one["name"] for one in dry.details["remove"]] == [old]
    assert names(place) == [old, newer]
    outcome = asyncio.run(retention.run(now))
    assert outcome.summary == "1 backups kept, 1 removed"
    assert outcome.details["guards"] == [newer]
    assert outcome.details["bytes_freed"] > 0
    assert names(place) == [newer]
    row = asyncio.run(rows(place))[old]
    assert (row.removed_at, row.detail) == (now.clock(), "101 days old, of 90 for which backups are kept")


def test_a_proven_one_that_has_rotted_since_guards_nothing(place):
    old, newer = made(place), made(later(place, days=100))
    prove(place, old)
    prove(place, newer)
    target = target_of(place)
    with target.open(newer, "dagster.dump") as file:
        data = bytearray(file.read())
    data[1000] ^= 1
    target.write_small(newer, "dagster.dump", bytes(data))
    said = []
    asyncio.run(retention.run(replace(later(place, days=150), say=said.append)))
    assert names(place) == [old, newer]
    assert any("is damaged since" in line for line in said)


def test_a_proof_of_another_manifest_counts_for_nothing(place):
    old, newer = made(place), made(later(place, days=100))
    prove(place, old)
    target = target_of(place)
    target.write_small(newer, "proof.json", target.read_small(old, "proof.json"))
    asyncio.run(retention.run(later(place, days=300)))
    assert names(place) == [old, newer]


def test_what_somebody_removed_by_hand_is_written_down(place):
    gone, stays = made(place), made(later(place, days=1))
    target_of(place).remove(gone)
    asyncio.run(retention.run(later(place, days=2)))
    found = asyncio.run(rows(place))
    assert found[gone].detail == "no longer in the target"
    assert found[stays].removed_at is None


def test_packed_configurations_go_with_age_but_not_the_newest(place):
    (place.settings.home / "configs").mkdir()
    (place.settings.home / "configs" / "sources.yaml").write_text("a: 1")
    for days in (0, 1, 150):
        asyncio.run(configuration.run(later(place, days=days)))
    before = target_of(place).names("config")
    asyncio.run(retention.run(later(place, days=151)))
    assert target_of(place).names("config") == before[2:]
    asyncio.run(retention.run(later(place, days=900)))
    assert target_of(place).names("config") == before[2:]


def test_what_is_not_ours_is_never_touched(house, tmp_path):
    place = place_of(tmp_path, *house)
    prove(place, made(place))
    local = target_of(place).local
    for foreign in ("backup-old", "photos", "backup-20200101T000000Z.tar"):
        (local / foreign).mkdir()
    nothing = local / "backup-20200101T000000Z"
    nothing.mkdir()
    asyncio.run(retention.run(later(place, days=5000)))
    assert listed(local) == sorted(
        ["backup-old", "photos", "backup-20200101T000000Z.tar", nothing.name, f"backup-{NOW:%Y%m%dT%H%M%SZ}"]
    )
