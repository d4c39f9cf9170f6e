"""A key figure is judged by its bounds, the worst of its series speaks, and what is not known is never good."""

from datetime import timedelta

import pytest

from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.config.monitoring import Kpi
from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.health.kpis import judge
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines_tests.conftest import NOW

CPU = Kpi(metric="cpu_usage_percent", target=60, warn=80, critical=95, unit="percent", action="act")
COVERED = Kpi(metric="project_coverage_percent", better="higher", target=90, warn=70, critical=50, unit="percent")
DISK = Kpi(metric="disk_usage_percent", target=70, warn=80, critical=95, unit="percent")


def result(kpi, *samples, since=None):
    (found,) = judge({"it": kpi}, samples, since)
    return found


@pytest.mark.parametrize(
    ("value", "status", "on_target"),
    [
        (0, CheckStatus.OK, True),
        (60, CheckStatus.OK, True),
        (60.1, CheckStatus.OK, False),
        (80, CheckStatus.OK, False),
        (80.1, CheckStatus.WARN, False),
        (95, CheckStatus.WARN, False),
        (95.1, CheckStatus.FAIL, False),
    ],
    ids=str,
)
def test_lower_is_better(value, status, on_target):
    found = result(CPU, measured("cpu_usage_percent", value, NOW))
    assert (found.status, found.on_target, found.value) == (status, on_target, value)


@pytest.mark.parametrize(
    ("value", "status", "on_target"),
    [
        (90, CheckStatus.OK, True),
        (89, CheckStatus.OK, False),
        (70, CheckStatus.OK, False),
        (69, CheckStatus.WARN, False),
        (50, CheckStatus.WARN, False),
        (49, CheckStatus.FAIL, False),
    ],
    ids=str,
)
def test_higher_is_better(value, status, on_target):
    found = result(COVERED, measured("project_coverage_percent", value, NOW))
    assert (found.status, found.on_target) == (status, on_target)


def test_without_a_sample_it_is_unknown():
    found = result(CPU, measured("cpu_count", 2, NOW))
    assert (found.status, found.value, found.on_target, found.at) == (CheckStatus.UNKNOWN, None, None, None)
    assert found.detail == "no sample of cpu_usage_percent"


@pytest.mark.parametrize("status", [CheckStatus.UNKNOWN, CheckStatus.UNAVAILABLE], ids=str)
def test_a_sample_without_a_value_is_unknown_and_says_why(status):
    found = result(CPU, missing("cpu_usage_percent", "the reason", NOW, status=status))
    assert (found.status, found.value, found.detail) == (CheckStatus.UNKNOWN, None, "the reason")


def test_a_value_of_long_ago_is_unknown():
    since = NOW - timedelta(minutes=15)
    old = measured("cpu_usage_percent", 10, since - timedelta(seconds=1))
    assert result(CPU, old, since=since).status is CheckStatus.UNKNOWN
    assert result(CPU, measured("cpu_usage_percent", 10, since), since=since).status is CheckStatus.OK


def disks(**values):
    for mount, value in values.items():
        if value is None:
            yield missing("disk_usage_percent", "gone", NOW, mount=mount)
        else:
            yield measured("disk_usage_percent", value, NOW, mount=mount)


@pytest.mark.parametrize(
    ("values", "speaks", "status"),
    [
        ({"a": 10, "b": 40, "c": 20}, "b", CheckStatus.OK),
        ({"a": 10, "b": None}, "b", CheckStatus.UNKNOWN),
        ({"a": 85, "b": None}, "a", CheckStatus.WARN),
        ({"a": 85, "b": 96, "c": None}, "b", CheckStatus.FAIL),
    ],
    ids=["all good", "one unknown", "a warning before unknown", "the worst"],
)
def test_of_several_series_the_worst_speaks(values, speaks, status):
    found = result(DISK, *disks(**values))
    assert (found.labels["mount"], found.status) == (speaks, status)


@pytest.mark.parametrize(
    ("hours", "status"), [(23, CheckStatus.UNKNOWN), (24, CheckStatus.OK)], ids=["not yet", "for a day"]
)
def test_a_series_that_is_gone_says_nothing_any_more(hours, status):
    gone = measured("disk_usage_percent", 99, NOW - timedelta(hours=hours), mount="gone")
    minute = timedelta(minutes=1)
    assert result(DISK, *disks(a=10), gone, since=NOW - minute).status is status
    assert result(DISK, gone, since=NOW - minute).status is CheckStatus.UNKNOWN


def test_the_packaged_figures_have_the_bounds_of_the_guides():
    kpis = load_monitoring(PACKAGE_HOME / "configs").kpis
    assert {name: (kpi.target, kpi.warn, kpi.critical) for name, kpi in kpis.items()} == {
        "api-response-time": (200, 500, 1000),
        "db-query-time": (100, 300, 500),
        "memory": (70, 80, 95),
        "cpu": (60, 80, 95),
        "disk": (70, 80, 95),
        "error-rate": (1, 2, 5),
    }
    assert [one.status for one in judge(kpis, [])] == [CheckStatus.UNKNOWN] * len(kpis)
