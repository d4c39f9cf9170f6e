"""Loading: packaged defaults, the user's file over them, and errors that name file, line, key and what was expected."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import ValidationError

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.config.secret_variables import secret_variables
from pake_pipelines.config.section import Section
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.redaction import know_variables, redact

Config = TypeVar("Config", bound=Section)
KeyPath = tuple[str | int, ...]
# libyaml composes ten times faster; a code location waits for this at every start
_Composer = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ConfigError(Exception):
    """A configuration file cannot be used; the message lists every fault, one per line."""


@dataclass(frozen=True)
class _Located:
    """A parsed YAML file and the line (from 1) of every key path in it."""

    values: dict[str, Any]
    lines: Mapping[KeyPath, int]


class _Parser:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[KeyPath, int] = {}
        self.loader = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self.loader.construct_object(node)

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in result:
                first = self.lines[(*path, key)]
                raise ConfigError(f"{self.name}:{line}: {_dotted((*path, key))}: given twice (first in line {first})")
            self.lines[(*path, key)] = line
            result[key] = self.value(value_node, (*path, key))
        return result


def _parse(text: str, name: str) -> _Located:
    try:
        node = yaml.compose(text, Loader=_Composer)
        parser = _Parser(name)
        values = parser.value(node, ()) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{name}:{line}: not valid YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{name}: not valid YAML: {error}") from error
    if values is None:
        return _Located({}, {})
    if not isinstance(values, dict):
        raise ConfigError(f"{name}:1: expected keys and values, found {type(values).__name__}")
    return _Located(values, parser.lines)


def deep_merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` laid over it: mappings are merged key by key, anything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = deep_merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in path) or "the file"


def _line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """Return the line of the longest known prefix of `path`; None when the user's file does not hold it at all."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _describe(error: ValidationError, located: _Located, name: str) -> str:
    faults = []
    for fault in error.errors(include_url=False):
        path = _key_path(fault["loc"], located.values)
        message = fault["msg"].removeprefix("Value error, ")
        given = fault["input"]
        if fault["type"] == "extra_forbidden":
            message = "unknown key"
        elif fault["type"] == "union_tag_invalid":
            path, given = (*path, "kind"), fault["ctx"]["tag"]
            message = f"expected one of {fault['ctx']['expected_tags']}"
        elif fault["type"] == "union_tag_not_found":
            message = "its kind is missing"
        shown = f" (found {_masked(given)!r})" if isinstance(given, str | int | float | bool) else ""
        faults.append(_fault_line(name, located, path, f"{message}{shown}"))
    return "\n".join(faults)


def _key_path(loc: KeyPath, values: Any) -> KeyPath:
    """Return pydantic's location as a path of keys: without its mark of a key and the chosen kind of a union."""
    path: KeyPath = ()
    for position, part in enumerate(loc):
        chosen = isinstance(values, dict) and values.get("kind") == part and part not in values
        if part == "[key]" or (chosen and position):
            continue
        path = (*path, part)
        values = values.get(part) if isinstance(values, dict) else None
    return path


def _fault_line(name: str, located: _Located, path: KeyPath, message: str) -> str:
    line = _line_of(path, located.lines)
    return f"{name}{f':{line}' if line else ''}: {_dotted(path)}: {message}"


def _masked(value: object) -> object:
    """Hide the user part of an address: a password in a configuration error would end up in logs."""
    return redact(re.sub(r"://\S*@", "://***@", value)) if isinstance(value, str) else value


def load(model: type[Config], file: Path, *defaults: str) -> Config:
    """Load `file` over the packaged files `defaults` into `model`. A missing file means the defaults alone.

    Raises ConfigError with one line per fault: file, line, key, what was expected and what was found.
    """
    base: dict[str, Any] = {}
    for one in defaults:
        packaged = resources.files("pake_pipelines.config.defaults").joinpath(one).read_text("utf-8")
        base = deep_merge(base, _parse(packaged, one).values)
    try:
        text = file.read_text("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error
    name = f"{file.parent.name}/{file.name}"
    located = _parse(text, name)
    try:
        config = model.model_validate(deep_merge(base, located.values))
    except ValidationError as error:
        raise ConfigError(_describe(error, located, name)) from error
    faults = [_fault_line(name, located, path, message) for path, message in config.faults()]
    if faults:
        raise ConfigError("\n".join(faults))
    know_variables(secret_variables(config))
    return config


@cache
def load_sources(configs: Path) -> SourcesConfig:
    """Load `sources.yaml` from the directory `configs`."""
    return load(SourcesConfig, configs / "sources.yaml", "sources.yaml")


@cache
def load_quality(configs: Path) -> QualityConfig:
    """Load `quality.yaml` from the directory `configs`."""
    return load(QualityConfig, configs / "quality.yaml", "quality.yaml", "spam_phrases.yaml")


@cache
def load_monitoring(configs: Path) -> MonitoringConfig:
    """Load `monitoring.yaml` from the directory `configs`."""
    return load(MonitoringConfig, configs / "monitoring.yaml", "monitoring.yaml")


@cache
def load_maintenance(configs: Path) -> MaintenanceConfig:
    """Load `maintenance.yaml` from the directory `configs`."""
    return load(MaintenanceConfig, configs / "maintenance.yaml", "maintenance.yaml")


@cache
def load_reports(configs: Path) -> ReportsConfig:
    """Load `reports.yaml` from the directory `configs`."""
    return load(ReportsConfig, configs / "reports.yaml", "reports.yaml")


LOADERS: Final[Mapping[str, Callable[[Path], Section]]] = {
    "sources": load_sources,
    "quality": load_quality,
    "monitoring": load_monitoring,
    "maintenance": load_maintenance,
    "reports": load_reports,
}
"""Every file that a project is configured with, by its name without the ending."""
