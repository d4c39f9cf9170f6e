"""docs/requirements.md is held to its word: every row is there once, and everything that it names exists."""

import ast
import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import dagster as dg
import pytest
import typer
import yaml
from pydantic import BaseModel

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.settings import PACKAGE_HOME, Settings, variables

PAGE = PACKAGE_HOME / "docs" / "requirements.md"
STATUSES = {"done", "planned", "not applicable"}
AREAS = {"sources", "duplicates", "quality", "monitoring", "maintenance", "reports", "serving"}
LAST_OF_SERIES = {
    "ENV": 23, "DB": 29, "SVC": 37, "ING": 25, "QA": 35, "DUP": 8, "MON": 47, "NOT": 15, "MNT": 42, "BAK": 18,
    "CCH": 14, "ANA": 17, "REP": 17, "SEC": 15, "LOG": 11, "CLI": 19, "DOC": 16, "C": 41, "D": 60,
}  # fmt: skip
EXPECTED = {f"{series}-{n:02}" for series, last in LAST_OF_SERIES.items() for n in range(1, last + 1)}
EXPECTED |= {f"B.{n}" for n in range(1, 8)}
CONFIGS: Mapping[str, type[BaseModel]] = {
    "sources": SourcesConfig,
    "quality": QualityConfig,
    "monitoring": MonitoringConfig,
    "maintenance": MaintenanceConfig,
    "reports": ReportsConfig,
}


class Row(NamedTuple):
    id: str
    status: str
    covered_by: tuple[str, ...]
    note: str


def read_rows() -> list[Row]:
    rows = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]+[-.]\d+", cells[0]):
            assert len(cells) == 4, f"{cells[0]}: {len(cells)} cells instead of 4"
            objects = [part.strip() for part in cells[2].split(",") if part.strip()]
            plain = [part for part in objects if not re.fullmatch(r"`[^`]+`", part)]
            assert not plain, f"{cells[0]}: not in backticks: {plain}"
            rows.append(Row(cells[0], cells[1], tuple(part.strip("`") for part in objects), cells[3]))
    return rows


@cache
def _definitions() -> dg.RepositoryDefinition:
    from pake_pipelines.definitions import build_defs

    return build_defs(settings=Settings(home=PACKAGE_HOME)).get_repository_def()


@cache
def _assets() -> set[str]:
    return {key.to_user_string() for key in _definitions().asset_graph.get_all_asset_keys()}


@cache
def _checks() -> set[str]:
    return {f"{key.asset_key.to_user_string()}.{key.name}" for key in _definitions().asset_graph.asset_check_keys}


@cache
def _tables() -> set[str]:
    versions = PACKAGE_HOME / "pake_pipelines" / "store" / "migrations" / "versions"
    said = "".join(file.read_text("utf-8") for file in versions.glob("*.py"))
    return set(re.findall(r"\bCREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(?:pake\.)?(\w+)", said))


@cache
def _settings() -> set[str]:
    return {variable for name in Settings.model_fields for variable in variables(name)}


@cache
def _commands() -> set[str]:
    from pake_pipelines.cli.main import app

    def walk(command: Any, path: str) -> Iterator[str]:
        yield path
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, f"{path} {name}")

    return set(walk(typer.main.get_command(app), "pake"))


def _has_config(name: str) -> bool:
    """Walk the keys of `name` through the models; `*` is a key that the user chooses."""
    file, *keys = name.split(".")
    here = _kinds(CONFIGS.get(file))
    for key in keys:
        here = [below for one in here for below in _below(one, key)]
    return bool(here and keys)


