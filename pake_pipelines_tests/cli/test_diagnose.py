"""`pake diagnose`: a bundle of what can be had, the causes for what cannot, and no secret in it."""

import json
import os
import tarfile

import pytest

from pake_pipelines.cli.diagnosis import bundle as bundles
from pake_pipelines.cli.diagnosis.bundle import Bundle
from pake_pipelines.cli.diagnosis.log_tails import tail
from pake_pipelines.config import loading
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.conftest import NOW

SECRET = "violet-unicorn-4711"
DATABASE_PARTS = {"health", "alerts", "incidents", "errors", "visits", "maintenance", "backups"}


def unpacked(file):
    """Return the texts of a bundle by name."""
    with tarfile.open(file) as archive:
        return {
            one.name.removeprefix("pake-diagnose/"): archive.extractfile(one).read().decode()
            for one in archive.getmembers()
        }


def diagnosed(terminal, **environment):
    terminal.environment(**environment)
    done = terminal.pake("diagnose", "--output", terminal.home / "bundle.tgz", "--json")
    assert done.code == 0, done.stderr
    return done.json, unpacked(terminal.home / "bundle.tgz")


def test_with_everything_down_the_rest_is_there_and_each_gap_has_its_cause(terminal):
    said, parts = diagnosed(terminal)
    assert {"versions.json", "settings.json", "configuration.json", "disk.json", "contents.json"} <= set(parts)
    assert set(said["missing"]) == {
        "database.json", "dagster_database.json", "dagster.json", "runs.json", "logs",
        *(f"{name}.json" for name in DATABASE_PARTS),
    }  # fmt: skip
    assert "not running" in said["missing"]["database.json"]
    assert json.loads(parts["contents.json"])["missing"] == said["missing"]
    assert json.loads(parts["versions.json"])["packages"]["dagster"]
    assert oct((terminal.home / "bundle.tgz").stat().st_mode & 0o777) == "0o600"


def test_with_a_database_its_tables_and_what_they_hold_are_there(connected):
    said, parts = diagnosed(connected)
    assert {f"{name}.json" for name in DATABASE_PARTS} <= set(parts)
    database = json.loads(parts["database.json"])
    assert any(one["table"] == "knowledge_nodes" and one["bytes"] > 0 for one in database["tables"])
    assert any(one["name"] == "vector" for one in database["extensions"])
    assert "dagster.json" in said["missing"]


async def _make_older(url):
    async with open_database(url) as database, database.transaction() as connection:
        await connection.execute("UPDATE pake.alembic_version SET version_num = '0001'")


def test_of_a_database_that_this_code_cannot_use_the_server_is_shown(connected, database_url):
    import asyncio

    asyncio.run(_make_older(database_url))
    said, parts = diagnosed(connected)
    assert "tables" in json.loads(parts["database.json"])
    assert "0001" in said["missing"]["health.json"]


def test_broken_configuration_is_shown_with_what_is_wrong(terminal):
    terminal.configure("sources: [")
    loading.load_maintenance.cache_clear()
    (terminal.home / "configs" / "maintenance.yaml").write_text("logs: {level: 12}\n")
    _, parts = diagnosed(terminal)
    said = json.loads(parts["configuration.json"])
    assert "not valid YAML" in said["sources.yaml"]
    assert "logs.level" in said["maintenance.yaml"]
    assert parts["configs/sources.yaml"] == "sources: ["


def test_an_environment_that_cannot_be_used_is_told_and_does_not_stop_it(terminal):
    terminal.environment(PAKE_PORT="nonsense")
    said, parts = diagnosed(terminal)
    assert "PAKE_PORT" in said["missing"]["environment"]
    assert "versions.json" in parts


def test_no_secret_is_in_it(terminal):
    logs = terminal.home / "data" / "logs"
    (logs / "security").mkdir(parents=True)
    (logs / "application.log").write_text(f'{{"event": "it was {SECRET}"}}\n')
    (logs / "dagster-daemon.log").write_text("postgresql://u:dsnpass@h/db\nAuthorization: Bearer bearertoken\n")
    (logs / "security" / "security.log").write_text("https://hooks.slack.com/services/T0/B0/hooktoken\n")
    terminal.configure("# password: commented99\nsmtp:\n  password: plainword\n  host: mail\n")
    (terminal.home / "dagster.yaml").write_text("broken: [\napi_key: alsoplain1\n")
    said, parts = diagnosed(
        terminal,
        SOME_PASSWORD=SECRET,
        PAKE_DATABASE_URL="postgresql://u:urlpassword@127.0.0.1:9/x",
        PAKE_CONNECT_ATTEMPTS="1",
    )
    whole = json.dumps(said) + "".join(parts.values())
    for secret in (
        SECRET,
        "dsnpass",
        "bearertoken",
        "hooktoken",
        "commented99",
        "plainword",
        "alsoplain1",
        "urlpassword",
    ):
        assert secret not in whole
    assert "PAKE_DATABASE_URL" in json.loads(parts["settings.json"])["variables_set"]
    assert "host: mail" in parts["configs/sources.yaml"]
    assert "it was ***" in parts["logs/application.log"]


def test_a_layer_that_is_missing_is_seen(terminal, monkeypatch):
    monkeypatch.setattr(bundles, "redact", lambda text: text)
    logs = terminal.home / "data" / "logs"
    logs.mkdir(parents=True)
    (logs / "application.log").write_text(SECRET)
    _, parts = diagnosed(terminal, SOME_PASSWORD=SECRET)
    assert SECRET in parts["logs/application.log"]


def test_it_never_grows_beyond_its_bound(terminal):
    logs = terminal.home / "data" / "logs"
    logs.mkdir(parents=True)
    for number in range(40):
        lines = [os.urandom(500).hex() for _ in range(300)]
        (logs / f"{number:02}.log").write_text("\n".join([*lines, "the end\n"]))
        os.utime(logs / f"{number:02}.log", (number, number))
    said, parts = diagnosed(terminal)
    assert said["bytes"] <= 5_000_000
    assert sum(map(len, parts.values())) <= 5_000_000
    assert parts["logs/39.log"].endswith("the end\n")
    assert said["missing"]["logs/00.log"] == "there is no room left"


def test_the_end_of_a_file_begins_with_a_whole_line(tmp_path):
    (tmp_path / "x.log").write_text("".join(f"line {number}\n" for number in range(100)))
    assert tail(tmp_path / "x.log", 20) == "line 98\nline 99\n"
    assert tail(tmp_path / "x.log").startswith("line 0\n")


def test_what_is_too_long_is_cut_or_left_out():
    made = Bundle(NOW)
    made.put("text", "x" * 700_000 + "end")
    made.put("data.json", ["x" * 700_000])
    assert made.files["text"].endswith(b"end")
    assert len(made.files["text"]) == 600_000
    assert "too large" in made.missing["data.json"]


@pytest.mark.parametrize("place", ["nowhere/bundle.tgz", "configs"], ids=["no directory", "a directory"])
def test_a_place_that_cannot_be_written_is_one_sentence(place, terminal):
    done = terminal.pake("diagnose", "--output", terminal.home / place)
    assert done.code == 1
    assert "cannot be written" in done.stderr


def test_a_person_is_told_what_is_in_it_and_where_it_is(terminal):
    done = terminal.pake("diagnose")
    (made,) = terminal.home.glob("pake-diagnose-*.tar.gz")
    assert "versions.json" in done.stdout
    assert "missing  database.json" in done.stdout
    assert made.name in done.stdout
