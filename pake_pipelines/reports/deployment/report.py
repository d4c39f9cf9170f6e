"""The deployment report: what is installed and configured here, against what is needed (REP-01, ENV-16, ENV-22)."""

import asyncio
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pake_pipelines.health.environment import inspect_environment
from pake_pipelines.reports.deployment.configuration import read_configuration, read_settings
from pake_pipelines.reports.deployment.features import features
from pake_pipelines.reports.deployment.figures import Deployment, Endpoint, Place, environment
from pake_pipelines.reports.deployment.packages import EXTRAS, PRODUCT, installed_of, read_packages
from pake_pipelines.reports.deployment.sections import document
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.monitoring.figures import address, standing
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store import health_samples
from pake_pipelines.store.health_samples import LONGEST_GAP
from pake_pipelines.store.installation import installation
from pake_pipelines.store.migrations import HEAD

_LOCK: Final = "requirements.lock"


async def write(desk: Desk) -> Document:
    """Write the deployment report as of now."""
    return document(await read(desk))


async def read(desk: Desk) -> Deployment:
    """Read everything that the report says; programs are asked for their versions meanwhile."""
    settings = desk.settings
    asked = asyncio.create_task(asyncio.to_thread(inspect_environment, settings))
    try:
        found = await installation(desk.connection)
        services = await _services(desk)
        lock = next((one for one in (settings.home / _LOCK, PACKAGE_HOME / _LOCK) if one.is_file()), None)
        packages = await asyncio.to_thread(read_packages, lock)
        findings = environment(await asked)
    finally:
        asked.cancel()
    return Deployment(
        made_at=desk.now,
        versions={
            "python": platform.python_version(),
            **{name: installed_of(name) for name in (PRODUCT, "dagster", *EXTRAS)},
        },
        system=platform.platform(),
        packages=packages,
        lock=lock,
        installation=found,
        head=HEAD,
        places=list(places(desk)),
        settings=read_settings(settings),
        files=await asyncio.to_thread(read_configuration, settings.configs),
        findings=findings,
        features=features(desk.configs, os.environ, automation=settings.automation_enabled),
        services=services,
        switched_off=[name for name, one in desk.configs.monitoring.services.items() if not one.enabled],
        facts=desk.facts,
        address=desk.dagster,
    )


async def _services(desk: Desk) -> list[Endpoint]:
    latest = await health_samples.latest(desk.connection, desk.now)
    return [
        Endpoint(
            service.title or name,
            address(service),
            standing(name, service, latest.get(name), desk.now, LONGEST_GAP),
        )
        for name, service in desk.configs.monitoring.enabled_services().items()
    ]


def places(desk: Desk) -> Iterator[Place]:
    """Yield our directories; one elsewhere, or at which nobody may look, with nothing known of it."""
    for name, path in _directories(desk.settings, desk.configs.maintenance.backup.target).items():
        try:
            yield _elsewhere(name, path) if "://" in path else _place(name, Path(path))
        except OSError:
            yield _elsewhere(name, path)


def _elsewhere(name: str, path: str) -> Place:
    return Place(name, path, None, None, None)


def _place(name: str, path: Path) -> Place:
    usage = shutil.disk_usage(next(one for one in (path, *path.parents) if one.exists()))
    return Place(name, str(path), path.exists(), usage.free, usage.total)


def _directories(settings: Settings, target: str | None) -> Mapping[str, str]:
    backups = str(settings.data / "backups")
    if target is not None:
        backups = target if "://" in target else str(settings.home / Path(target).expanduser())
    return {
        "project": str(settings.home),
        "configuration": str(settings.configs),
        "data": str(settings.data),
        "raw archive": settings.lake,
        "backups": backups,
        "reports": str(settings.data / "reports"),
        "logs": str(settings.data / "logs"),
    }
