"""What a project holds, source by source: the table after a run and for `pake status`."""

import asyncio
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from pake_pipelines.settings import Settings
from pake_pipelines.store import nodes, runs
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.nodes import SourceSummary

_COLUMNS = ("items", "verified", "pending", "quarantined", "rejected", "dropped", "duplicates")


def read_summary(settings: Settings) -> tuple[list[SourceSummary], list[dict[str, Any]]]:
    """Return how the items of each source ended, and the newest visit to each source. Raises StoreError."""

    async def ask() -> tuple[list[SourceSummary], list[dict[str, Any]]]:
        async with open_database(addresses(settings).knowledge) as database, database.connection() as connection:
            return await nodes.summary_by_source(connection), await runs.latest_visits(connection)

    return asyncio.run(ask())


def summary_table(summaries: list[SourceSummary], visits: list[dict[str, Any]]) -> Table:
    """Return the table of all enabled sources."""
    table = Table(box=None, header_style="bold", padding=(0, 1))
    table.add_column("source", no_wrap=True)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    table.add_column("confidence", justify="right")
    table.add_column("last visit", no_wrap=True, overflow="ellipsis")
    by_slug = {summary.source: summary for summary in summaries}
    for visit in visits:
        if visit["enabled"]:
            table.add_row(visit["source"], *_numbers(by_slug.get(visit["source"])), last_visit(visit))
    total = [sum(getattr(summary, column) for summary in summaries) for column in _COLUMNS]
    table.add_section()
    table.add_row("all", *map(str, total), "", "", style="bold")
    return table


def _numbers(summary: SourceSummary | None) -> list[str]:
    if summary is None:
        return ["-"] * (len(_COLUMNS) + 1)
    average = f"{summary.average:.2f}" if summary.average is not None else "-"
    return [*(str(getattr(summary, column)) for column in _COLUMNS), average]


def last_visit(visit: Mapping[str, Any]) -> Text:
    """Return what came of the newest visit, in a few words."""
    if visit["outcome"] is None:
        return Text("never", style="dim")
    if visit["outcome"] == "failed":
        cause = str(visit["error"]).rpartition(": ")[2]
        return Text(f"failed: {cause}", style="yellow")
    return Text(f"{visit['outcome']}, {visit['new']} new", style="green" if visit["outcome"] == "ok" else "dim")
