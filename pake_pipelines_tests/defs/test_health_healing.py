"""Healing in Dagster: what the sensor asks for, what a run does, and that nothing is asked for twice."""

import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime

import dagster as dg
import psutil
import pytest

from pake_pipelines_tests.defs.house import QUIET, SOURCES, House

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as on_disk:
        yield on_disk


@pytest.fixture
def house(configure, instance, tmp_path):
    (tmp_path / "server.py").write_text(SERVER)
    port = free_port()
    service = f"""
  shop:
    kind: http
    url: http://127.0.0.1:{port}/
    critical: true
    start: ["{sys.executable}", "{tmp_path / "server.py"}", "{port}"]
"""
    made = House(configure(SOURCES), instance, QUIET + service)
    yield made
    for row in made.ask("SELECT pid FROM service_processes"):
        with suppress(psutil.NoSuchProcess):
            shop = psutil.Process(row["pid"])
            shop.kill()
            shop.wait(10)


def heal_runs(outcome):
    return [] if isinstance(outcome, dg.SkipReason) else [one for one in outcome.run_requests if one.job_name == "heal"]


def launch(house, request):
    return house.defs.resolve_job_def(request.job_name).execute_in_process(
        instance=house.instance, run_config=request.run_config, tags=request.tags
    )


def test_without_anything_down_no_run_is_asked_for(configure, instance):
    house = House(configure(SOURCES), instance)
    house.tick()
    assert house.tick("healing").skip_message == "nothing is to be healed"


def test_one_bad_probe_is_no_reason_to_restart(house):
    house.tick()
    outcome = house.tick("healing", later=1)
    assert heal_runs(outcome) == []
    assert outcome.skip_message.startswith("shop: ")


def test_a_service_that_is_down_is_restarted_by_a_run_and_verified(house):
    house.now = datetime.now(UTC)  # a run has the real clock
    house.tick(later=-40)
    house.tick()
    (request,) = heal_runs(house.tick("healing", later=1))
    assert request.run_config["ops"]["service_restarts"]["config"]["services"] == ["shop"]
    assert request.tags == {"pake/services": "shop"}

    result = launch(house, request)

    assert result.success
    (made,) = result.get_asset_materialization_events()
    assert made.asset_key == dg.AssetKey("service_restarts")
    assert made.materialization.metadata["verified"].value == 1
    (check,) = result.get_asset_check_evaluations()
    assert check.passed
    (row,) = house.ask("SELECT state, run_id, actor FROM service_restarts")
    assert (row["state"], row["run_id"]) == ("verified", result.run_id)


def test_the_same_fault_has_one_key_so_that_two_ticks_launch_one_run(house):
    house.tick()
    house.tick()
    first, second = (heal_runs(house.tick("healing", later=1))[0].run_key for _ in range(2))
    assert first == second


def test_nothing_is_asked_for_while_a_heal_run_is_queued(house):
    house.tick()
    house.tick()
    house.instance.run_storage.add_run(dg.DagsterRun(job_name="heal", status=dg.DagsterRunStatus.NOT_STARTED))
    assert heal_runs(house.tick("healing", later=1)) == []


def test_a_run_that_never_came_to_its_attempt_is_asked_for_again(house):
    for _ in range(2):
        house.tick()
    first = heal_runs(house.tick("healing", later=1))[0].run_key
    house.tick(later=180)
    assert heal_runs(house.tick("healing", later=1))[0].run_key != first


def test_a_firing_rule_launches_the_recovery_that_it_asks_for_once_within_its_cool_down(configure, instance):
    rules = """
recoveries:
  shop-tier: {kind: cache_tier_failure, tier: shop}
alerting:
  rules:
    shop-gone: {input: service, match: {service: shop}, severity: error, summary: "{service} is gone",
                action: {recovery: shop-tier, cooldown_minutes: 60}}
"""
    service = f"  shop: {{kind: tcp, host: 127.0.0.1, port: {free_port()}}}\n"
    house = House(configure(SOURCES), instance, QUIET + service + rules)
    outcomes = [house.tick() for _ in range(3)]
    requests = [one for outcome in outcomes if isinstance(outcome, dg.SensorResult) for one in outcome.run_requests]
    (request,) = requests
    assert request.job_name == "recover"
    assert request.tags["pake/recovery"] == "shop-tier"
    assert request.run_config["ops"]["recoveries"]["config"]["recovery"] == "shop-tier"

    result = launch(house, request)

    assert result.success
    (row,) = house.ask("SELECT recovery, state, cause, run_id FROM recoveries")
    assert (row["recovery"], row["run_id"]) == ("shop-tier", result.run_id)
    assert row["cause"] == request.tags["pake/alert"]
