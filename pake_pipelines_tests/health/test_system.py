"""The machine's metrics are its real ones and cost no waiting; the CPU's share is that between two samples."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.health.system import CpuTimes, cpu_percent, cpu_times, mounts, sample_system
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import Settings
from pake_pipelines_tests.conftest import NOW


def sampled(home, previous=None):
    return sample_system(Settings(home=home), NOW, previous)


def by_name(samples):
    return {one.metric: one for one in samples if not one.labels}


@pytest.mark.parametrize(
    ("previous", "current", "percent"),
    [
        (CpuTimes(10, 100), CpuTimes(20, 140), 25.0),
        (CpuTimes(10, 100), CpuTimes(10, 140), 0.0),
        (CpuTimes(10, 100), CpuTimes(50, 140), 100.0),
        (CpuTimes(10, 100), CpuTimes(10, 100), None),
        (CpuTimes(900, 1000), CpuTimes(30, 60), 50.0),
        (CpuTimes(10, 100), CpuTimes(141, 140), 100.0),
        (CpuTimes(10, 100), CpuTimes(9, 140), 0.0),
    ],
    ids=[
        "a quarter",
        "idle",
        "full",
        "no time between",
        "started since",
        "more busy than time",
        "less busy than before",
    ],
)
def test_the_cpu_is_as_busy_as_the_time_between_two_samples_tells(previous, current, percent):
    assert cpu_percent(previous, current) == percent


def test_without_a_sample_before_the_cpu_is_unknown_and_not_idle(tmp_path):
    (cpu,) = (one for one in sampled(tmp_path) if one.metric == "cpu_usage_percent")
    assert (cpu.value, cpu.status) == (None, CheckStatus.UNKNOWN)
    assert cpu.detail


def test_a_busy_processor_is_seen(tmp_path):
    before = cpu_times()
    until = time.perf_counter() + 0.3
    while time.perf_counter() < until:
        pass
    (cpu,) = (one for one in sampled(tmp_path, before) if one.metric == "cpu_usage_percent")
    assert cpu.status is CheckStatus.OK
    # one processor of all was busy all the time, less what the system's clock cannot tell apart
    assert cpu.value > 50 / psutil.cpu_count()


def test_the_next_sample_goes_on_from_the_counters_of_this_one(tmp_path):
    found = by_name(sampled(tmp_path))
    held = CpuTimes(found["cpu_busy_seconds_total"].value, found["cpu_seconds_total"].value)
    assert 0 < held.busy < held.total
    assert cpu_times().total >= held.total


def test_memory_and_processors_are_those_of_the_machine(tmp_path):
    found = by_name(sampled(tmp_path))
    assert found["cpu_count"].value == os.cpu_count()
    assert found["memory_total_bytes"].value == psutil.virtual_memory().total
    assert found["memory_available_bytes"].value < found["memory_total_bytes"].value
    assert 0 < found["memory_usage_percent"].value <= 100
    assert found["process_count"].value > 1


def test_the_disk_of_the_data_directory_comes_first_even_before_it_is_made(tmp_path):
    mount = mounts(tmp_path / "not" / "yet")[0]
    assert os.path.ismount(mount)
    assert Path(mount).stat().st_dev == tmp_path.stat().st_dev
    (first, *_) = (one for one in sampled(tmp_path) if one.metric == "disk_usage_percent")
    assert first.labels == {"mount": mount}
    assert first.value == pytest.approx(psutil.disk_usage(mount).percent, abs=1)


def test_each_device_is_told_of_once(tmp_path):
    devices = [Path(mount).stat().st_dev for mount in mounts(tmp_path)]
    assert len(devices) == len(set(devices))


def partition(mountpoint, fstype="ext4", opts="rw"):
    return SimpleNamespace(mountpoint=str(mountpoint), fstype=fstype, opts=opts)


def test_what_cannot_fill_up_is_no_disk_of_ours(tmp_path, monkeypatch):
    file = tmp_path / "hosts"
    file.touch()
    listed = [
        partition("/proc", "squashfs"),
        partition("/proc", opts="ro,relatime"),
        partition(tmp_path / "gone"),
        partition(file),
        partition("/proc"),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: listed)  # noqa: A006
    assert mounts(tmp_path)[1:] == ["/proc"]


def test_a_disk_that_cannot_be_asked_is_unknown_and_the_others_are_told(tmp_path, monkeypatch):
    real = psutil.disk_usage
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [partition("/proc")])  # noqa: A006

    def usage(mount):
        if mount == "/proc":
            raise PermissionError(13, "Permission denied")
        return real(mount)

    monkeypatch.setattr(psutil, "disk_usage", usage)
    first, second = (one for one in sampled(tmp_path) if one.metric == "disk_usage_percent")
    assert first.status is CheckStatus.OK
    assert (second.labels, second.status, second.detail) == (
        {"mount": "/proc"},
        CheckStatus.UNKNOWN,
        "Permission denied",
    )


def test_network_counters_that_the_system_does_not_keep_are_unavailable(tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "net_io_counters", lambda: None)
    found = by_name(sampled(tmp_path))
    assert found["network_sent_bytes_total"].status is CheckStatus.UNAVAILABLE
    assert found["cpu_count"].status is CheckStatus.OK


def test_a_sample_takes_no_time_to_speak_of(tmp_path):
    sampled(tmp_path)

    def seconds():
        begun = time.perf_counter()
        sampled(tmp_path, CpuTimes(0, 0))
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(5)) < 0.5


def test_labels_are_those_of_the_catalogue(tmp_path):
    for one in sampled(tmp_path, CpuTimes(0, 0)):
        assert set(one.labels) == set(CATALOGUE[one.metric].labels)
