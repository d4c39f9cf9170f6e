"""How `pake health` looks at the terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.ages import ago, moment
from pake_pipelines.cli.console import err, out
from pake_pipelines.cli.health_seen import Seen
from pake_pipelines.cli.metric_view import metric_table
from pake_pipelines.cli.tables import Rows
from pake_pipelines.model.health import HealthSample, HealthStatus
from pake_pipelines.model.metric import MetricSample

COLOURS: Final = {
    HealthStatus.HEALTHY: "green",
    HealthStatus.DEGRADED: "yellow",
    HealthStatus.UNHEALTHY: "red",
    HealthStatus.CRITICAL: "bold red",
    HealthStatus.NOT_CONFIGURED: "dim",
    HealthStatus.UNKNOWN: "magenta",
}
_CHANGES: Final = 20


def show_overall(status: HealthStatus, seen: Seen, samples: Sequence[HealthSample], now: datetime) -> None:
    """Print how everything stands, and a line for each service."""
    _head("overall", status, seen, now)
    if samples:
        out.print()
        out.print(_table(seen, samples, now))
        err.print("[dim]`pake health SERVICE` shows one with its facts and changes[/]")


def show_component(
    component: str,
    status: HealthStatus,
    seen: Seen,
    samples: Sequence[HealthSample],
    metrics: Sequence[MetricSample],
    now: datetime,
) -> None:
    """Print a component: its services with their facts, what changed within a day, and its metrics."""
    _head(component, status, seen, now)
    out.print()
    out.print(_table(seen, samples, now))
    for sample in samples:
        if sample.facts:
            out.print()
            out.print(Text(f"{sample.service} tells", style="bold"))
            for name, value in sample.facts.items():
                out.print(f"  {escape(name.replace('_', ' '))}: {escape(str(value))}", soft_wrap=True)
    _show_changes(seen, {one.service for one in samples})
    if metrics:
        out.print()
        out.print(metric_table(metrics, now))


def _head(what: str, status: HealthStatus, seen: Seen, now: datetime) -> None:
    said = Text.assemble((what, "bold"), "  ", (status.value.replace("_", " "), COLOURS[status]))
    if seen.probed:
        said.append("  asked just now")
    elif seen.as_of:
        said.append(f"  as of {ago(seen.as_of, now)} ({moment(seen.as_of)} UTC)")
    out.print(said, soft_wrap=True)
    if seen.note:
        out.print(Text(seen.note, style="yellow"), soft_wrap=True)


def _table(seen: Seen, samples: Sequence[HealthSample], now: datetime) -> Rows:
    # without anything stored there is no past
    past = ("since", "up 24 h") if seen.uptimes else ()
    table = Rows("service", "state", *past, "answers in", "what was found", right={"up 24 h", "answers in"})
    for one in samples:
        table.add_row(
            Text.assemble(one.service, (" *" if one.critical else "", "dim")),
            Text(one.status.value.replace("_", " "), style=COLOURS[one.status]),
            *(_past(seen, one.service, now) if past else ()),
            "-" if one.response_ms is None else f"{one.response_ms:.0f} ms",
            Text(one.detail, style="dim"),
        )
    if any(one.critical for one in samples):
        table.caption = "* critical: when it is down, everything is"
        table.caption_justify = "left"
    return table


def _past(seen: Seen, service: str, now: datetime) -> tuple[str, str]:
    since, uptime = seen.since(service), seen.uptimes.get(service)
    share = uptime.up_share if uptime else None
    stands = ago(since, now) if since else "over a day" if uptime else "-"
    return stands, "-" if share is None else f"{100 * share:.4g} %"


def _show_changes(seen: Seen, services: set[str]) -> None:
    changes = [one for one in seen.changes if one.service in services]
    if not changes:
        return
    out.print()
    out.print(Text("changes of the last 24 hours", style="bold"))
    for one in changes[-_CHANGES:]:
        was = one.before.value.replace("_", " ") if one.before else "nothing known"
        said = Text.assemble(
            (moment(one.at), "dim"),
            f"  {one.service}  {was} -> ",
            (one.after.value.replace("_", " "), COLOURS[one.after]),
            (f"  {one.detail}", "dim"),
        )
        out.print(said, soft_wrap=True)
