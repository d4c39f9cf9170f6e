"""`pake alerts list` and `show`: what fires, and everything that is known of one alert."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.alerts.silencing import in_force, silenced
from pake_pipelines.cli.ages import ago, moment
from pake_pipelines.cli.alerts.naming import Id, alert_named
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.model.alert import AlertState, Severity, is_gone
from pake_pipelines.model.episode import Episode
from pake_pipelines.settings import get_settings
from pake_pipelines.store import alert_views, silences
from pake_pipelines.store.alert_views import AlertView
from pake_pipelines.store.database import Connection

SEVERITY_COLOURS: Final = {
    Severity.CRITICAL: "bold red",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "dim",
}
# `alert_` and eight digits: enough to name one
_SHORT: Final = 14
_STATE_COLOURS: Final = {AlertState.FIRING: "red", AlertState.PENDING: "yellow", AlertState.RESOLVED: "green"}


def list_alerts(
    everything: Annotated[bool, typer.Option("--all", help="Those that are resolved, too.")] = False,
    state: Annotated[
        list[AlertState] | None, typer.Option("--state", help="Only these; may be given several times.")
    ] = None,
    severity: Annotated[Severity, typer.Option("--severity", help="These and graver ones.")] = Severity.INFO,
    rule: Annotated[str | None, typer.Option("--rule", help="Only those of this rule.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many alerts.")] = 100,
    as_json: Json = False,
) -> None:
    """List alerts that are pending or firing, the gravest first."""
    settings, now = get_settings(), datetime.now(UTC)
    states = tuple(state) if state else tuple(AlertState) if everything else alert_views.OPEN

    async def read(connection: Connection) -> tuple[list[Episode], tuple[Any, ...]]:
        found = await alert_views.list_alerts(connection, states=states, min_severity=severity, rule=rule, limit=limit)
        windows = load_monitoring(settings.configs).alerting.maintenance_windows
        return found, in_force(await silences.in_force(connection, now), windows, now)

    found, quiet = ask(settings, read)
    hushed = {one.alert_id for one in found if one.is_open and silenced(one.matchable(), quiet)}
    if as_json:
        print_json([{**asdict(one), "silenced": one.alert_id in hushed} for one in found])
        return
    if not found:
        out.print("no alerts" if everything or state else "no alerts are open")
        return
    out.print(_table(found, hushed, now))
    err.print("[dim]`pake alerts show ID` has everything about one; `ack ID` takes one up[/]")


def _table(found: Sequence[Episode], hushed: set[str], now: datetime) -> Rows:
    table = Rows("id", "severity", "state", "since", "rule", "what")
    for one in found:
        said = Text(one.summary)
        for mark in _marks(one, one.alert_id in hushed):
            said.append(f"  {mark}", style="cyan")
        table.add_row(
            one.alert_id[:_SHORT],
            Text(one.severity.value, style=SEVERITY_COLOURS[one.severity]),
            Text(one.state.value, style=_STATE_COLOURS[one.state]),
            ago(one.resolved_at or one.fired_at or one.started_at, now),
            one.rule,
            said,
        )
    return table


def _marks(one: Episode, is_silenced: bool) -> list[str]:
    marks = [f"taken up by {one.acknowledged_by}"] if one.acknowledged_at else []
    marks += ["silenced"] if is_silenced else []
    marks += ["no longer measured"] if is_gone(one.resolved_because) else []
    return marks + (["flapping"] if one.flapping and one.is_open else [])


def show(alert: Id, as_json: Json = False) -> None:
    """Show an alert: what it is about, what to do, its states, and the messages that told of it."""

    async def read(connection: Connection) -> AlertView | None:
        return await alert_views.view(connection, await alert_named(connection, alert))

    found = ask(get_settings(), read)
    if found is None:
        fail(f"no alert {alert!r}")
    if as_json:
        print_json(asdict(found))
        return
    _show(found.alert)
    out.print()
    for change in found.transitions:
        before = change.from_state.value if change.from_state else "new"
        out.print(
            Text.assemble(
                (moment(change.at), "dim"), f"  {before} -> {change.to_state.value}  ", (change.cause, "dim")
            ),
            soft_wrap=True,
        )
    if found.messages:
        out.print()
    for sent in found.messages:
        said = f"  {sent.kind} by {sent.channel}: {sent.state.replace('_', ' ')}"
        error = f"  {sent.last_error}" if sent.last_error else ""
        out.print(Text.assemble((moment(sent.created_at), "dim"), said, (error, "dim")), soft_wrap=True)


def _show(one: Episode) -> None:
    head = Text.assemble((one.alert_id, "bold"), "  ", (one.severity.value, SEVERITY_COLOURS[one.severity]))
    out.print(head.append(f"  {one.summary}"), soft_wrap=True)
    labels = ", ".join(f"{name}={value}" for name, value in one.labels.items())
    figures = ", ".join(f"{name} {value}" for name, value in one.metrics_snapshot.items() if value is not None)
    rows = [
        ("state", one.state.value + (", flapping" if one.flapping and one.is_open else "")),
        ("rule", one.rule),
        ("labels", labels),
        ("value", f"{one.value:g}" if one.value is not None else None),
        ("figures", figures or None),
        ("began", f"{moment(one.started_at)} UTC"),
        ("last seen", f"{moment(one.last_seen_at)} UTC" if one.is_open else None),
        ("taken up", f"{moment(one.acknowledged_at)} UTC by {one.acknowledged_by}" if one.acknowledged_at else None),
        ("resolved", f"{moment(one.resolved_at)} UTC: {one.resolved_because}" if one.resolved_at else None),
        ("runbook", _runbook(one.runbook)),
        *(("to do", said) for said in one.recommendations),
    ]
    for name, value in rows:
        if value is not None:
            out.print(f"{name:<10}{escape(value)}", soft_wrap=True)


def _runbook(name: str | None) -> str | None:
    return name if name is None or "/" in name else f"docs/runbooks/{name}.md"
