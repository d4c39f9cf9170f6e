"""Secrets that code of a run shows, throws or prints: in none of the places where Dagster or we keep anything.

A planted hole (one layer taken out) has to be found by the same search.
"""

import base64
import json
import logging
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
import sqlalchemy as db
from sqlalchemy.pool import NullPool

from pake_pipelines.defs.shared import compute_logs
from pake_pipelines.redaction import patterns
from pake_pipelines.settings import get_settings
from pake_pipelines.store import last_gate
from pake_pipelines.store.database import addresses
from pake_pipelines.telemetry import lines, logs

CONFIGURED = "violet/Unic0rn'77"
NEEDLES = {
    "configured value": CONFIGURED,
    "configured value in an address": quote(CONFIGURED, safe=""),
    "configured value in base64": base64.b64encode(CONFIGURED.encode()).decode()[2:-4],
    "password of an address": "dsnpass4711",
    "bearer": "bearertoken4712",
    "webhook": "T00HOOK/B00HOOK/hook4713",
    "assignment": "assigned4714",
    "metadata under its name": "plainmetadata",
    "cause of an error": "cause4715",
    "context of an error": "context4716",
    "printed": "printed4717",
    "private key": "MIIEprivatekeybody",
    "tick": "tick4718",
}
PRIVATE_KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{NEEDLES['private key']}\n-----END RSA PRIVATE KEY-----"
SAID = (
    f"{CONFIGURED} {quote(CONFIGURED, safe='')} Basic {base64.b64encode(f'u:{CONFIGURED}'.encode()).decode()} "
    "postgresql://u:dsnpass4711@h/db Authorization: Bearer bearertoken4712 "
    "https://hooks.slack.com/services/T00HOOK/B00HOOK/hook4713 password=assigned4714"
)


