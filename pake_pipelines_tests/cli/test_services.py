"""`pake services`: what it shows of real programs, and how it starts, stops and heals them."""

import json
import signal

import psutil
import pytest
import yaml
from typer.testing import CliRunner

from pake_pipelines.cli.services import app
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.settings import get_settings
from pake_pipelines_tests.services.place import Place, free_port

OWN = (
    "knowledge-database", "dagster-daemons", "dagster-code", "dagster-queue", "dagster-partitions", "dagster-pools",
    "data-disk", "cache-upstash", "cache-mem0",
)  # fmt: skip


class Services:
    """The command in a project with some services of its own."""

    def __init__(self, place, monkeypatch):
        self.place = place
        (place.home / "dagster.yaml").touch()
        (place.home / "data").mkdir()
        monkeypatch.setenv("PAKE_HOME", str(place.home))
        monkeypatch.setenv("PAKE_DATABASE_URL", place.settings.database_url.get_secret_value())

    def configure(self, **services):
        self.place.configure(**services)
        off = {name: {"enabled": False} for name in OWN}
        (self.place.home / "configs" / "monitoring.yaml").write_text(yaml.safe_dump({"services": {**off, **services}}))

    def __call__(self, *arguments):
        get_settings.cache_clear()
        load_monitoring.cache_clear()
        try:
            return CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        finally:
            get_settings.cache_clear()
            load_monitoring.cache_clear()

    def status(self, name):
        (found,) = json.loads(self("status", name, "--json").stdout)
        return found


@pytest.fixture
def services(tmp_path, database_url, monkeypatch):
    place = Place(tmp_path / "project", database_url)
    yield Services(place, monkeypatch)
    place.end()


def test_a_service_is_started_shown_and_stopped(services):
    services.configure(web=services.place.server("web", critical=True))
    down = services("status")
    assert down.exit_code == 1
    assert "unhealthy" in down.stdout
    assert services("start", "web").exit_code == 0
    shown = services.status("web")
    assert (shown["status"], shown["restarts_last_hour"], shown["last_attempt_state"]) == ("healthy", 0, "verified")
    assert psutil.pid_exists(shown["pid"])
    assert services("status").exit_code == 0
    assert "already" in services("start", "web").stdout
    assert services("stop", "web").exit_code == 0
    shown = services.status("web")
    assert (shown["pid"], shown["status"]) == (None, "unhealthy")
    assert shown["healing"].startswith("stopped by hand (stopped by ")
    assert shown["given_up_because"].startswith("stopped by ")


def test_what_is_critical_and_down_ends_with_1_and_what_is_not_with_0(services):
    services.configure(web=services.place.server("web"))
    assert services("status").exit_code == 0
    services.configure(web=services.place.server("web", critical=True))
    assert services("status").exit_code == 1


def test_heal_shows_its_plan_and_carries_it_out(services):
    services.configure(
        base=services.place.server("base"), front=services.place.server("front", depends_on=["base"]),
        watched={"kind": "tcp", "port": services.place.ports["base"]},
    )  # fmt: skip
    plan = json.loads(services("heal", "--dry-run", "--json").stdout)
    assert [(one["decision"], one["service"], one["after"]) for one in plan] == [
        ("heal", "base", []),
        ("heal", "front", ["base"]),
    ]
    assert "to be restarted after base" in services("heal", "--dry-run").stdout
    assert services.place.starts("base") == 0
    healed = services("heal")
    assert healed.exit_code == 0
    assert "base: verified, attempt 1" in healed.stdout
    assert "front: verified, attempt 1" in healed.stdout
    assert "nothing that can be healed is down" in services("heal").stdout


def test_heal_that_fails_says_why_and_what_it_waits_for(services):
    services.configure(web=services.place.server("web", "exit=3"))
    failed = services("heal")
    assert failed.exit_code == 1
    assert "ended with exit code 3: the port is taken by somebody" in failed.stdout
    assert services.status("web")["healing"].startswith("back-off (after attempt 1 in a row), ")
    assert services.status("web")["next_attempt"] is not None


def test_all_are_started_in_order_and_the_first_that_fails_ends_it(services):
    services.configure(
        front=services.place.server("front", depends_on=["base"]), base=services.place.server("base", "exit=1")
    )
    dry = services("start", "--all", "--dry-run")
    assert dry.stdout.index("base: start") < dry.stdout.index("front: start")
    done = services("start", "--all", "--json")
    assert done.exit_code == 1
    assert [(one["service"], one["state"]) for one in json.loads(done.stdout)] == [
        ("base", "failed"),
        ("front", "not tried"),
    ]


def test_a_restart_gives_another_process(services):
    services.configure(web=services.place.server("web"))
    services("start", "web")
    before = services.status("web")["pid"]
    services.place.programs("web")[0].send_signal(signal.SIGKILL)
    assert services("restart", "web").exit_code == 0
    assert services.status("web")["pid"] not in {None, before}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["start"], "name a service, or say --all"),
        (["stop", "web", "--all"], "name a service, or say --all"),
        (["status", "wep"], "no service 'wep'"),
        (["start", "redis"], "set services.redis.enabled in configs/monitoring.yaml"),
        (["start", "watched"], "give it a `start` command"),
        (["stop", "watched"], "is only watched"),
    ],
    ids=["nothing", "both", "unknown", "off", "no start", "no stop"],
)
def test_what_cannot_be_done_says_the_way_out(services, arguments, words):
    services.configure(web=services.place.server("web"), watched={"kind": "tcp", "port": free_port()})
    done = services(*arguments)
    assert done.exit_code == 1
    assert words in done.stderr


def test_a_stop_tells_who_depends_on_it(services):
    services.configure(base=services.place.server("base"), front=services.place.server("front", depends_on=["base"]))
    services("start", "base")
    assert "front depends on base" in services("stop", "base").stderr


def test_without_the_database_services_are_probed_all_the_same(services, monkeypatch):
    monkeypatch.setenv("PAKE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    services.configure(web=services.place.server("web"))
    done = services("status")
    assert "unhealthy" in done.stdout
    assert "what healing has done and will do is not known" in done.stderr
