"""`pake qa scan`: judge what waits now, as a Dagster run, without waiting for a schedule."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.dagster_api import DagsterApi, RunState
from pake_pipelines.cli.progress import follow
from pake_pipelines.cli.sources.options import Json, ask, named_source
from pake_pipelines.cli.stack import running
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.pipeline.names import Scan, scan_config
from pake_pipelines.settings import get_settings
from pake_pipelines.store.verdict_changes import VerdictChange, changes_of


def scan(
    full: Annotated[bool, typer.Option("--full", help="Items of all days, the sweep and the report too.")] = False,
    priority: Annotated[
        bool, typer.Option("--priority", help="Only items of sources that schedules of high priority read.")
    ] = False,
    source: Annotated[
        list[str] | None, typer.Option("--source", metavar="SLUG", help="Only items of this source; may be repeated.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run until it is over.")] = True,
    as_json: Json = False,
) -> None:
    """Judge what waits: today's items, and those of any day that are new, changed or have new evidence.

    The schedules do the same by themselves. Nothing is lost between two scans: what waits is known item by item.
    """
    settings = get_settings()
    kind, sources = _chosen(load_sources(settings.configs), source or [], full=full, priority=priority)
    held = running(settings)
    if held is None:
        fail("Dagster is not running, so that nothing can be scanned", hint="start everything with `pake up`")
    api = DagsterApi(held[1])
    run_id = _launch(api, kind, sources)
    if not wait:
        _say_launched(api, kind, run_id, as_json=as_json)
        return
    out.quiet = as_json
    out.print(f"[bold]{kind} scan[/]  {api.address}/runs/{run_id}", soft_wrap=True)
    state = follow(api, run_id, steps=kind.assets)
    out.quiet = False
    changes = ask(settings, lambda connection: changes_of(connection, run_id))
    if as_json:
        print_json(_as_json(kind, state, changes))
    else:
        _show(api, state, changes)
    if state.status != "SUCCESS":
        raise typer.Exit(1)


def _chosen(
    config: SourcesConfig, named: Sequence[str], *, full: bool, priority: bool
) -> tuple[Scan, Sequence[str] | None]:
    """Return the kind of scan and the sources it is narrowed to, or end with a clear error."""
    if sum((full, priority, bool(named))) > 1:
        fail("give only one of --full, --priority and --source")
    if full:
        return Scan.FULL, None
    if priority:
        return Scan.PRIORITY, config.urgent or fail("no schedule of high priority reads an enabled source")
    for slug in named:
        named_source(config, slug)
    return Scan.INCREMENTAL, list(dict.fromkeys(named)) or None


def _launch(api: DagsterApi, kind: Scan, sources: Sequence[str] | None) -> str:
    today = datetime.now(UTC).date().isoformat()
    config = scan_config(everywhere=kind is Scan.FULL, sources=sources)
    return api.launch(kind.job, today, [[asset] for asset in kind.assets], config, {"pake/launched_by": "pake"})


def _say_launched(api: DagsterApi, kind: Scan, run_id: str, *, as_json: bool) -> None:
    address = f"{api.address}/runs/{run_id}"
    if as_json:
        print_json({"scan": kind.value, "job": kind.job, "run_id": run_id, "status": "QUEUED", "address": address})
    else:
        out.print(f"the {kind} scan is queued: {address}", soft_wrap=True)


def _show(api: DagsterApi, state: RunState, changes: Sequence[VerdictChange]) -> None:
    if state.status != "SUCCESS":
        said = state.failed_checks.get("confidence") or state.error or "no reason given"
        err.print(f"[red]the run ended with {state.status}[/]: {escape(said)}", soft_wrap=True)
        err.print(f"[dim]its log: {api.address}/runs/{state.run_id}[/]", soft_wrap=True)
    for change in changes:
        out.print(f"{change.nodes:6} {change.old or 'new'} -> {change.new}")
    if not changes:
        out.print("no verdict changed")


def _as_json(kind: Scan, state: RunState, changes: Sequence[VerdictChange]) -> dict[str, Any]:
    return {
        "scan": kind.value,
        "job": kind.job,
        "run_id": state.run_id,
        "status": state.status,
        "error": state.error,
        "assets": {made.asset: dict(made.numbers) for made in state.made},
        "failed_checks": dict(state.failed_checks),
        "verdict_changes": [asdict(change) for change in changes],
    }
