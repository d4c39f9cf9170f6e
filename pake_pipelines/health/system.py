"""Metrics of the machine: processors, memory, disks, network, processes, load (MON-03, MON-40). Nothing here waits."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import Settings

# never full or always full, and nothing that could be done about it
_PASSED_OVER: Final = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs"})
_MOST_MOUNTS: Final = 16


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds of all processors since the machine started: those spent busy, and all."""

    busy: float
    total: float


def sample_system(settings: Settings, now: datetime, previous: CpuTimes | None) -> list[MetricSample]:
    """Return the machine's metrics at `now`; the CPU's share is that since `previous`, and unknown without it."""
    return [*_cpu(now, previous), *_memory(now), *_disks(settings.data, now), *_network(now), *_processes(now)]


def cpu_times() -> CpuTimes:
    """Return the times of all processors so far; time of guests is within user time, as psutil counts it."""
    import psutil

    times = psutil.cpu_times()
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return CpuTimes(total - times.idle - getattr(times, "iowait", 0.0), total)


def cpu_percent(previous: CpuTimes, current: CpuTimes) -> float | None:
    """Return the busy share between two readings, 0 to 100; None where no time lies between.

    Times that are less than before are those of a machine that was started since: then they tell by themselves.
    """
    since = previous if current.total >= previous.total else CpuTimes(0.0, 0.0)
    passed = current.total - since.total
    # time spent waiting for a disk may shrink between readings (proc(5)), and the busy time grow too much by it
    return min(max(100 * (current.busy - since.busy) / passed, 0.0), 100.0) if passed > 0 else None


def _cpu(now: datetime, previous: CpuTimes | None) -> Iterator[MetricSample]:
    import psutil

    current = cpu_times()
    percent = cpu_percent(previous, current) if previous else None
    if percent is None:
        why = "known from the second sample on" if previous is None else "no time has passed since the sample before"
        yield missing("cpu_usage_percent", why, now, status=CheckStatus.UNKNOWN)
    else:
        yield measured("cpu_usage_percent", percent, now)
    yield measured("cpu_count", psutil.cpu_count() or os.cpu_count() or 1, now)
    yield measured("cpu_busy_seconds_total", current.busy, now)
    yield measured("cpu_seconds_total", current.total, now)


def _memory(now: datetime) -> Iterator[MetricSample]:
    import psutil

    memory = psutil.virtual_memory()
    yield measured("memory_usage_percent", memory.percent, now)
    yield measured("memory_total_bytes", memory.total, now)
    yield measured("memory_used_bytes", memory.used, now)
    yield measured("memory_available_bytes", memory.available, now)


def _disks(data: Path, now: datetime) -> Iterator[MetricSample]:
    import psutil

    for mount in mounts(data):
        try:
            usage = psutil.disk_usage(mount)
        except OSError as error:
            why = error.strerror or type(error).__name__
            yield missing("disk_usage_percent", why, now, status=CheckStatus.UNKNOWN, mount=mount)
            continue
        yield measured("disk_usage_percent", usage.percent, now, mount=mount)
        yield measured("disk_total_bytes", usage.total, now, mount=mount)
        yield measured("disk_used_bytes", usage.used, now, mount=mount)
        yield measured("disk_free_bytes", usage.free, now, mount=mount)


def mounts(data: Path) -> list[str]:
    """Return where file systems that can fill up are mounted, first the one that holds `data`; each device once."""
    import psutil

    first = _mount_of(data)
    found, devices = [first], {_device(first)}
    for partition in psutil.disk_partitions(all=False):
        mount, device = partition.mountpoint, _device(partition.mountpoint)
        fills = partition.fstype not in _PASSED_OVER and "ro" not in partition.opts.split(",")
        # a single file may be a mount, as containers have them; it is on a device that is listed elsewhere
        if fills and device is not None and device not in devices and Path(mount).is_dir():
            found.append(mount)
            devices.add(device)
    return found[:_MOST_MOUNTS]


def _mount_of(path: Path) -> str:
    place = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists()).resolve()
    return str(next(one for one in (place, *place.parents) if os.path.ismount(one)))


def _device(mount: str) -> int | None:
    try:
        return os.stat(mount).st_dev  # noqa: PTH116  # a mount is a string throughout
    except OSError:
        return None


def _network(now: datetime) -> Iterator[MetricSample]:
    import psutil

    counted: Any = psutil.net_io_counters()  # None where nothing is counted, which its types do not say
    for name, field in (
        ("network_sent_bytes_total", "bytes_sent"),
        ("network_received_bytes_total", "bytes_recv"),
        ("network_sent_packets_total", "packets_sent"),
        ("network_received_packets_total", "packets_recv"),
    ):
        if counted is None:
            yield missing(name, "the system counts no network traffic", now)
        else:
            yield measured(name, getattr(counted, field), now)


def _processes(now: datetime) -> Iterator[MetricSample]:
    import psutil

    yield measured("process_count", len(psutil.pids()), now)
    try:
        loads = psutil.getloadavg()
    except OSError:
        yield missing("load_average", "the system tells no load", now)
        return
    for period, load in zip(("1m", "5m", "15m"), loads, strict=True):
        yield measured("load_average", load, now, period=period)
