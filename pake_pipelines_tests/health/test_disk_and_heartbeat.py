"""A disk is judged by its space and inodes, something that we do not ask by when it last gave a sign."""

import os
from datetime import timedelta

import pytest

from pake_pipelines.config.services import DiskService, HeartbeatService
from pake_pipelines.health.probes.disk import Usage, judge
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.settings import Settings
from pake_pipelines_tests.health.conftest import NOW

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY
UNKNOWN = HealthStatus.UNKNOWN
GB = 1024**3


@pytest.mark.parametrize(
    ("used", "free", "inodes", "status"),
    [
        pytest.param(20, 80, (1, 99), HEALTHY, id="much space"),
        pytest.param(80, 20, (1, 99), HEALTHY, id="at the first bound"),
        pytest.param(81, 19, (1, 99), DEGRADED, id="above the first bound"),
        pytest.param(95, 5, (1, 99), DEGRADED, id="at the second bound"),
        pytest.param(96, 4, (1, 99), UNHEALTHY, id="above the second bound"),
        pytest.param(1, 1.9, (1, 99), UNHEALTHY, id="too little is free of a small disk"),
        pytest.param(20, 80, (81, 19), DEGRADED, id="few inodes"),
        pytest.param(20, 80, (100, 0), UNHEALTHY, id="no inodes"),
        pytest.param(20, 80, (None, None), HEALTHY, id="a file system without inodes"),
        pytest.param(100, 0, (1, 99), UNHEALTHY, id="full"),
        pytest.param(0, 0, (None, None), UNKNOWN, id="no size at all"),
    ],
)
def test_a_disk_is_judged_by_the_worst_of_what_it_lacks(used, free, inodes, status):
    service = DiskService(warn_percent=80, fail_percent=95, min_free_gb=2)
    assert judge(Usage(int(used * GB), int(free * GB), *inodes), service).status is status


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"warn_percent": 100, "fail_percent": 100, "min_free_gb": 0}, HEALTHY),
        ({"warn_percent": 1e-9, "fail_percent": 100, "min_free_gb": 0}, DEGRADED),
        ({"warn_percent": 1e-9, "fail_percent": 1e-9, "min_free_gb": 0}, UNHEALTHY),
        ({"min_free_gb": 10**9}, UNHEALTHY),
    ],
    ids=["wide bounds", "a low first bound", "a low second bound", "more than there is"],
)
async def test_a_real_disk_is_held_against_the_bounds(probed, tmp_path, options, status):
    (tmp_path / "data").mkdir()
    sample = await probed(DiskService(**options))
    assert sample.status is status
    assert sample.facts["free_gb"] > 0
    assert 0 < sample.facts["used_percent"] < 100


async def test_without_a_path_it_is_the_data_directory_wherever_that_is(probed, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    settings = Settings(home=tmp_path, data_dir=elsewhere)
    absent = await probed(DiskService(), settings=settings)
    elsewhere.mkdir()
    there = await probed(DiskService(min_free_gb=0, warn_percent=100, fail_percent=100), settings=settings)
    assert (absent.status, absent.detail) == (UNHEALTHY, "there is no such directory")
    assert there.status is HEALTHY


async def test_a_path_is_meant_from_home(probed, tmp_path):
    (tmp_path / "mount").mkdir()
    service = DiskService(path="mount", min_free_gb=0, warn_percent=100, fail_percent=100)
    assert (await probed(service)).status is HEALTHY
    assert (await probed(DiskService(path="no-mount"))).status is UNHEALTHY


@pytest.mark.parametrize(
    ("age", "status"),
    [(0, HEALTHY), (299, HEALTHY), (360, HEALTHY), (361, UNHEALTHY), (86400, UNHEALTHY), (-3600, HEALTHY)],
)
async def test_a_sign_of_life_counts_for_its_period_and_the_grace(probed, tmp_path, age, status):
    """One from the future is one of now: a clock was set back."""
    file = tmp_path / "alive"
    file.touch()
    moment = (NOW - timedelta(seconds=age)).timestamp()
    os.utime(file, (moment, moment))
    sample = await probed(HeartbeatService(path="alive", period_seconds=300, grace_seconds=60))
    assert sample.status is status
    assert sample.facts["age_seconds"] == max(age, 0)


@pytest.mark.parametrize("path", ["never", "a-file/below", "/nowhere/at/all"])
async def test_without_a_file_there_never_was_a_sign_of_life(probed, tmp_path, path):
    (tmp_path / "a-file").touch()
    sample = await probed(HeartbeatService(path=path, period_seconds=300))
    assert (sample.status, sample.detail) == (UNHEALTHY, "it never gave a sign of life: the file is not there")
