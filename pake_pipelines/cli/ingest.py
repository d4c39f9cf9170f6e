"""`pake ingest`: read some sources, or what a schedule reads, for one day or a range, as Dagster's runs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from pake_pipelines.cli.backfill import backfill
from pake_pipelines.cli.backfill_days import DONE, DayOutcome, chosen_days
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.dagster_api import DagsterApi, RunState
from pake_pipelines.cli.ingest_plan import show_plan
from pake_pipelines.cli.progress import follow
from pake_pipelines.cli.stack import running, stack_up
from pake_pipelines.cli.summary import read_summary, summary_table
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.names import BEHIND_SOURCES, INGEST, run_config
from pake_pipelines.settings import Settings, get_settings

_DAY: Final = ["%Y-%m-%d"]


def ingest(
    sources: Annotated[list[str] | None, typer.Argument(help="Slugs of sources; all enabled ones otherwise.")] = None,
    schedule: Annotated[str | None, typer.Option(help="Read what this schedule reads, as it would.")] = None,
    only: Annotated[
        datetime | None, typer.Option("--date", formats=_DAY, help="The day; today (UTC) otherwise.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="Look back: the first day of a range.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="The last day of the range; today otherwise.")
    ] = None,
    max_items: Annotated[int | None, typer.Option(min=1, help="At most so many new items of each source.")] = None,
    full_reprocess: Annotated[
        bool, typer.Option("--full-reprocess", help="Read everything again; nothing is stored twice.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which days and sources would be read, and how; then stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what came of it as JSON.")] = False,
) -> None:
    """Read sources and judge what they bring, as Dagster runs that the UI shows.

    A range is a backfill: a run for each day, which goes on in Dagster when this command ends. docs/backfills.md says
    which sources can be asked for their past.
    """
    settings, today = get_settings(), datetime.now(UTC).date()
    config = load_sources(settings.configs)
    slugs, fetch = choose(config, sources or [], schedule, max_items, full_reprocess=full_reprocess)
    try:
        days = chosen_days(config.first_day, today, only=_day(only), since=_day(since), until=_day(until))
    except ValueError as error:
        fail(str(error))
    if dry_run:
        show_plan(settings, config, slugs, days, today, fetch, as_json=as_json)
    elif since:
        _read_range(settings, slugs, [day.isoformat() for day in days], fetch, as_json=as_json)
    else:
        _read_day(settings, slugs, days[0].isoformat(), fetch, as_json=as_json)


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _read_day(settings: Settings, slugs: Sequence[str], day: str, fetch: Mapping[str, Any], *, as_json: bool) -> None:
    with stack_up(settings, _tell) as api:
        state = launch_and_follow(
            api, settings, slugs=slugs, day=day, fetch=fetch, title=", ".join(slugs), quiet=as_json
        )
        summaries, visits = read_summary(settings)
    if as_json:
        print_json(_as_json(state, [visit for visit in visits if visit["source"] in slugs]))
    else:
        out.print(summary_table(summaries, visits))
    if state.status != "SUCCESS":
        raise typer.Exit(1)


def _read_range(
    settings: Settings, slugs: Sequence[str], days: Sequence[str], fetch: Mapping[str, Any], *, as_json: bool
) -> None:
    alone = running(settings) is None
    out.quiet = as_json
    with stack_up(settings, _tell) as api:
        backfill_id, state, outcomes = backfill(api, slugs, days, fetch, ends_with_us=alone)
    out.quiet = False
    if as_json:
        print_json({"backfill_id": backfill_id, "error": state.error, "days": [_day_as_json(one) for one in outcomes]})
    if state.error or any(one.status != DONE for one in outcomes):
        raise typer.Exit(1)


def _tell(step: str) -> None:
    err.print(escape(step), style="dim")


def choose(
    config: SourcesConfig, slugs: Sequence[str], schedule: str | None, max_items: int | None, *, full_reprocess: bool
) -> tuple[list[str], dict[str, Any]]:
    """Return the sources to read and how, or end with a clear error."""
    if schedule is not None:
        if slugs:
            fail("name either sources or a schedule, not both")
        found = config.schedules.get(schedule.replace("_", "-"))
        if found is None:
            fail(f"no schedule {schedule!r}", hint=f"known: {', '.join(config.schedules)}")
        chosen = list(config.read_by(found))
        if not chosen:
            fail(f"none of the sources of {found.name} is enabled")
        fetch = {"max_items_per_run": max_items or found.max_items_per_run, "full_reprocess": found.full_reprocess}
        return chosen, {**fetch, "full_reprocess": full_reprocess or found.full_reprocess}
    for slug in slugs:
        if slug not in config.sources:
            fail(f"no source {slug!r}", hint="`pake sources list` shows them all")
        if not config.sources[slug].enabled:
            fail(f"source {slug!r} is disabled: {config.sources[slug].disabled_because}")
    chosen = list(dict.fromkeys(slugs)) or list(config.enabled)
    if not chosen:
        fail("no source is enabled", hint="enable one in configs/sources.yaml")
    fetch = {"full_reprocess": full_reprocess}
    return chosen, {**fetch, "max_items_per_run": max_items} if max_items else fetch


def launch_and_follow(
    api: DagsterApi,
    settings: Settings,
    *,
    title: str,
    slugs: Sequence[str] | None = None,
    day: str | None = None,
    fetch: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> RunState:
    """Launch an ingestion run, show its progress, say what went wrong if anything did, and return how it ended."""
    chosen = list(slugs or load_sources(settings.configs).enabled)
    assets = [["source", slug] for slug in chosen] + [[name] for name in BEHIND_SOURCES]
    config = run_config(fetch or {})
    partition = day or datetime.now(UTC).date().isoformat()
    run_id = api.launch(INGEST, partition, assets, config, {"pake/launched_by": "pake"})
    out.quiet = quiet
    out.print(f"[bold]{escape(title)}[/]  {api.address}/runs/{run_id}", soft_wrap=True)
    state = follow(api, run_id)
    out.quiet = False
    if state.status == "SUCCESS":
        return state
    err.print(f"[red]the run ended with {state.status}[/]: {escape(state.error or 'no reason given')}", soft_wrap=True)
    err.print(f"[dim]its log: {api.address}/runs/{run_id}[/]", soft_wrap=True)
    return state


def _as_json(state: RunState, visits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "run_id": state.run_id,
        "status": state.status,
        "error": state.error,
        "assets": {made.asset: dict(made.numbers) for made in state.made},
        "failed_checks": dict(state.failed_checks),
        "sources": list(visits),
    }


def _day_as_json(outcome: DayOutcome) -> dict[str, Any]:
    return {**asdict(outcome), "causes": outcome.causes}
