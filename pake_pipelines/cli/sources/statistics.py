"""`pake sources stats`: what came of the visits of the last hours (ING-20)."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store.statistics import Statistics, Visits, statistics


def stats(
    hours: Annotated[float, typer.Option(min=0.01, help="How far to look back from now.")] = 24,
    as_json: Json = False,
) -> None:
    """Show what the visits of the last 24 hours brought, what failed, and the newest runs."""
    since = datetime.now(UTC) - timedelta(hours=hours)
    found = ask(get_settings(), lambda connection: statistics(connection, since))
    if as_json:
        print_json(_as_json(found))
        return
    out.print(f"since {since:%a %d %b %H:%M} UTC: {_sentence(found)}", soft_wrap=True)
    if found.by_source:
        out.print()
        out.print(_sources_table(found))
    if found.recent_runs:
        out.print("\n[bold]the newest runs[/]")
        out.print(_runs_table(found))


def _sentence(found: Statistics) -> str:
    total = found.total
    if total.success_rate is None:
        return "no source was visited"
    visits = total.succeeded + total.errors
    return (
        f"{counted(total.processed, 'item')} processed ({total.new} new, {total.updated} updated) from "
        f"{counted(len(found.by_source), 'source')}; {total.errors} of {counted(visits, 'visit')} failed, "
        f"{total.success_rate:.1%} went well"
    )


def _sources_table(found: Statistics) -> Rows:
    numbers = ("visits", "failed", "success", "new", "updated", "dead letters")
    table = Rows("source", *numbers, right=numbers)
    for slug, visits in found.by_source.items():
        rate = f"{visits.success_rate:.0%}" if visits.success_rate is not None else "-"
        counts = (visits.new, visits.updated, visits.dead_letters)
        table.add_row(slug, visits.succeeded + visits.errors, visits.errors, rate, *counts)
    return table


def _runs_table(found: Statistics) -> Rows:
    numbers = ("sources", "processed", "failed")
    table = Rows("run", "ended", *numbers, right=numbers)
    for run in found.recent_runs:
        ended = f"{run.finished_at:%d %b %H:%M} UTC"
        table.add_row(run.run_id[:8], ended, run.sources, run.visits.processed, run.visits.errors)
    return table


def _as_json(found: Statistics) -> dict[str, Any]:
    return {
        "since": found.since.isoformat(),
        **_counts(found.total),
        "unique_sources": len(found.by_source),
        "sources": {slug: _counts(visits) for slug, visits in found.by_source.items()},
        "recent_runs": [
            {
                "run_id": run.run_id,
                "finished_at": run.finished_at.isoformat(),
                "unique_sources": run.sources,
                **_counts(run.visits),
            }
            for run in found.recent_runs
        ],
    }


def _counts(visits: Visits) -> dict[str, Any]:
    return {**asdict(visits), "processed": visits.processed, "success_rate": visits.success_rate}
