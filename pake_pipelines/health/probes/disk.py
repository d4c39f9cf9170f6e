"""A disk: how much of its space and of its inodes is used, as `df` counts."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pake_pipelines.config.services import DiskService
from pake_pipelines.health import blocking
from pake_pipelines.health.probes.answer import Answer, degraded, healthy, unhealthy, unknown
from pake_pipelines.health.surroundings import Surroundings

_GIGABYTE: Final = 1024**3


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes and inodes of a file system: used ones, and those that are free for us (None: it has no such count)."""

    used: int
    free: int
    inodes_used: int | None
    inodes_free: int | None


async def probe(service: DiskService, surroundings: Surroundings) -> Answer:
    """Ask the file system that the path is on."""
    settings = surroundings.settings
    path = settings.data if service.path is None else settings.home / Path(service.path).expanduser()
    try:
        return judge(await blocking.ask(("disk", path), lambda: usage(path)), service)
    except FileNotFoundError:
        return unhealthy("there is no such directory")
    except PermissionError:
        return unknown("we may not look there")
    except OSError as error:
        return unhealthy(f"it cannot be read: {os.strerror(error.errno or 0).lower()}")


def usage(path: Path) -> Usage:
    """Return the usage of the file system of `path`. Raises OSError."""
    found = os.statvfs(path)
    inodes = found.f_files > 0
    return Usage(
        used=(found.f_blocks - found.f_bfree) * found.f_frsize,
        free=found.f_bavail * found.f_frsize,
        inodes_used=found.f_files - found.f_ffree if inodes else None,
        inodes_free=found.f_favail if inodes else None,
    )


def judge(found: Usage, service: DiskService) -> Answer:
    """Return how a disk stands: the worse of its space and its inodes, and of what must be free."""
    if found.used + found.free <= 0:
        return unknown("this file system tells no size")
    percent = 100 * found.used / (found.used + found.free)
    free_gb = found.free / _GIGABYTE
    facts = {"used_percent": round(percent, 1), "free_gb": round(free_gb, 2)}
    detail = f"{percent:.0f} % used, {free_gb:.1f} GB free"
    worst = percent
    if found.inodes_used is not None and found.inodes_free is not None:
        inodes = 100 * found.inodes_used / max(found.inodes_used + found.inodes_free, 1)
        facts["inodes_used_percent"] = round(inodes, 1)
        if inodes > service.warn_percent:
            detail += f", {inodes:.0f} % of its inodes used"
        worst = max(worst, inodes)
    if free_gb < service.min_free_gb:
        return unhealthy(f"{detail}, less than {service.min_free_gb:g} GB", facts=facts)
    if worst > service.fail_percent:
        return unhealthy(f"{detail}, above {service.fail_percent:g} %", facts=facts)
    if worst > service.warn_percent:
        return degraded(f"{detail}, above {service.warn_percent:g} %", facts=facts)
    return healthy(detail, facts=facts)
