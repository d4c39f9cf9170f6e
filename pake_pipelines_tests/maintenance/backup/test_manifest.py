"""A manifest comes back as it was written, and any change to it is found."""

import random
from dataclasses import replace

import orjson
import pytest

from pake_pipelines.maintenance.backup import manifest
from pake_pipelines.maintenance.backup.manifest import DatabaseManifest, FileEntry, Manifest, SequenceEntry, TableEntry
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines_tests.conftest import NOW

MADE = Manifest(
    format=1,
    name="backup-20261122T120000Z",
    created_at=NOW,
    snapshot_at=NOW,
    product_version="0.1.0",
    migration="0006",
    server_version="18.4",
    client_version="18.4",
    host="here",
    files=(FileEntry("knowledge.dump", 1234, "ab" * 32), FileEntry("dagster.dump.age", 5, "cd" * 32, True, "ef" * 32)),
    databases={
        "knowledge": DatabaseManifest(
            "pake", 10**9, "knowledge.dump", (TableEntry("s", 'T "x"', 3, "-1"),), (SequenceEntry("s", "q", 7),)
        ),
        "dagster": DatabaseManifest("dagster", 10**8, "dagster.dump.age", ()),
    },
    seconds=1.5,
)
WRITTEN = manifest.to_json(MADE)


def test_it_comes_back_as_it_was():
    assert manifest.from_json(WRITTEN, MADE.name) == MADE
    assert orjson.loads(WRITTEN)["sha256"] == manifest.checksum(MADE)
    assert (MADE.bytes, MADE.rows, MADE.tables, MADE.encrypted) == (1239, 3, 1, True)
    assert MADE.file_of("dagster").name == "dagster.dump.age"


def test_every_bit_that_flips_is_found():
    places = random.Random(3).sample(range(len(WRITTEN) * 8), 400)
    for place in places:
        damaged = bytearray(WRITTEN)
        damaged[place // 8] ^= 1 << place % 8
        with pytest.raises(MaintenanceError):
            manifest.from_json(bytes(damaged), MADE.name)


@pytest.mark.parametrize("length", [0, 1, 100, len(WRITTEN) - 2])
def test_one_that_was_cut_short_is_found(length):
    with pytest.raises(MaintenanceError, match="is damaged"):
        manifest.from_json(WRITTEN[:length], MADE.name)


def signed(**changes):
    plain = {**orjson.loads(WRITTEN), **changes}
    del plain["sha256"]
    return orjson.dumps({**plain, "sha256": manifest._digest(plain)})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (WRITTEN.replace(b"1234", b"1235"), "was edited"),
        (b"[]", "carries no checksum"),
        (b"{}", "carries no checksum"),
        (signed(format=2), "format 2; this version reads format 1"),
        (signed(files="none"), "cannot be read: files: "),
        (signed(more=1), "cannot be read: more: "),
        (manifest.to_json(replace(MADE, name="backup-20261121T120000Z")), "belongs to another backup"),
    ],
    ids=["edited", "a list", "empty", "newer", "of other types", "unknown key", "stale"],
)
def test_what_is_wrong_is_named(data, said):
    with pytest.raises(MaintenanceError, match=said):
        manifest.from_json(data, MADE.name)


def test_a_database_or_file_that_it_does_not_hold_is_named():
    with pytest.raises(MaintenanceError, match="holds no database 'other'"):
        MADE.file_of("other")
    with pytest.raises(MaintenanceError, match=r"names no file dagster\.dump\.age"):
        replace(MADE, files=MADE.files[:1]).file_of("dagster")
