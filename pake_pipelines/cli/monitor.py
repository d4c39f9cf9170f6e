"""`pake monitor`: a round of watching by hand, what failed lately, and the newest figures."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from pake_pipelines.cli.ages import ago, moment
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.dagster_api import DagsterApi, DagsterError
from pake_pipelines.cli.dagster_facts import read_facts
from pake_pipelines.cli.metric_view import kpi_table, metric_table
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.stack import running
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_monitoring, load_sources
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import metric_samples
from pake_pipelines.store.error_summary import ErrorCount, error_summary

if TYPE_CHECKING:
    from pake_pipelines.alerts.watch import Watched

app = typer.Typer(help="Watch by hand: one round now, what failed lately, the newest figures.", no_args_is_help=True)
_CODES: Final = {HealthStatus.HEALTHY: 0, HealthStatus.CRITICAL: 2}


@app.command()
def check(as_json: Json = False) -> None:
    """Do one whole round now, as the sensor does: probe, judge all rules, send what is due.

    Exit code 0: healthy and nothing failed; 2: critical; 1: anything else.
    """
    from pake_pipelines.cli.monitor_view import show_round

    settings = get_settings()
    watched = asyncio.run(_round(settings))
    if as_json:
        print_json(asdict(watched))
    else:
        show_round(watched, load_monitoring(settings.configs))
    code = _CODES.get(watched.overall, 1)
    raise typer.Exit(code or int(bool(watched.faults)))


async def _round(settings: Settings) -> "Watched":
    from pake_pipelines.alerts.watch import Watch, watch

    facts = await asyncio.to_thread(read_facts, settings, datetime.now(UTC))
    sources = tuple(load_sources(settings.configs).enabled)
    return await watch(Watch(settings, load_monitoring(settings.configs), sources), facts, lambda: datetime.now(UTC))


@app.command()
def errors(
    hours: Annotated[float, typer.Option(min=0.1, max=24 * 93, help="Of how many hours, up to now.")] = 24,
    as_json: Json = False,
) -> None:
    """Show what failed lately, counted by kind: runs, visits, restarts, recoveries, messages, steps of the pipeline."""
    settings, now = get_settings(), datetime.now(UTC)
    since = now - timedelta(hours=hours)
    found = ask(settings, lambda connection: error_summary(connection, since, now))
    runs, unread = _failed_runs(settings, since)
    everything = sorted([*runs, *found], key=lambda one: (-one.count, -one.last_at.timestamp()))
    if as_json:
        print_json({"since": since, "until": now, "errors": [asdict(one) for one in everything], "not_read": unread})
        return
    if everything:
        out.print(_error_table(everything, now))
    else:
        out.print(f"nothing failed in the last {hours:g} hours")
    if unread:
        out.print(f"[yellow]runs were not counted:[/] {unread}", soft_wrap=True)


def _failed_runs(settings: Settings, since: datetime) -> tuple[list[ErrorCount], str | None]:
    """Return the failed runs by job, or why they cannot be told."""
    held = running(settings)
    if held is None:
        return [], "Dagster is not up here"
    try:
        found = DagsterApi(held[1]).failed_runs(since.timestamp())
    except DagsterError as error:
        return [], str(error)
    by_job: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        by_job.setdefault(one["jobName"], []).append(one)
    return [_of_job(job, runs) for job, runs in by_job.items()], None


def _of_job(job: str, runs: Sequence[dict[str, Any]]) -> ErrorCount:
    last = max(runs, key=lambda one: float(one["updateTime"] or 0))
    name = "assets" if job == "__ASSET_JOB" else job
    at = datetime.fromtimestamp(last["updateTime"] or 0, UTC)
    return ErrorCount("run", name, len(runs), at, f"the last one: {last['runId']}")


def _error_table(found: Sequence[ErrorCount], now: datetime) -> Rows:
    table = Rows("times", "what failed", "of", "last", "in the words of the last", right={"times"})
    for one in found:
        table.add_row(one.count, one.kind, one.subject, ago(one.last_at, now), Text(one.detail, style="dim"))
    return table


@app.command()
def metrics(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One metric, or the beginning of several.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the newest value of every metric, and how the key figures stand against their targets."""
    from pake_pipelines.health.kpis import judge

    settings, now = get_settings(), datetime.now(UTC)
    config = load_monitoring(settings.configs)
    latest = ask(settings, metric_samples.latest)
    samples = [one for one in latest if name is None or one.metric.startswith(name)]
    if name is not None and not samples:
        known = sorted({one.metric for one in latest})
        fail(f"no sample of a metric {name!r}", hint=f"there are {', '.join(known)}" if known else _NONE)
    kpis = {key: kpi for key, kpi in config.kpis.items() if name is None or kpi.metric.startswith(name)}
    # two rounds of sampling, and some time to write them
    judged = judge(kpis, latest, now - config.metrics.stands_for)
    if as_json:
        print_json({"metrics": [asdict(one) for one in samples], "key_figures": [asdict(one) for one in judged]})
        return
    if not samples:
        out.print(_NONE)
        return
    newest = max(one.at for one in samples)
    out.print(f"the newest sample is of {ago(newest, now)} ({moment(newest)} UTC)")
    out.print(metric_table(samples, now))
    if judged:
        out.print()
        out.print(kpi_table(judged))


_NONE: Final = "nothing was sampled yet: the sensor `metrics` does it every five minutes"
