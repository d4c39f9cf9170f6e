"""The configuration is packed without a secret, and it is said what was masked and what was left out."""

import asyncio
import gzip
import io
import tarfile
from dataclasses import replace

import pytest

from pake_pipelines.maintenance.backup import configuration, encryption, holding
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines_tests.maintenance.backup.vault import later, made, place_of, wrong

SECRETS = ["hunter2-long", "tok-abcdef123456", "p4ssw0rd!", "sk-1234567890abcdefghij"]
FILES = {
    "configs/sources.yaml": f"a: 1\npassword: {SECRETS[0]}\nkey_env: PAKE_BACKUP_KEY\n",
    "configs/more/deep.yaml": f'api_key: "{SECRETS[3]}"\nurl: postgresql://me:{SECRETS[2]}@host/db\n',
    "configs/.env": f"SLACK={SECRETS[1]}\n",
    "configs/server.pem": "-----BEGIN",
    "dagster.yaml": f"telemetry: {{enabled: false}}\ntoken: {SECRETS[1]}\n",
    "workspace.yaml": "load_from: []\n",
    "pyproject.toml": "[project]\n",
    "secrets.txt": SECRETS[0],
}


@pytest.fixture
def place(house, tmp_path):
    home = tmp_path / "home"
    for name, text in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (home / "configs" / "picture.png").write_bytes(b"\x89PNG\xff")
    (home / "configs" / "link.yaml").symlink_to("/etc/passwd")
    (home / "configs" / "away").symlink_to(tmp_path)
    return place_of(home, *house)


def unpacked(place, name, file="configs.tar.gz", identity=None):
    data = target_of(place).read_small(name, file)
    if identity:
        plain = io.BytesIO()
        encryption.decrypt(io.BytesIO(data), plain, identity)
        data = plain.getvalue()
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        return {entry.name: archive.extractfile(entry).read().decode() for entry in archive}


def test_no_secret_is_packed_and_what_was_masked_is_listed(place):
    outcome = asyncio.run(configuration.run(place))
    (name,) = target_of(place).names("config")
    held = unpacked(place, name)
    assert sorted(held) == [
        "configs/more/deep.yaml", "configs/sources.yaml", "dagster.yaml", "pyproject.toml", "workspace.yaml",
    ]  # fmt: skip
    assert not [secret for secret in SECRETS for text in held.values() if secret in text]
    assert held["configs/sources.yaml"] == "a: 1\npassword: ***\nkey_env: PAKE_BACKUP_KEY\n"
    assert outcome.details["redacted"] == [
        {"path": "configs/more/deep.yaml", "line": 1},
        {"path": "configs/more/deep.yaml", "line": 2},
        {"path": "configs/sources.yaml", "line": 2},
        {"path": "dagster.yaml", "line": 2},
    ]
    assert {one["path"]: one["why"] for one in outcome.details["left_out"]} == {
        "configs/.env": "a file of secrets",
        "configs/away": "a link",
        "configs/link.yaml": "a link",
        "configs/picture.png": "no text, so that secrets in it cannot be found",
        "configs/server.pem": "a file of secrets",
    }
    assert not [secret for secret in SECRETS if secret in str(outcome)]
    assert configuration.faults(target_of(place), name) == []


def test_it_goes_into_the_backup_of_the_day_without_touching_its_manifest(place):
    name = made(place)
    asyncio.run(configuration.run(later(place, minutes=1)))
    target = target_of(place)
    assert target.files(name) == ["configs.json", "configs.tar.gz", "dagster.dump", "manifest.json"]
    assert wrong(place) == []
    assert holding.faults(target.local / name, target.read_manifest(name)) == []
    asyncio.run(configuration.run(later(place, minutes=2)))
    assert target.names("config") == ["config-20261122T120200Z"], "a second one of the day has a place of its own"
    asyncio.run(configuration.run(later(place, days=1)))
    assert len(target.names("config")) == 2


def test_damage_to_it_is_found(place):
    name = made(place)
    asyncio.run(configuration.run(place))
    target = target_of(place)
    assert configuration.faults(target, name) == []
    archive, said = (target.read_small(name, file) for file in ("configs.tar.gz", "configs.json"))
    for file, data, fault in (
        ("configs.tar.gz", archive[:-1] + b"x", "has other bytes"),
        ("configs.json", said.replace(b"sources", b"courses"), "does not match its own checksum"),
        ("configs.json", b"{", "cannot be read"),
    ):
        target.write_small(name, file, data)
        (found,) = configuration.faults(target, name)
        assert fault in found
        target.write_small(name, "configs.tar.gz", archive)
        target.write_small(name, "configs.json", said)


def test_it_is_encrypted_where_backups_are(place):
    key = encryption.new_identity()[0]
    rules = place.config.backup.model_copy(update={"encrypt": True})
    config = place.config.model_copy(update={"backup": rules})
    place = replace(place, config=config, environ={"PAKE_BACKUP_KEY": key})
    asyncio.run(configuration.run(place))
    (name,) = target_of(place).names("config")
    identity = encryption.identity_of({"K": key}, "K")
    assert "dagster.yaml" in unpacked(place, name, "configs.tar.gz.age", identity)


def test_a_dry_run_writes_nothing(place):
    outcome = asyncio.run(configuration.run(replace(place, dry_run=True)))
    assert outcome.details["files"] == 5
    assert not target_of(place).local.exists()


def test_where_there_is_no_configuration_it_is_said(house, tmp_path):
    with pytest.raises(MaintenanceError, match="there is no configuration to back up"):
        asyncio.run(configuration.run(place_of(tmp_path, *house)))