@dg.asset
def leaky(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    context.log.info(SAID)
    logging.getLogger("pake_pipelines.leaky").error("%s", SAID)
    logging.getLogger("stranger").warning("password=%s", "assigned4714")
    print(SAID, "\npassword=printed4717")
    print(PRIVATE_KEY, file=sys.stderr)
    subprocess.run(["echo", f"token=printed4717 {CONFIGURED}"], check=True)
    return dg.MaterializeResult(
        metadata={
            "said": SAID, "page": dg.MetadataValue.md(SAID), "rows": dg.MetadataValue.json([{"a": {"b": SAID}}]),
            "api_key": "plainmetadata", "seconds": 1.5, "new": 3,
        },
        tags={"kept": "yes"},
    )  # fmt: skip


@dg.asset(deps=[leaky])
def failing() -> None:
    try:
        try:
            raise KeyError("secret=context4716")  # noqa: TRY301
        except KeyError:
            raise ValueError("redis://:cause4715@h") from OSError("password: cause4715!")
    except ValueError as error:
        error.add_note(SAID)
        raise RuntimeError(f"it broke: {SAID}") from error


class World:
    """An instance as the shipped dagster.yaml describes it, with the log files of a project."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        (home / "configs").mkdir()
        (home / "dagster.yaml").write_text(
            "telemetry: {enabled: false}\n"
            "storage:\n  custom:\n    module: pake_pipelines.defs.shared.storage\n    class: LastingPostgresStorage\n"
            f"    config: {{postgres_url: '{url}', log_files: true}}\n"
            "compute_logs:\n  module: pake_pipelines.defs.shared.compute_logs\n  class: RedactedComputeLogs\n"
            f"  config: {{base_dir: '{home / 'compute'}'}}\n"
            "python_logs: {managed_python_loggers: [pake_pipelines], python_log_level: INFO}\n"
        )

    def run(self):
        # what a process has; those of pytest lead to files of its own, which no child writes to
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
        try:
            return self._run()
        finally:
            sys.stdout, sys.stderr = streams

    def _run(self):
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            done = dg.materialize([leaky, failing], instance=instance, raise_on_error=False)
            _tick(instance)
            return done

    def kept(self) -> dict[str, str]:
        """Return everything that the run left behind, by place: files, and every value of every table."""
        found = {str(path.relative_to(self.home)): path.read_text(errors="replace") for path in self._files()}
        engine = db.create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            tables = db.inspect(engine).get_table_names()
            for table in tables:
                rows = connection.execute(db.text(f'SELECT * FROM "{table}"')).fetchall()
                found[f"table {table}"] = "\n".join(_text(value) for row in rows for value in row)
        return found

    def _files(self):
        return [one for one in self.home.rglob("*") if one.is_file() and one.name != "dagster.yaml"]


def _tick(instance):
    from dagster._core.scheduler.instigation import InstigatorType, TickData, TickStatus
    from dagster._utils.error import SerializableErrorInfo

    error = SerializableErrorInfo(f"RuntimeError: password=tick4718 {SAID}", [f"  in x: {SAID}"], "RuntimeError")
    instance.create_tick(
        TickData(
            "origin", "sensor", InstigatorType.SENSOR, TickStatus.FAILURE, 1.0, error=error, selector_id="selector"
        )
    )


def _text(value) -> str:
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        try:
            return zlib.decompress(raw).decode(errors="replace")
        except zlib.error:
            return raw.decode(errors="replace")
    return (
        json.dumps(json.loads(value), ensure_ascii=False) if isinstance(value, str) and value[:1] == "{" else str(value)
    )


def leaks(kept: dict[str, str]) -> set[tuple[str, str]]:
    """Return (what, where) of every planted secret that is still to be seen."""
    return {
        (what, where)
        for what, needle in NEEDLES.items()
        for where, text in kept.items()
        if needle in text or json.dumps(needle)[1:-1] in text
    }


@pytest.fixture
def world(server_settings, tmp_path, monkeypatch):
    url = addresses(server_settings).dagster
    monkeypatch.setenv("LEAKY_PASSWORD", CONFIGURED)
    monkeypatch.setenv("PAKE_HOME", str(tmp_path))
    monkeypatch.setenv("PAKE_DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    for place in (sys, threading):
        monkeypatch.setattr(place, "excepthook", place.excepthook)
    yield World(tmp_path, url)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        instance.wipe()
    logs.close_logging()
    last_gate.release()
    get_settings.cache_clear()


def test_no_planted_secret_is_left_anywhere(world):
    done = world.run()
    kept = world.kept()
    assert not done.success
    assert leaks(kept) == set()
    # what is said around the secrets is there: nothing was lost altogether
    assert "it broke: ***" in kept["table event_logs"]
    assert "postgresql://u:***@h/db" in kept["table event_logs"]
    assert "RuntimeError: password=***" in kept["table job_ticks"]
    assert "it broke" in kept["data/logs/errors.log"]
    assert "password=***" in kept["data/logs/application.log"]
    assert any("token=*** ***" in text for where, text in kept.items() if where.endswith(".out"))


def test_what_was_redacted_is_still_read_by_dagster(world):
    done = world.run()
    with dg.DagsterInstance.from_config(str(world.home)) as instance:
        made = instance.get_latest_materialization_event(leaky.key).asset_materialization
        assert made.metadata["seconds"].value == 1.5
        assert made.metadata["api_key"].value == "***"
        assert made.metadata["rows"].value[0]["a"]["b"].startswith("*** ***")
        assert made.tags["kept"] == "yes"
        (failure,) = [
            one.dagster_event for one in instance.all_logs(done.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        ]
        assert failure.step_failure_data.error.cause.cause.cls_name == "ValueError"
        assert instance.get_run_by_id(done.run_id).status is dg.DagsterRunStatus.FAILURE


def test_the_log_files_tell_each_step_once_with_its_run(world):
    done = world.run()

    def lines(name):
        return [json.loads(line) for line in (world.home / "data" / "logs" / name).read_text().splitlines()]

    steps = [(one["step"], one["outcome"], one["run_id"]) for one in lines("performance.log") if one["event"] == "step"]
    assert steps == [("leaky", "success", done.run_id), ("failing", "failure", done.run_id)]
    (asset,) = [one for one in lines("performance.log") if one["event"] == "asset"]
    assert (asset["asset_key"], asset["seconds"], asset["new"], asset["run_id"]) == ("leaky", 1.5, 3, done.run_id)
    told = {one["dagster_event"]: one for one in lines("errors.log") if "dagster_event" in one}
    assert set(told) == {"STEP_FAILURE", "PIPELINE_FAILURE"}
    assert all(one in told["STEP_FAILURE"]["traceback"] for one in ("RuntimeError", "ValueError", "OSError"))
    (own,) = [one for one in lines("application.log") if one["component"] == "pake_pipelines.leaky"]
    assert (own["run_id"], own["step"], own["process"]) == (done.run_id, "leaky", "dagster")


HOLES = {
    "the configured values": (patterns, None),
    "the patterns": (patterns, "hide"),
    "the storage's gate": (last_gate, "_clean"),
    "the compute logs' gate": (compute_logs, "redact"),
    "the log files' gate": (lines, "redact_value"),
}


@pytest.mark.parametrize(("place", "name"), HOLES.values(), ids=HOLES)
def test_a_hole_in_one_of_the_layers_is_found(place, name, world, monkeypatch):
    if name is None:
        monkeypatch.delenv("LEAKY_PASSWORD")
    else:
        monkeypatch.setattr(place, name, lambda value: value)
    if place is lines:
        monkeypatch.setattr(lines, "redacted_traceback", str)
        monkeypatch.setattr(logs.guards, "guard_records", lambda: None)
    world.run()
    assert leaks(world.kept())
