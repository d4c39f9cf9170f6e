"""`pake analytics export`: everything that was found, for spreadsheets and programs (CLI-09)."""

import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import typer

from pake_pipelines.cli.console import print_json
from pake_pipelines.cli.sources.options import ask
from pake_pipelines.foresight.finding import subject
from pake_pipelines.settings import get_settings
from pake_pipelines.store import analyses, anomalies, forecasts
from pake_pipelines.store.database import Connection

_KINDS: Final = ("trend", "quiet_hours", "frequency", "regression", "pressure", "insight")
_COLUMNS: Final = ("kind", "subject", "made_at", "field", "value")
# said by the columns before; a run's id is no finding
_TOLD: Final = frozenset({"metric", "labels", "made_at", "found_at", "run_id"})
# a spreadsheet takes a cell that begins so for a formula
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def export(
    form: Annotated[
        Literal["csv", "json"], typer.Option("--format", help="A long table, or everything as it is kept.")
    ],
    days: Annotated[float, typer.Option(min=0.1, max=400, help="Anomalies of how many days.")] = 30,
) -> None:
    """Print anomalies, forecasts and all analyses that stand; CSV has a line for every figure."""
    now = datetime.now(UTC)

    async def read(connection: Connection) -> dict[str, Any]:
        stood = {kind: await analyses.latest(connection, kind) for kind in _KINDS}
        episodes = await anomalies.between(connection, now - timedelta(days=days), now + timedelta(days=1))
        return {
            "anomalies": [asdict(one) for one in episodes],
            "forecasts": [asdict(one) for one in await forecasts.latest(connection)],
            **{kind: [asdict(one) for one in found.values()] for kind, found in stood.items()},
        }

    found = ask(get_settings(), read)
    if form == "json":
        print_json({"exported_at": now, **found})
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for kind, rows in found.items():
        for row in rows:
            writer.writerows(map(_safe, line) for line in _lines(kind, row))


def _lines(kind: str, row: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    about = row.get("subject") or subject(row["metric"], row["labels"])
    made_at = row.get("made_at") or row["found_at"]
    fields = row["result"] if "result" in row else {key: one for key, one in row.items() if key not in _TOLD}
    for name, value in _flat("", fields):
        yield kind, about, made_at.isoformat(), name, value


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every figure below `value` with its path; what is not known has no value."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), one)
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from _flat(f"{prefix}.{place}", one)
    else:
        yield prefix, "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)


def _safe(cell: str) -> str:
    """Return a cell as text and no formula; a number stays one."""
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
