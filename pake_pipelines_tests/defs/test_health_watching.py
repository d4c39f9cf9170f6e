"""The sensor `service_health`: what it reports to Dagster, and when it stays silent."""

import socket

import dagster as dg
import pytest

from pake_pipelines_tests.defs.house import QUIET, SOURCES, House, checked, materialized


class Listener:
    """Something on a port that can be taken away and put back."""

    def __init__(self):
        self.port = None
        self.up()

    def up(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self.port or 0))
        self._socket.listen(64)
        self.port = self._socket.getsockname()[1]

    def down(self):
        self._socket.close()


@pytest.fixture
def listener():
    one = Listener()
    yield one
    one.down()


@pytest.fixture
def instance(tmp_path):
    """An instance on disk: the one in memory has no ticks."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as on_disk:
        yield on_disk


@pytest.fixture
def house(configure, instance, listener):
    service = f"  shop: {{kind: tcp, host: 127.0.0.1, port: {listener.port}, critical: true}}\n"
    return House(configure(SOURCES), instance, QUIET + service)


def test_the_first_tick_reports_every_service_and_its_check(house):
    outcome = house.tick()
    health = materialized(outcome)["service_health"]
    assert (health["overall"], health["healthy"], health["services"]) == ("healthy", 2, 2)
    assert "| shop | healthy | yes |" in health["table"]
    assert {key: one.passed for key, one in checked(outcome).items()} == {
        ("service_health", "knowledge_database"): True,
        ("service_health", "shop"): True,
        ("alerts", "no_critical_alerts"): True,
    }


def test_a_tick_with_nothing_new_writes_no_materialization(house):
    house.tick()
    outcome = house.tick()
    assert isinstance(outcome, dg.SkipReason)
    assert outcome.skip_message == "2 of 2 services are healthy"


def test_an_unchanged_state_is_reported_again_at_its_rhythm_with_all_checks(house):
    house.tick()
    again = house.tick(later=300)
    assert set(materialized(again)) == {"service_health"}
    # Dagster takes a check that is older than its asset for outdated
    assert set(checked(again)) == {("service_health", "knowledge_database"), ("service_health", "shop")}


def test_a_cursor_that_nobody_can_read_is_none(house):
    house.cursors["service_health"] = "of another version"
    assert "service_health" in materialized(house.tick())


def test_a_clock_that_was_set_back_delays_no_report(house):
    house.tick()
    assert "service_health" in materialized(house.tick(later=-3600))


def test_a_change_of_status_is_reported_at_once_and_so_is_its_end(house, listener):
    house.tick()
    listener.down()
    outcome = house.tick()
    assert materialized(outcome)["service_health"]["overall"] == "critical"
    (check,) = [one for key, one in checked(outcome).items() if key[1] == "shop"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    listener.up()
    (check,) = [one for key, one in checked(house.tick()).items() if key[1] == "shop"]
    assert check.passed
