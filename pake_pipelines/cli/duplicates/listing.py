"""`pake duplicates list`: the groups, the largest first."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_quality
from pake_pipelines.settings import get_settings
from pake_pipelines.store import group_views


def list_groups(
    suspicious: Annotated[
        bool, typer.Option("--suspicious", help="Only groups of many items that are not word for word the same.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many groups.")] = 20,
    as_json: Json = False,
) -> None:
    """List the groups of duplicates, the largest first."""
    settings = get_settings()
    most = load_quality(settings.configs).duplicates.suspicious_members
    groups = ask(
        settings,
        lambda connection: group_views.list_groups(
            connection, suspicious_members=most, only_suspicious=suspicious, limit=limit
        ),
    )
    if as_json:
        print_json([asdict(group) for group in groups])
        return
    if not groups:
        out.print(f"no group has more than {most} different texts" if suspicious else "no duplicates")
        return
    table = Rows("group", "members", "title", "found by", right={"members"}, folding={"title", "found by"})
    for group in groups:
        shown = Text(_levels(group.levels), style="dim")
        if group.suspicious:
            shown.append(" suspicious", style="yellow")
        table.add_row(str(group.group_id)[:8], group.members, group.title, shown)
    out.print(table)
    if len(groups) == limit:
        err.print(f"[dim]the {limit} largest; --limit shows more[/]")
    err.print("[dim]`pake duplicates show GROUP` says why its members are duplicates[/]")


def _levels(levels: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {level}" for level, count in sorted(levels.items()))
