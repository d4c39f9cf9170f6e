"""One branch of the chain behind an item: what happened, in which run, and the particulars below it."""

from collections.abc import Iterable
from typing import Final

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

_SHORT_RUN: Final = 8  # what Dagster shows of a run's id, too; JSON has all of it
_RUN: Final = len("f512f971-c505-4988-8c7a-47e54ccd172d")
_MINUTE: Final = len("2026-11-22 12:00")


def add_branch(tree: Tree, label: str | Text, run_id: str | None, particulars: Iterable[RenderableType] = ()) -> Tree:
    """Add `label`, with the run that it comes from, and what there is below it; text is never markup."""
    run = f"  run {_short(run_id)}" if run_id else ""
    branch = tree.add(Text.assemble(label, (run, "dim")))
    for one in particulars:
        branch.add(Text(one) if isinstance(one, str) else one)
    return branch


def minute(moment: str | None) -> str:
    """Return a stored moment (ISO 8601, UTC) to the minute."""
    return moment[:_MINUTE].replace("T", " ") if moment else "unknown"


def _short(run_id: str) -> str:
    return run_id[:_SHORT_RUN] if len(run_id) == _RUN else run_id
