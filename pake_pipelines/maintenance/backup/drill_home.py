"""The scratch project of a drill: configuration from the backup, one source that needs no network, nothing of ours."""

import io
import os
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from pake_pipelines.maintenance.backup import configuration, encryption
from pake_pipelines.maintenance.backup.targets import Target
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.marks import Stage

SOURCE: Final = "recovery-drill"
_KEPT: Final = ("PATH", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT")
# a file that was written just now is left for the next visit
_AGE_SECONDS: Final = 60
_NOTE: Final = """\
# Notes of a recovery drill

A backup is worth what a restore makes of it. This note is read by a pipeline that stands on databases which were
restored a moment ago, in a place of their own: it is fetched, cleaned, compared with what was there before, judged and
published, as every other item would be. When it appears among the nodes, the restored databases do not only hold the
rows that they should hold, they also take new ones.
"""
# of its own: the project's may lead to live storage
_INSTANCE: Final = """\
storage:
  custom:
    module: pake_pipelines.defs.shared.storage
    class: LastingPostgresStorage
    config: {postgres_url: {env: PAKE_DAGSTER_URL}}
local_artifact_storage:
  module: dagster._core.storage.root
  class: LocalArtifactStorage
  config: {base_dir: {env: PAKE_DAGSTER_STORAGE}}
compute_logs:
  module: dagster._core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config: {base_dir: {env: PAKE_DAGSTER_STORAGE}}
telemetry: {enabled: false}
"""


@dataclass(frozen=True, slots=True)
class DrillHome:
    """The scratch project, and where its configuration comes from."""

    home: Path
    configuration: str

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.home / "data"

    def environment(self, knowledge: str, dagster: str, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment of its processes: of this one's only what programs need to run, no secrets."""
        return {
            **{name: environ[name] for name in _KEPT if name in environ},
            "PYTHONPATH": str(PACKAGE_HOME),
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "PAKE_HOME": str(self.home),
            "PAKE_DATA_DIR": str(self.data),
            "PAKE_DATABASE_URL": knowledge,
            "PAKE_DAGSTER_URL": dagster,
            "PAKE_DAGSTER_STORAGE": str(self.data / "dagster"),
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "HF_HUB_OFFLINE": "1",
        }


def furnish(place: Workplace, target: Target, name: str, home: Path, day: date) -> DrillHome:
    """Set a scratch project up in the directory `home`, with the configuration that lies in the backup `name`.

    Where there is none, the newest one that was backed up by itself is taken, and else the project's own.
    Raises MaintenanceError and OSError.
    """
    for directory in ("configs", "data/dagster", "notes", "tmp"):
        (home / directory).mkdir(parents=True, mode=0o700)
    origin = _unpacked(place, target, name, home)
    if origin is None:
        origin = "the project's own, as none was backed up"
        for path in place.settings.configs.glob("*.yaml"):
            (home / "configs" / path.name).write_bytes(path.read_bytes())
    note = home / "notes" / "recovery-drill.md"
    note.write_text(_NOTE)
    then = time.time() - _AGE_SECONDS
    os.utime(note, (then, then))
    source = {"name": "Recovery drill", "kind": "folder", "path": str(note.parent), "authority": "local"}
    first = _with_source(home / "configs" / "sources.yaml", source)
    if isinstance(first, date) and first > day:
        raise MaintenanceError(f"the first daily partition ({first}) is later than today")
    (home / "dagster.yaml").write_text(_INSTANCE)
    return DrillHome(home, origin)


def _unpacked(place: Workplace, target: Target, name: str, home: Path) -> str | None:
    """Unpack the backed up configuration into `home` and say which one; None when there is none."""
    for one in (name, *reversed(target.names("config"))):
        for file in (configuration.ARCHIVE, configuration.ARCHIVE + encryption.SUFFIX):
            data = target.read_small(one, file)
            if data is None:
                continue
            if wrong := configuration.faults(target, one):
                raise MaintenanceError(f"the configuration in {one} is damaged: {wrong[0]}")
            with tarfile.open(fileobj=io.BytesIO(_plain(place, file, data))) as archive:
                archive.extractall(home, filter="data")  # the filter refuses what leads outside
            return one
    return None


def _plain(place: Workplace, file: str, data: bytes) -> bytes:
    if not file.endswith(encryption.SUFFIX):
        return data
    identity = encryption.identity_of(place.environ, place.config.backup.key_env)
    plain = io.BytesIO()
    encryption.decrypt(io.BytesIO(data), plain, identity)
    return plain.getvalue()


def _with_source(path: Path, source: Mapping[str, Any]) -> object:
    """Add the drill's source to a `sources.yaml` and return the first day that stands there."""
    before: dict[str, Any] = (yaml.safe_load(path.read_text()) if path.exists() else None) or {}
    before["sources"] = {**(before.get("sources") or {}), SOURCE: dict(source)}
    path.write_text(yaml.safe_dump(before, allow_unicode=True, sort_keys=False))
    return before.get("first_day")


def command(day: date) -> list[str]:
    """Return the command that takes the drill's source through all stages for the partition `day`, without a daemon.

    A daemon on restored records would take up the schedules and sensors that ran when they were backed up: it would
    send their messages and start their services a second time.
    """
    selection = ",".join(f'key:"{key}"' for key in (f"source/{SOURCE}", "entries", *map(str, Stage)))
    return [
        sys.executable, "-m", "dagster", "asset", "materialize", "-m", "pake_pipelines.definitions",
        "--select", selection, "--partition", day.isoformat(),
    ]  # fmt: skip
