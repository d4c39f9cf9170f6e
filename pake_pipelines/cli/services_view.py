"""How `pake services` looks at the terminal, and what one service is in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.text import Text

from pake_pipelines.cli.ages import ago, lasting
from pake_pipelines.cli.console import err, out
from pake_pipelines.cli.health_view import COLOURS
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.services import AnyService
from pake_pipelines.model.health import HealthSample, HealthStatus, OwnProcess
from pake_pipelines.services.control import Done
from pake_pipelines.services.heal import HealState, Outcome
from pake_pipelines.services.plan import GiveUp, Heal, HealingPlan, Wait, is_healable
from pake_pipelines.services.standing import Standing, used_up

_HEALED: Final = {HealState.VERIFIED: "green", HealState.FAILED: "red", HealState.GAVE_UP: "red"}
_DONE: Final[Mapping[str, str]] = {"done": "green", "failed": "red"}


@dataclass(frozen=True, slots=True)
class Line:
    """A service: how it stands, what was done to it, and what healing does or waits for.

    `pid` is that of the process that we started, while it runs. `next_attempt` is None where no clock brings it.
    """

    service: str
    title: str
    kind: str
    critical: bool
    status: HealthStatus
    detail: str
    pid: int | None
    healed: bool
    restarts_last_hour: int
    max_per_hour: int
    last_attempt: datetime | None
    last_attempt_state: str | None
    next_attempt: datetime | None
    healing: str
    given_up_since: datetime | None
    given_up_because: str | None


def line(
    service: AnyService,
    sample: HealthSample,
    standing: Standing,
    process: OwnProcess | None,
    plan: HealingPlan,
    now: datetime,
) -> Line:
    """Put together what is known of one service."""
    from pake_pipelines.health.own_process import find

    decided, surrender, last = plan.of(sample.service), standing.surrender, standing.last
    over = surrender is not None and sample.service in plan.over
    return Line(
        service=sample.service,
        title=service.title or sample.service,
        kind=service.kind,
        critical=service.critical,
        status=sample.status,
        detail=sample.detail,
        pid=process.pid if process and find(process) else None,
        healed=is_healable(service),
        restarts_last_hour=used_up(standing.attempts, now),
        max_per_hour=service.restarts.max_per_hour,
        last_attempt=last.begun_at if last else None,
        last_attempt_state=last.state.value if last else None,
        next_attempt=_next(decided, now),
        healing=said(decided, now) if decided else "",
        given_up_since=surrender.since if surrender and not over else None,
        given_up_because=surrender.detail if surrender and not over else None,
    )


def said(decided: Heal | Wait | GiveUp, now: datetime) -> str:
    """Return in words what was decided about a service."""
    match decided:
        case Heal(attempt=number, after=()):
            return f"to be restarted now, attempt {number} in a row"
        case Heal(after=parents):
            return f"to be restarted after {', '.join(parents)}"
        case Wait(reason=reason, detail=detail, until=until):
            left = f", {lasting(until - now)} left" if until and until > now else ""
            return f"{reason} ({detail}){left}"
        case GiveUp(detail=detail):
            return f"given up: {detail}"


def show(lines: Sequence[Line], now: datetime) -> None:
    """Print a line for each service, and below it what healing makes of those that are down."""
    table = Rows("service", "status", "pid", "restarts/h", "last attempt", "what was found")
    for one in lines:
        attempt = f"{one.last_attempt_state} {ago(one.last_attempt, now)}" if one.last_attempt else ""
        table.add_row(
            one.service + (" *" if one.critical else ""),
            Text(one.status.replace("_", " "), COLOURS[one.status]),
            one.pid,
            f"{one.restarts_last_hour} of {one.max_per_hour}" if one.healed else Text("watched", "dim"),
            attempt,
            one.detail,
        )
    out.print(table)
    for one in lines:
        if one.healing:
            out.print(Text(f"{one.service}: {one.healing}", "yellow"), soft_wrap=True)
    if any(one.given_up_since for one in lines):
        err.print("[dim]`pake services start NAME` has healing look after it again[/]")
    if any(one.critical for one in lines):
        err.print("[dim]* critical[/]")


def show_plan(decided: Sequence[Heal | Wait | GiveUp], now: datetime) -> None:
    """Print what healing would do."""
    out.print("[dim]dry run: this is what would be done, nothing was changed[/]")
    if not decided:
        out.print("nothing that can be healed is down")
    for one in decided:
        cause = f": {one.cause}" if isinstance(one, Heal) else ""
        out.print(Text(f"{one.service}: {said(one, now)}{cause}"), soft_wrap=True)


def show_outcomes(outcomes: Iterable[Outcome]) -> None:
    """Print what came of healing."""
    shown = [one for one in outcomes if one.state is not HealState.NOT_NEEDED]
    for one in shown:
        took = f" in {one.seconds:.1f} s" if one.restart_id else ""
        number = f", attempt {one.attempt}{took}" if one.attempt else ""
        out.print(
            Text.assemble(f"{one.service}: ", (one.state.value, _HEALED.get(one.state, "yellow")), number)
            + Text(f": {one.detail}"),
            soft_wrap=True,
        )
    if not shown:
        out.print("nothing that can be healed is down")


def show_done(done: Iterable[Done], *, dry_run: bool) -> None:
    """Print what came of starting or stopping."""
    if dry_run:
        out.print("[dim]dry run: in this order, nothing was changed[/]")
    for one in done:
        state = one.action if dry_run and one.state == "done" else one.state
        words = Text.assemble(
            f"{one.action} " if not dry_run else "", f"{one.service}: ", (state, _DONE.get(state, ""))
        )
        out.print(words + Text(f"  {one.detail}" if one.detail else ""), soft_wrap=True)


def _next(decided: Heal | Wait | GiveUp | None, now: datetime) -> datetime | None:
    if isinstance(decided, Heal):
        return None if decided.after else now
    return decided.until if isinstance(decided, Wait) else None
