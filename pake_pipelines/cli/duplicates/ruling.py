"""`pake duplicates split|merge`: a person's word, which outranks every comparison until a person says otherwise."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.duplicates.evidence import clashes
from pake_pipelines.cli.items import item_named
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.model.comparison import Group
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.rulings import Action, Outcome, RulingError, Wish, rule
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store import group_views
from pake_pipelines.store.database import open_database

Titles = Mapping[UUID, str]
_HELP = "Its pake_id, the beginning of it, or part of its title."
Items = Annotated[list[str], typer.Argument(metavar="ITEM", help=_HELP, show_default=False)]
Why = Annotated[str | None, typer.Option("--reason", help="Why; kept in the audit.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the groups as they would be, and change nothing.")]


def split(items: Items, reason: Why = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Take items out of their group, for good.

    Several items that leave together stay together if they are duplicates of each other; when all members of a group
    are named, each is alone. `pake duplicates merge` undoes it.
    """
    _carry_out("split", items, reason, dry_run=dry_run, as_json=as_json)


def merge(items: Items, reason: Why = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Put items, and the groups that they are in, into one group, for good.

    Earlier splits between these groups end. `pake duplicates split` undoes it.
    """
    _carry_out("merge", items, reason, dry_run=dry_run, as_json=as_json)


def _carry_out(action: Action, named: Sequence[str], reason: str | None, *, dry_run: bool, as_json: bool) -> None:
    outcome, titles = asyncio.run(_rule(action, named, reason, dry_run=dry_run))
    if as_json:
        print_json({"action": action, "dry_run": dry_run, **asdict(outcome)})
        return
    if dry_run:
        out.print("[dim]dry run: this is what would be, nothing was changed[/]")
    _show(action, outcome, titles)
    if not dry_run and outcome.changed:
        out.print(
            f"{counted(len(outcome.changed), 'item')} changed. The next run brings their connections, confidence and "
            "verdicts in line; `pake ingest` does at once.",
            soft_wrap=True,
        )


async def _rule(
    action: Action, named: Sequence[str], reason: str | None, *, dry_run: bool
) -> tuple[Outcome, dict[UUID, str]]:
    kit = Kit.of(get_settings())
    async with open_database(kit.database) as database:
        async with database.connection() as connection:
            ids = [await item_named(connection, one) for one in named]
        wish = Wish(action, tuple(dict.fromkeys(ids)), at_the_terminal(), reason)
        try:
            outcome = await rule(kit, database, wish, dry_run=dry_run)
        except RulingError as error:
            first = ", ".join(str(one) for one in error.items)
            fail(
                f"cannot {action} {first}: {error}", hint=f"`pake duplicates show {error.items[0]}` says how it stands"
            )
        async with database.connection() as connection:
            shown = {*wish.items, *_members(outcome.before), *_members(outcome.after)}
            titles = {one.pake_id: one.title for one in await group_views.items(connection, shown)}
    return outcome, titles


def _members(groups: Iterable[Group]) -> set[UUID]:
    return {member for group in groups for member in group.members}


def _show(action: Action, outcome: Outcome, titles: Titles) -> None:
    for group in outcome.after:
        out.print(Text(f"group of {len(group.members)}", style="bold"))
        for member in sorted(group.members, key=lambda one: (one != group.canonical_id, one)):
            _show_item(member, titles, canonical=member == group.canonical_id)
    alone = sorted(titles.keys() - _members(outcome.after) - set(outcome.left))
    if alone:
        out.print("[bold]alone[/]")
    for member in alone:
        _show_item(member, titles)
    if outcome.lifted:
        count = len(outcome.lifted)
        out.print(f"{'an earlier split' if count == 1 else f'earlier splits of {count} pairs'} between them ended")
    if action == "merge" and not outcome.changed:
        out.print("they were in one group already, and now stay so whatever comparing them says")
    _show_left(outcome, titles)


def _show_item(member: UUID, titles: Titles, *, canonical: bool = False) -> None:
    mark = ("● ", "green") if canonical else "  "
    out.print(Text.assemble(mark, (f"{str(member)[:8]}  ", "dim"), titles.get(member, "")), soft_wrap=True)


def _show_left(outcome: Outcome, titles: Titles) -> None:
    if outcome.left:
        out.print("[yellow]these did not come along[/]; name them, too, to have them in the group:")
    for member in outcome.left:
        _show_item(member, titles)
        for pair in outcome.because:
            if member in (pair.a, pair.b):
                other = pair.b if member == pair.a else pair.a
                said = clashes(pair.evidence) or "no facts in common"
                line = f"    states other facts than {str(other)[:8]}: {said}"
                out.print(Text(line, style="dim"), soft_wrap=True)