def _kinds(annotation: Any) -> list[Any]:
    """Return the alternatives of a union, bare of what is annotated to them."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [kind for one in get_args(annotation) for kind in _kinds(one)]
    return [] if annotation is None else [annotation]


def _below(kind: Any, key: str) -> list[Any]:
    if key == "*" and get_origin(kind) is dict:
        return _kinds(get_args(kind)[1])
    if isinstance(kind, type) and issubclass(kind, BaseModel) and key in kind.model_fields:
        return _kinds(kind.model_fields[key].annotation)
    return []


def _has_default(name: str) -> bool:
    """Walk the keys of `name` through the packaged configuration."""
    file, *keys = name.split(".")
    packaged = resources.files("pake_pipelines.config.defaults").joinpath(f"{file}.yaml")
    here: Any = yaml.safe_load(packaged.read_text("utf-8")) if packaged.is_file() else None
    for key in keys:
        if not isinstance(here, dict) or key not in here:
            return False
        here = here[key]
    return here is not None and bool(keys)


def _has_code(name: str) -> bool:
    """Import the longest module that `name` begins with, and look up the rest in it."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module_name = ".".join(parts[:end])
        try:
            here: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            continue
        for attribute in parts[end:]:
            if not hasattr(here, attribute):
                return False
            here = getattr(here, attribute)
        return True
    return False


def _has_test(name: str) -> bool:
    path, _, function = name.partition("::")
    file = PACKAGE_HOME / path
    if not file.is_file():
        return False
    tree = ast.parse(file.read_text("utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function for node in ast.walk(tree)
    )


EXISTS: Mapping[str, Callable[[str], bool]] = {
    "asset": lambda name: name in _assets(),
    "check": lambda name: name in _checks(),
    "schedule": lambda name: _definitions().has_schedule_def(name),
    "job": lambda name: _definitions().has_job(name),
    "table": lambda name: name in _tables(),
    "sensor": lambda name: _definitions().has_sensor_def(name),
    "config": _has_config,
    "default": _has_default,
    "setting": lambda name: name in _settings(),
    "cli": lambda name: name in _commands(),
    "code": _has_code,
    "test": _has_test,
    "file": lambda name: (PACKAGE_HOME / name).is_file(),
}


def exists(named: str) -> bool:
    kind, _, name = named.partition(":")
    return kind in EXISTS and bool(name) and EXISTS[kind](name)


def complain(faults: Iterable[str]) -> None:
    """Fail with every fault on a line of its own; pytest would show the first only."""
    found = sorted(faults)
    if found:
        pytest.fail("docs/requirements.md:\n" + "\n".join(found), pytrace=False)


def test_every_requirement_has_exactly_one_row() -> None:
    counts = Counter(row.id for row in read_rows())
    wrong = {one: counts[one] for one in EXPECTED | counts.keys() if counts[one] != 1 or one not in EXPECTED}
    complain(f"{one}: {count} rows, expected {int(one in EXPECTED)}" for one, count in wrong.items())


def test_every_status_is_one_of_the_three() -> None:
    complain(f"{row.id}: unknown status {row.status!r}" for row in read_rows() if row.status not in STATUSES)


def test_what_is_done_names_what_covers_it() -> None:
    complain(f"{row.id}: done by nothing" for row in read_rows() if row.status == "done" and not row.covered_by)


def test_what_is_planned_names_its_area_first() -> None:
    areas = {row: row.note.partition(":")[0].split(", ") for row in read_rows() if row.status == "planned"}
    complain(f"{row.id}: no area in {row.note!r}" for row, named in areas.items() if not AREAS.issuperset(named))


def test_what_is_not_applicable_says_why() -> None:
    complain(f"{row.id}: no reason" for row in read_rows() if row.status == "not applicable" and not row.note)


def test_every_named_object_exists() -> None:
    named = [(row.id, one) for row in read_rows() for one in row.covered_by]
    complain(f"{row_id}: there is no {one}" for row_id, one in named if not exists(one))


@pytest.mark.parametrize("kind", sorted(EXISTS))
def test_a_name_that_nobody_has_given_is_not_found(kind: str) -> None:
    assert not exists(f"{kind}:pake_pipelines.no_such_thing")
