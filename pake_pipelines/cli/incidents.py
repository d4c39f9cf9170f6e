"""`pake incidents`: what needs a person, who has taken it up, and everything that was done about it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.alerts import incidents as acting
from pake_pipelines.alerts.incident_steps import IncidentError, Wanted
from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.ages import lasting, minutes, moment
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.model.incident import Incident, IncidentChange, IncidentEvent, IncidentSeverity, IncidentStatus
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import incidents as store
from pake_pipelines.store.database import Connection

app = typer.Typer(help="What needs a person, who has taken it up, and what was done about it.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The incident's id, or the beginning of it.", show_default=False)]
_COLOURS: Final = {
    IncidentSeverity.CRITICAL: "bold red",
    IncidentSeverity.HIGH: "red",
    IncidentSeverity.MEDIUM: "yellow",
    IncidentSeverity.LOW: "dim",
}
_LISTED: Final = "`pake incidents list --all` shows them all"


@app.command("list")
def list_incidents(
    everything: Annotated[bool, typer.Option("--all", help="Those that are closed, too.")] = False,
    severity: Annotated[
        list[IncidentSeverity] | None, typer.Option("--severity", help="Only these; may be given several times.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many incidents.")] = 50,
    as_json: Json = False,
) -> None:
    """List incidents that are open, the gravest first; an overdue one has not been taken up within its target."""
    found = ask(
        get_settings(),
        lambda connection: store.list_incidents(connection, closed=everything, severities=severity or (), limit=limit),
    )
    now = datetime.now(UTC)
    if as_json:
        print_json([_as_json(one, now) for one in found])
        return
    if not found:
        out.print("no incidents" if everything else "no open incidents")
        return
    out.print(_table(found, now))
    err.print("[dim]`pake incidents show ID` has the timeline; `update ID --owner NAME` takes one up[/]")


def _table(found: Sequence[Incident], now: datetime) -> Rows:
    table = Rows("id", "severity", "status", "owner", "opened (UTC)", "title")
    for one in found:
        late = one.overdue_minutes(now)
        said = Text(one.title)
        if late is not None:
            said.append(f"  overdue for {minutes(late)}", style="bold red")
        elif one.alerts_over_at and not one.is_closed:
            said.append("  its alerts are over", style="green")
        table.add_row(
            one.incident_id,
            Text(one.severity.value, style=_COLOURS[one.severity]),
            one.status.value.replace("_", " "),
            one.owner or "-",
            moment(one.opened_at),
            said,
        )
    return table


@app.command()
def show(incident: Id, as_json: Json = False) -> None:
    """Show an incident with its timeline: alerts, people, statuses, notes."""

    async def read(connection: Connection) -> tuple[Incident, list[IncidentEvent]]:
        one = await _named(connection, incident)
        return one, await store.timeline(connection, one.incident_id)

    one, events = ask(get_settings(), read)
    now = datetime.now(UTC)
    if as_json:
        print_json({**_as_json(one, now), "timeline": [asdict(event) for event in events]})
        return
    _show(one, now)
    out.print()
    for event in events:
        what = event.kind.value.replace("_", " ")
        out.print(Text.assemble((moment(event.at), "dim"), f"  {what}  ", (event.actor, "dim"), f"  {event.note}"))


def _show(one: Incident, now: datetime) -> None:
    style = _COLOURS[one.severity]
    out.print(
        Text.assemble((one.incident_id, "bold"), "  ", (one.severity.value, style), f"  {one.title}"), soft_wrap=True
    )
    late = one.overdue_minutes(now)
    rows = [
        ("status", one.status.value.replace("_", " ")),
        ("owner", one.owner or "nobody"),
        ("opened", f"{moment(one.opened_at)} UTC"),
        ("taken up", _taken_up(one, late)),
        ("closed", f"{moment(one.resolved_at)} UTC" if one.resolved_at else None),
        ("alerts", f"over since {moment(one.alerts_over_at)} UTC" if one.alerts_over_at else "fire"),
        ("runbook", f"docs/runbooks/{one.runbook}.md" if one.runbook else None),
    ]
    for name, value in rows:
        if value is not None:
            out.print(f"{name:<10}{escape(value)}", soft_wrap=True)


def _taken_up(one: Incident, late: float | None) -> str:
    target = minutes(one.target_minutes) if one.target_minutes else "at once"
    if one.acknowledged_at is not None:
        return f"after {lasting(one.acknowledged_at - one.opened_at)} (target: {target})"
    return f"by nobody (target: {target}" + (f"; overdue for {minutes(late)})" if late is not None else ")")


@app.command()
def update(
    incident: Id,
    status: Annotated[IncidentStatus | None, typer.Option("--status", help="How far it has come.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who has it; '' for nobody.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="For the timeline: what was found or done.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Take an incident up, move it on, or close it (`resolved`, `false_positive`); the audit keeps who did it."""
    if status is None and owner is None and note is None:
        fail("nothing to change", hint="give --status, --owner or --note")
    change = _update(get_settings(), incident, Wanted(status, owner, note), keep=not dry_run)
    now = datetime.now(UTC)
    if as_json:
        events = [asdict(event) for event in change.events]
        print_json({**_as_json(change.incident, now), "dry_run": dry_run, "timeline": events})
        return
    _show(change.incident, now)
    if dry_run:
        out.print("[dim]dry run: nothing was changed[/]")


def _update(settings: Settings, incident: str, wanted: Wanted, *, keep: bool) -> IncidentChange:
    async def carry_out(connection: Connection) -> IncidentChange:
        one = await _named(connection, incident)
        return await acting.update(connection, one.incident_id, wanted, at_the_terminal(), datetime.now(UTC))

    try:
        return ask(settings, carry_out, keep=keep)
    except IncidentError as error:
        fail(str(error))


@app.command()
def stats(
    days: Annotated[int, typer.Option(min=1, max=3650, help="Of how many days, up to now.")] = 7, as_json: Json = False
) -> None:
    """Show figures of the incidents opened lately: how many, how soon they were taken up (MTTA) and resolved (MTTR)."""
    now = datetime.now(UTC)
    told = ask(get_settings(), lambda connection: store.statistics(connection, now - timedelta(days=days), now))
    if as_json:
        print_json({"days": days, "summary": asdict(told)})
        return
    counts = ", ".join(f"{count} {severity}" for severity, count in told.by_severity.items())
    total = f"{counted(told.total_incidents, 'incident')} in {counted(days, 'day')}"
    out.print(f"{total}: {counts}" if counts else total)
    out.print(f"open          {told.still_open}, overdue {told.overdue}")
    out.print(f"target missed {told.missed_target}")
    for name, what, value in (
        ("MTTA", "taken up", told.mean_minutes_to_acknowledge),
        ("MTTR", "resolved", told.mean_minutes_to_resolve),
    ):
        said = f"{what} after {minutes(value)} on average" if value is not None else f"none was {what}"
        out.print(f"{name:<14}{said}")


async def _named(connection: Connection, beginning: str) -> Incident:
    """Return the incident that is named, or end with a clear error."""
    found = await store.find(connection, beginning) if beginning.strip() else []
    if not found:
        fail(f"no incident {beginning!r}", hint=_LISTED)
    if len(found) > 1:
        for one in found:
            err.print(f"{one.incident_id}  {escape(one.title)}", soft_wrap=True)
        fail(f"{beginning!r} fits several incidents: name one of these ids")
    return found[0]


def _as_json(one: Incident, now: datetime) -> dict[str, Any]:
    return {**asdict(one), "overdue_minutes": one.overdue_minutes(now)}
