"""`pake backup verify`: restore backups into a scratch server and compare every row."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from pake_pipelines.cli.backup.place import named, on_record, told, workplace
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.stack import database_up
from pake_pipelines.maintenance.backup import verification
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.model.maintenance import Outcome, ProofState, TaskState

_COLOURS = {
    ProofState.PROVEN.value: "green",
    ProofState.DAMAGED.value: "red",
    ProofState.UNAVAILABLE.value: "yellow",
}


def verify(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A backup.", show_default=False)] = None,
    latest: Annotated[bool, typer.Option("--latest", help="The newest backup; this is what happens without.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All backups.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be restored, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup into a scratch server and compare every row with what was backed up.

    Exit code 0 when all are proven, 1 when one is damaged, 2 when one could not be tried.
    """
    if sum((name is not None, latest, everything)) > 1:
        fail("a NAME, --latest and --all exclude each other")
    place = workplace(
        dry_run=dry_run,
        say=told,
        **_options(name, everything=everything),
    )
    with database_up(place.settings):
        outcome = asyncio.run(on_record(place, "backup_verification", verification.run))
    if as_json:
        print_json(asdict(outcome))
    else:
        _show(outcome)
    if outcome.state is not TaskState.DONE:
        raise typer.Exit(1 if outcome.state is TaskState.FAILED else 2)


def _options(name: str | None, *, everything: bool) -> dict[str, Any]:
    if name is not None:
        return {"name": named(target_of(workplace()), name)}
    return {"scope": "all"} if everything else {}


def _show(outcome: Outcome) -> None:
    for one in outcome.details.get("backups", ()):
        state = f"[{_COLOURS[one['state']]}]{one['state']}[/]"
        out.print(f"{one['name']}  {state} in {one['seconds']:.1f} s: {escape(one['detail'])}", soft_wrap=True)
    if not outcome.details.get("backups"):
        out.print(escape(outcome.summary), soft_wrap=True)
    checks = {one["amcheck"] for one in outcome.details.get("databases", ())}
    for words in sorted(checks - {"sound", "damaged"}):
        out.print(f"[dim]amcheck: {escape(words)}[/]", soft_wrap=True)
