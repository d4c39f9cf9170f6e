"""A whole round of watching: what goes wrong in one part is told and stops no other."""

import asyncio
import json
import socket
from datetime import timedelta

import pytest

from pake_pipelines.alerts import watch as watch_module
from pake_pipelines.alerts.parts import Parts
from pake_pipelines.alerts.watch import Watch, watch
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.model.alert import Message, MessageKind, Severity
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.settings import Settings
from pake_pipelines.store import health_samples, monitor_ticks, notifications
from pake_pipelines_tests.conftest import NOW

MONITORING = """
services:
  knowledge-database: {enabled: false}
  dagster-daemons: {enabled: false}
  dagster-code: {enabled: false}
  dagster-queue: {enabled: false}
  dagster-partitions: {enabled: false}
  dagster-pools: {enabled: false}
  data-disk: {enabled: false}
  cache-upstash: {enabled: false}
  cache-mem0: {enabled: false}
  shop: {kind: tcp, host: 127.0.0.1, port: 1, critical: true}
alerting:
  grouping: {wait_seconds: 0}
  rules:
    service-down: {after: 1, for_seconds: 0}
    incident-overdue: {enabled: false}
"""


@pytest.fixture
def what(configure):
    settings = configure("sources: {}\nschedules: {}\n")
    (settings.configs / "monitoring.yaml").write_text(MONITORING)
    load_monitoring.cache_clear()
    return Watch(settings, load_monitoring(settings.configs), environ={})


def clock(later=0):
    return lambda: NOW + timedelta(seconds=later)


def logged(what):
    file = what.settings.data / "logs" / "alerts.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def test_a_round_probes_keeps_judges_and_tells(what, database):
    watched = await watch(what, None, clock())
    assert watched.faults == {}
    assert watched.overall is HealthStatus.CRITICAL
    assert [one.sent for one in watched.delivered][-1] == 1
    assert [(one["kind"], one["group"] != "") for one in logged(what)] == [("fire", True)]
    async with database.connection() as connection:
        assert set(await health_samples.latest(connection)) == {"shop"}
        assert set(await monitor_ticks.read_all(connection)) >= {"service_health"}


async def test_metrics_are_looked_at_only_when_they_were_sampled_since(what, database):
    def looked(watched):
        return "metric" in {one.input for one in watched.inputs}

    async def sampled(later):
        async with database.transaction() as connection:
            await monitor_ticks.note(connection, "metrics", NOW + timedelta(seconds=later), 0.1)

    await sampled(0)
    assert looked(await watch(what, None, clock(10)))
    assert not looked(await watch(what, None, clock(40)))
    await sampled(50)
    assert looked(await watch(what, None, clock(70)))
    assert not looked(await watch(what, None, clock(100)))
    assert looked(await watch(what, None, clock(800)))  # nobody samples any more: the rules have to learn it


async def test_a_failed_round_of_probes_does_not_stop_messages_that_wait(what, database, monkeypatch):
    async def breaks(*_):
        raise RuntimeError("no more file descriptors")

    message = Message("key", MessageKind.FIRE, "group", "the disk is full", Severity.CRITICAL, NOW)
    async with database.transaction() as connection:
        await notifications.put(connection, "log", message, NOW)
    monkeypatch.setattr(watch_module, "probe_all", breaks)
    watched = await watch(what, None, clock(1))
    assert watched.faults == {"probes": "RuntimeError: no more file descriptors"}
    assert watched.overall is HealthStatus.UNKNOWN
    assert watched.evaluated is not None
    assert [one["title"] for one in logged(what)] == ["the disk is full"]


async def test_a_failed_round_of_probes_resolves_nothing(what, monkeypatch):
    async def breaks(*_):
        raise RuntimeError("no more file descriptors")

    await watch(what, None, clock())
    monkeypatch.setattr(watch_module, "probe_all", breaks)
    watched = await watch(what, None, clock(300))
    assert watched.evaluated.firing == 1
    assert watched.evaluated.transitions == ()


async def test_a_failed_evaluation_is_told_and_the_samples_are_kept(what, database, monkeypatch):
    async def breaks(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(watch_module, "evaluate", breaks)
    watched = await watch(what, None, clock())
    assert watched.faults == {"evaluation": "RuntimeError: a bug"}
    async with database.connection() as connection:
        assert set(await health_samples.latest(connection)) == {"shop"}


async def test_a_database_that_is_away_is_told_by_the_log_once_and_so_is_its_return(what, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://pake@127.0.0.1:{nobody.getsockname()[1]}/none"
        away = Watch(Settings(home=what.settings.home, database_url=url), what.config, environ={}, outage=what.outage)
        watched = [await watch(away, None, clock(second)) for second in (0, 30)]
    assert [set(one.faults) for one in watched] == [{"database"}, {"database"}]
    assert [one.service for one in watched[0].samples] == ["shop"]
    (told,) = logged(what)
    assert (told["kind"], told["severity"]) == ("fire", "critical")
    assert "the knowledge database does not answer" in told["title"]
    await watch(what, None, clock(60))
    assert [one["kind"] for one in logged(what)][:2] == ["fire", "resolve"]


async def test_a_part_that_hangs_costs_its_own_time_only():
    parts = Parts(5)
    assert await parts.run("slow", asyncio.sleep(60), at_most=0.05) is None
    assert await parts.run("quick", asyncio.sleep(0, result="done")) == "done"
    assert parts.faults == {"slow": "not done within 0.1 s"}
