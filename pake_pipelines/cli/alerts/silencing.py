"""`pake alerts silence`, `silences`, `unsilence`: what is not to be told for a while."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.text import Text

from pake_pipelines.alerts.matching import fits
from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.ages import lasting, length, moment
from pake_pipelines.cli.alerts.matchers import matchers_of, shown
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.model.episode import Episode, Silence
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store import alerts, silences
from pake_pipelines.store.database import Connection

# whoever wants it for longer switches the rule off: a silence that nobody remembers is a hole
_LONGEST: Final = timedelta(days=93)


def silence(
    matchers: Annotated[
        list[str],
        typer.Argument(
            metavar="MATCHER...",
            help="label=value or label!=value, with * and ? as wildcards. Labels: the alert's own, rule, severity.",
            show_default=False,
        ),
    ],
    lasts: Annotated[str, typer.Option("--for", metavar="TIME", help="For how long: 30m, 2h, 1d.")],
    comment: Annotated[str, typer.Option("--comment", help="Why; whoever wonders later sees it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show which alerts it fits now, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Do not tell of alerts that fit all matchers, for a while. They have their states as ever."""
    wanted, time = matchers_of(matchers), _time(lasts)
    now = datetime.now(UTC)

    async def add(connection: Connection) -> tuple[Silence, list[Episode]]:
        placed = await silences.add(connection, wanted, now, now + time, at_the_terminal(), comment)
        return placed, [one for one in (await alerts.load_open(connection)).values() if fits(wanted, one.matchable())]

    placed, fitting = ask(get_settings(), add, keep=not dry_run)
    if as_json:
        print_json({**asdict(placed), "dry_run": dry_run, "fits_now": [one.alert_id for one in fitting]})
        return
    name = "a silence" if dry_run else f"silence {placed.silence_id}"
    out.print(Text(f"{name}: {shown(wanted)} until {moment(placed.ends_at)} UTC"), soft_wrap=True)
    out.print("it fits no alert that is open now" if not fitting else f"it fits {counted(len(fitting), 'alert')} now:")
    for one in fitting[:20]:
        out.print(Text(f"  {one.summary}"), soft_wrap=True)
    if dry_run:
        out.print("[dim]dry run: nothing was silenced[/]")


def _time(text: str) -> timedelta:
    try:
        time = length(text)
    except ValueError as error:
        fail(str(error))
    if not timedelta() < time <= _LONGEST:
        fail(f"{text} is not between 1s and {_LONGEST.days}d", hint="`enabled: false` switches a rule off for good")
    return time


def list_silences(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False, as_json: Json = False
) -> None:
    """List silences that are in force or to come, with who placed them and why."""
    now = datetime.now(UTC)
    found = ask(get_settings(), lambda connection: silences.list_silences(connection, now, ended=everything))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        out.print("nothing is silenced")
        return
    table = Rows("id", "matchers", "until", "left", "by", "why", right={"id"}, folding={"matchers", "by", "why"})
    for one in found:
        left = lasting(one.ends_at - now) if one.ends_at > now else "over"
        table.add_row(one.silence_id, shown(one.matchers), moment(one.ends_at), left, one.author, one.comment)
    out.print(table)


def unsilence(
    ids: Annotated[list[int], typer.Argument(metavar="ID...", help="Silences, by their numbers.", show_default=False)],
    as_json: Json = False,
) -> None:
    """End silences now; what fits them is told again with the next round."""
    now = datetime.now(UTC)
    ended = ask(get_settings(), lambda connection: silences.end(connection, ids, at_the_terminal(), now))
    if as_json:
        print_json({"ended": ended})
    elif ended:
        out.print(f"ended: {', '.join(map(str, ended))}")
    if missing := sorted(set(ids) - set(ended)):
        fail(f"no silence {', '.join(map(str, missing))} that is not over", hint="`pake alerts silences` lists them")
