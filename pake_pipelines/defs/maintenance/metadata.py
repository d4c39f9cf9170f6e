"""From the details of an outcome to the metadata of Dagster: numbers are drawn over time, lists of rows are tables."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

import dagster as dg

from pake_pipelines.model.maintenance import Outcome

# an event is a row of Dagster's database, and a page that somebody opens
_ROWS: Final = 200
_MARKDOWN: Final = ("markdown", "report")


def metadata_of(outcome: Outcome, *, dry_run: bool = False) -> dict[str, Any]:
    """Return what Dagster shows of an outcome; what there is no value of is left out."""
    shown: dict[str, Any] = {"state": outcome.state.value, "summary": outcome.summary}
    if dry_run:
        shown["dry_run"] = True
    for name, value in outcome.details.items():
        shown.update(_entries(name, value))
    return shown


def _entries(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if _is_table(value):
        yield name, _table(value[:_ROWS])
        if len(value) > _ROWS:
            yield f"{name}_not_shown", len(value) - _ROWS
        return
    yield name, _value(name, value)


def _value(name: str, value: Any) -> Any:
    match value:
        case bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            return dg.MetadataValue.timestamp(value)
        case PurePath():
            return dg.MetadataValue.path(str(value))
        case str():
            return dg.MetadataValue.md(value) if name in _MARKDOWN else value
        case Mapping() | list() | tuple():
            return dg.MetadataValue.json(_plain(value))
    return str(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _table(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    columns = list(dict.fromkeys(str(name) for row in rows for name in row))
    records = [dg.TableRecord({name: _cell(row.get(name)) for name in columns}) for row in rows]
    schema = dg.TableSchema([dg.TableColumn(name, _type(records, name)) for name in columns])
    return dg.MetadataValue.table(records, schema)


def _cell(value: Any) -> str | int | float | bool:
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return "" if value is None else str(value)


def _type(records: Sequence[dg.TableRecord], name: str) -> str:
    found = {type(record.data[name]) for record in records}
    if found <= {bool}:
        return "bool"
    if found <= {int}:
        return "int"
    return "float" if found <= {int, float} else "string"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
