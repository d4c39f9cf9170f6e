"""The configuration as it is in force: which file says what the defaults do not say, and what is wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pake_pipelines.config.loading import ConfigError, load
from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.config.section import Section
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.redaction import redact
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import addresses, masked

_FILES: Final[Mapping[str, tuple[type[Section], tuple[str, ...]]]] = {
    "sources.yaml": (SourcesConfig, ("sources.yaml",)),
    "quality.yaml": (QualityConfig, ("quality.yaml", "spam_phrases.yaml")),
    "monitoring.yaml": (MonitoringConfig, ("monitoring.yaml",)),
    "maintenance.yaml": (MaintenanceConfig, ("maintenance.yaml",)),
    "reports.yaml": (ReportsConfig, ("reports.yaml",)),
}
# a file that cannot be there, so that only the defaults speak
_NOWHERE: Final = Path("/dev/null/defaults.yaml")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file: whether it is there, its faults by line, and the keys in which it differs from the default.

    Keys are dotted; what the user added is named once, whatever is below it. Values are not told: some are private.
    """

    name: str
    present: bool
    faults: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of this machine: its variable, what is in force, and whether somebody has set it."""

    variable: str
    value: str
    given: bool


def read_configuration(configs: Path) -> list[ConfigFile]:
    """Read every configuration file as it is on disk now, which need not be what a running process has read."""
    return [_read(configs / name, model, defaults) for name, (model, defaults) in _FILES.items()]


def _read(file: Path, model: type[Section], defaults: tuple[str, ...]) -> ConfigFile:
    present = file.is_file()
    try:
        given = load(model, file, *defaults).model_dump(mode="json")
    except ConfigError as error:
        return ConfigFile(file.name, present, tuple(str(error).splitlines()), ())
    default = load(model, _NOWHERE, *defaults).model_dump(mode="json")
    return ConfigFile(file.name, present, (), tuple(differences(default, given)))


def differences(default: Mapping[str, Any], given: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield the keys, dotted, in which `given` differs from `default`."""
    for key, value in given.items():
        path = f"{above}{key}"
        if key not in default:
            yield path
        elif isinstance(value, Mapping) and isinstance(default[key], Mapping):
            yield from differences(default[key], value, f"{path}.")
        elif value != default[key]:
            yield path
    yield from (f"{above}{key}" for key in default if key not in given)


def read_settings(settings: Settings) -> list[Setting]:
    """Return the settings in force; an address is told without its password."""
    where = addresses(settings)
    embedded = "the embedded server"
    values: Mapping[str, object] = {
        "home": settings.home,
        "data_dir": settings.data,
        "database_url": embedded if where.embedded else masked(where.knowledge),
        "dagster_url": embedded if where.embedded else masked(where.dagster),
        "lake_url": settings.lake,
    }
    return [
        Setting(f"PAKE_{name.upper()}", redact(str(values.get(name, getattr(settings, name)))), name in given)
        for given in [settings.model_fields_set]
        for name in Settings.model_fields
    ]
