"""`pake duplicates show`: one group, or an item that is in none, with all that speaks for it and against it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from rich.text import Text

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.duplicates.evidence import clashes, found, measures, why_apart
from pake_pipelines.cli.items import items_named, refuse_several
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import DuplicateRules
from pake_pipelines.model.comparison import Group, Ruling
from pake_pipelines.pipeline.rulings import AUDITED
from pake_pipelines.settings import get_settings
from pake_pipelines.store import audit, group_views, rulings
from pake_pipelines.store.audit import AuditEvent
from pake_pipelines.store.database import Connection
from pake_pipelines.store.group_views import GroupMember, SeenPair
from pake_pipelines.store.rulings import StoredRuling

_PAIRS: Final = 20
_RULINGS: Final = 10


@dataclass(frozen=True, slots=True)
class View:
    """A group with its surroundings; `group` is None and `members` a single item when that is in none."""

    item: UUID
    group: Group | None
    members: list[GroupMember]
    pairs: list[SeenPair]
    pairs_in_all: int
    rulings: list[StoredRuling]
    history: Sequence[AuditEvent]


def show(
    identifier: Annotated[
        str,
        typer.Argument(
            metavar="ID|TITLE",
            help="The id of a group or of an item, the beginning of it, or part of a title.",
            show_default=False,
        ),
    ],
    as_json: Json = False,
) -> None:
    """Show a group: its members, what ties them, which stands for the others and why, and what was ruled by hand.

    Of an item in no group: with what it was compared, and why none of that is a duplicate.
    """
    settings = get_settings()
    rules = load_quality(settings.configs).duplicates
    view = ask(settings, lambda connection: _view(connection, identifier))
    ruled = {(one.a, one.b): one.ruling for one in view.rulings}
    if as_json:
        print_json(_as_json(view, rules, ruled))
        return
    if view.group is None:
        out.print(Text.assemble((view.members[0].title, "bold"), "  in no group"), soft_wrap=True)
        _show_place(view.members[0])
    else:
        _show_group(view, view.group, rules)
    _show_pairs(view, rules, ruled)
    _show_history(view)


async def _view(connection: Connection, identifier: str) -> View:
    named = await items_named(connection, identifier)
    groups = await group_views.groups_of(connection, [pake_id for pake_id, _ in named])
    grouped = {member for group in groups for member in group.members}
    if len(named) > 1 and not (len(groups) == 1 and all(pake_id in grouped for pake_id, _ in named)):
        refuse_several(identifier, named)
    item, group = named[0][0], groups[0] if groups else None
    ids = list(group.members) if group else [item]
    members = await group_views.members_of(connection, group.group_id) if group else None
    members = members or await group_views.items(connection, [item])
    if not members:
        fail(f"{identifier!r} has no version in force")
    pairs, in_all = await group_views.pairs_around(connection, ids, _PAIRS)
    return View(
        item,
        group,
        members,
        pairs,
        in_all,
        await rulings.of_items(connection, ids),
        await audit.of_items(connection, AUDITED, ids),
    )


def _as_json(view: View, rules: DuplicateRules, ruled: Mapping[tuple[UUID, UUID], Ruling]) -> dict[str, Any]:
    told = asdict(view)
    if view.group:
        told["group"]["keep"] = rules.keep
        for one, member in zip(told["members"], view.members, strict=True):
            one["canonical"] = member.pake_id == view.group.canonical_id
    for one, pair in zip(told["pairs"], view.pairs, strict=True):
        one["ruling"] = ruled.get((pair.a, pair.b))
        one["why_apart"] = _why(pair, rules, one["ruling"])
    return told


def _why(pair: SeenPair, rules: DuplicateRules, ruling: Ruling | None) -> str:
    return why_apart(pair.decision, pair.reason, pair.score, pair.evidence, rules, ruling)


def _show_group(view: View, group: Group, rules: DuplicateRules) -> None:
    out.print(Text.assemble((f"group of {len(group.members)}", "bold"), f"  {group.group_id}"), soft_wrap=True)
    out.print(Text(f"canonical is {group.canonical_because or 'its first member'} (keep: {rules.keep})\n", style="dim"))
    for member in view.members:
        canonical = member.pake_id == group.canonical_id
        mark = ("● ", "green") if canonical else "  "
        out.print(Text.assemble(mark, (member.title, "bold" if canonical else "")), soft_wrap=True)
        _show_place(member)
        if member.level and member.reason and member.score is not None:
            tie = f"    {found(member.level, member.reason, member.score)}, with {str(member.other_id)[:8]}"
            out.print(Text.assemble(tie, (_said(member.evidence or {}), "dim")), soft_wrap=True)


def _show_place(member: GroupMember) -> None:
    published = f"{member.published_at:%Y-%m-%d %H:%M}" if member.published_at else "undated"
    place = f"    {member.pake_id}  {member.source_name}  {published}  {member.url or ''}"
    out.print(Text(place.rstrip(), style="dim"), soft_wrap=True)


def _said(evidence: Mapping[str, Any]) -> str:
    said = "; ".join(one for one in (measures(evidence), clashes(evidence)) if one)
    return f": {said}" if said else ""


def _show_pairs(view: View, rules: DuplicateRules, ruled: Mapping[tuple[UUID, UUID], Ruling]) -> None:
    inside = set(view.group.members) if view.group else {view.item}
    if view.pairs:
        out.print("\n[bold]close, but no duplicates[/]")
    for pair in view.pairs:
        other = (pair.b, pair.b_title) if pair.a in inside else (pair.a, pair.a_title)
        why = _why(pair, rules, ruled.get((pair.a, pair.b)))
        if pair.a in inside and pair.b in inside:
            why = f"to {str(pair.a)[:8]}, in the group all the same: {why}"
        out.print(Text.assemble(f"  {other[1]}  ", (str(other[0])[:8], "dim")), soft_wrap=True)
        out.print(Text(f"    {why}: {measures(pair.evidence)}", style="dim"), soft_wrap=True)
    if view.pairs_in_all > len(view.pairs):
        out.print(f"  [dim]and {view.pairs_in_all - len(view.pairs)} more[/]")
    if view.group is None and not view.pairs and not view.rulings:
        out.print("nothing else comes close to it")


def _show_history(view: View) -> None:
    if view.rulings or view.history:
        out.print("\n[bold]by hand[/]")
    for event in view.history:
        what = event.action.removeprefix(AUDITED)
        named = ", ".join(one[:8] for one in event.details["named"])
        why = f": {event.details['reason']}" if event.details.get("reason") else ""
        out.print(
            Text.assemble(
                f"  {event.created_at:%Y-%m-%d %H:%M} UTC  {event.actor}  ", (what, "bold"), f" {named}{why}"
            ),
            soft_wrap=True,
        )
    for one in view.rulings[:_RULINGS]:
        what = "together with" if one.ruling == "together" else "apart from"
        out.print(f"  [dim]in force: {str(one.a)[:8]} {what} {str(one.b)[:8]}[/]", soft_wrap=True)
    if len(view.rulings) > _RULINGS:
        out.print(f"  [dim]and {len(view.rulings) - _RULINGS} more pairs; --json has them[/]")
