"""`pake duplicates group`: what the pipeline would do with some items; nothing is stored, no database is needed."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.console import err, fail, out
from pake_pipelines.cli.duplicates.evidence import clashes, found
from pake_pipelines.cli.duplicates.item_lines import ItemLines, read_items
from pake_pipelines.cli.tables import Rows
from pake_pipelines.pipeline.embedder import ModelError
from pake_pipelines.pipeline.group_trial import Placed, Tie, try_groups
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings

_CONTRADICTIONS: Final = 10


def group(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="JSON lines; stdin otherwise.", show_default=False)
    ] = Path("-"),
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each item, in their order.")] = False,
) -> None:
    """Group items as the pipeline would; nothing is stored.

    Each line is an item: {"id": 1, "title": "...", "text": "...", "url": "...", "published": "2026-11-22T12:00:00Z"}.
    An id, and a title or a text, are all it needs. docs/duplicates.md explains the answer.
    """
    read = read_items(_lines(file))
    noticed = [(*one, "red") for one in read.errors] + [(*one, "yellow") for one in read.remarks]
    for number, said, style in sorted(noticed):
        err.print(f"[{style}]line {number}:[/] {escape(said)}", soft_wrap=True)
    try:
        placed = try_groups(read.items, Kit.of(get_settings()), _tell)
    except ModelError as error:
        fail(str(error))
    if as_json:
        for one in placed:
            # ASCII: an id may hold what no terminal can be sent, and has to come back as it was
            print(json.dumps(_as_json(one, read)))
    if not read.items:
        err.print("[dim]no items: nothing to group[/]")
    elif not as_json:
        _show(placed, read)
    if read.errors:
        raise typer.Exit(1)


def _lines(file: Path) -> list[bytes]:
    if str(file) == "-":
        if sys.stdin.isatty():
            err.print("[dim]reading JSON lines from the terminal; Ctrl-D ends them[/]")
        return sys.stdin.buffer.readlines()
    try:
        with file.open("rb") as opened:
            return opened.readlines()
    except OSError as error:
        fail(f"{file}: {error.strerror or error}", hint="give a file of JSON lines, or pipe them in")


def _tell(said: str) -> None:
    err.print(escape(said), style="dim", soft_wrap=True)


def _as_json(one: Placed, read: ItemLines) -> dict[str, Any]:
    tie = one.tie.compared if one.tie else None
    return {
        "id": read.ids[one.key],
        "group": read.ids[one.canonical],
        "canonical": read.ids[one.canonical],
        "canonical_because": one.because or None,
        "members": one.members,
        "level": tie.level if tie else None,
        "reason": tie.reason if tie else None,
        "score": tie.score if tie else None,
        "with": read.ids[one.tie.other] if one.tie else None,
        "evidence": dict(tie.evidence) if tie else {},
        "apart": [_apart(other, read) for other in one.apart],
    }


def _apart(other: Tie, read: ItemLines) -> dict[str, Any]:
    compared = other.compared
    return {
        "with": read.ids[other.other],
        "decision": compared.decision,
        "level": compared.level,
        "reason": compared.reason,
        "score": compared.score,
        "evidence": dict(compared.evidence),
    }


def _show(placed: list[Placed], read: ItemLines) -> None:
    titles = {item.key: item.title or item.text[:60] for item in read.items}
    groups: dict[str, list[Placed]] = {}
    for one in placed:
        groups.setdefault(one.canonical, []).append(one)
    for members in groups.values():
        if len(members) > 1:
            _show_group(sorted(members, key=lambda one: one.key != one.canonical), read, titles)
    _show_contradictions(placed, read)
    out.print(_summary(placed, groups), soft_wrap=True)


def _show_group(members: list[Placed], read: ItemLines, titles: dict[str, str]) -> None:
    because = (f"  canonical is {members[0].because}", "dim")
    out.print(Text.assemble((f"group of {len(members)}", "bold"), because), soft_wrap=True)
    table = Rows("", "", "", folding={""})
    for one in members:
        assert one.tie is not None
        compared = one.tie.compared
        tie = f"{found(compared.level, compared.reason, compared.score)}, with {read.ids[one.tie.other]}"
        mark = Text("● " if one.key == one.canonical else "  ", style="green")
        table.add_row(mark.append(str(read.ids[one.key]), style=""), titles[one.key], Text(tie, style="dim"))
    out.print(table)
    out.print()


def _show_contradictions(placed: list[Placed], read: ItemLines) -> None:
    """Print the closest pairs that would be duplicates if they did not state other facts."""
    pairs = {(tie.compared.a, tie.compared.b): (one, tie) for one in placed for tie in one.apart}
    close = [(one, tie) for one, tie in pairs.values() if tie.compared.decision == "contradicted"]
    for one, tie in sorted(close, key=lambda pair: -pair[1].compared.score)[:_CONTRADICTIONS]:
        both = f"{read.ids[one.key]} and {read.ids[tie.other]}"
        said = f"  {found(tie.compared.level, tie.compared.reason, tie.compared.score)}, but other facts: "
        out.print(Text.assemble(("apart: ", "yellow"), both, (said + clashes(tie.compared.evidence), "dim")))
    if len(close) > _CONTRADICTIONS:
        out.print(f"[dim]and {len(close) - _CONTRADICTIONS} more pairs that state other facts; --json has them[/]")


def _summary(placed: list[Placed], groups: dict[str, list[Placed]]) -> str:
    real = [members for members in groups.values() if len(members) > 1]
    levels = Counter(one.tie.compared.level for one in placed if one.tie and one.key != one.canonical)
    copies = ", ".join(f"{levels[level]} {level}" for level in ("exact", "near", "semantic") if levels[level])
    alone = len(placed) - sum(map(len, real))
    duplicates = counted(levels.total(), "duplicate") + (f" ({copies})" if copies else "")
    return f"{counted(len(placed), 'item')}: {counted(len(real), 'group')}, {duplicates}, {alone} alone"
