"""What a project holds, source by source: the table after a run and for `pake status`."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from pake_pipelines.cli.console import out
from pake_pipelines.cli.tables import Rows
from pake_pipelines.settings import Settings
from pake_pipelines.store import nodes, runs
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.nodes import SourceSummary

_AVERAGE: Final = "average"
_COLUMNS: Final = ("items", "verified", "pending", "quarantined", "rejected", "dropped", "duplicates", _AVERAGE)
_FEW_COLUMNS: Final = ("items", "verified", "pending")
# what all columns take beside the longest of the shipped slugs and a short last visit
_WIDE: Final = 120


def read_summary(settings: Settings) -> tuple[list[SourceSummary], list[dict[str, Any]]]:
    """Return how the items of each source ended, and the newest visit to each source. Raises StoreError."""

    async def ask() -> tuple[list[SourceSummary], list[dict[str, Any]]]:
        async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
            return await nodes.summary_by_source(connection), await runs.latest_visits(connection)

    return asyncio.run(ask())


def summary_table(summaries: list[SourceSummary], visits: list[dict[str, Any]]) -> Rows:
    """Return the table of all enabled sources, with fewer columns where the terminal is narrow."""
    shown = _COLUMNS if out.width >= _WIDE else _FEW_COLUMNS
    table = Rows("source", *shown, "last visit", right=shown)
    by_slug = {summary.source: summary for summary in summaries}
    for visit in visits:
        if visit["enabled"]:
            last = last_visit(visit)
            last.no_wrap, last.overflow = True, "ellipsis"  # what is too long for the terminal gives way here
            table.add_row(visit["source"], *_numbers(by_slug.get(visit["source"]), shown), last)
    total = [str(sum(getattr(summary, column) for summary in summaries)) for column in shown if column != _AVERAGE]
    table.add_section()
    table.add_row("all", *total, style="bold")
    return table


def _numbers(summary: SourceSummary | None, shown: Sequence[str]) -> list[str]:
    if summary is None:
        return ["-"] * len(shown)
    return [_shown(getattr(summary, column)) for column in shown]


def _shown(number: float | None) -> str:
    if number is None:
        return "-"
    return str(number) if isinstance(number, int) else f"{number:.2f}"


def last_visit(visit: Mapping[str, Any]) -> Text:
    """Return what came of the newest visit, in a few words."""
    if visit["outcome"] is None:
        return Text("never", style="dim")
    if visit["outcome"] == "failed":
        cause = str(visit["error"]).rpartition(": ")[2]
        return Text(f"failed: {cause}", style="yellow")
    return Text(f"{visit['outcome']}, {visit['new']} new", style="green" if visit["outcome"] == "ok" else "dim")
