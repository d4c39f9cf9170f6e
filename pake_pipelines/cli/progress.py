"""Following a run in the terminal: one line per step while it lasts, one table when it is done."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from rich.live import Live
from rich.text import Text

from pake_pipelines.cli.console import out
from pake_pipelines.cli.dagster_api import DagsterApi, RunState, Step
from pake_pipelines.cli.tables import Rows
from pake_pipelines.pipeline.names import BEHIND_SOURCES
from pake_pipelines.reports.amounts import counted

_POLL_SECONDS: Final = 0.7
_MARKS: Final = {
    "SUCCESS": ("✓", "green"),
    "FAILURE": ("✗", "red"),
    "SKIPPED": ("-", "dim"),
    "IN_PROGRESS": ("●", "cyan"),
}
_WAITING: Final = ("·", "dim")
STEPS: Final = ("read_sources", *BEHIND_SOURCES[1:])


def follow(api: DagsterApi, run_id: str, steps: Sequence[str] = STEPS) -> RunState:
    """Show how a run over `steps` goes until it is over, and return how it ended. Raises DagsterError."""
    state = api.run(run_id)
    if not out.is_terminal:
        return _follow_plainly(api, run_id, state)
    with Live(console=out, refresh_per_second=8, transient=False) as live:
        while True:
            live.update(_table(state, steps))
            if state.ended:
                return state
            time.sleep(_POLL_SECONDS)
            state = api.run(run_id)


def _follow_plainly(api: DagsterApi, run_id: str, state: RunState) -> RunState:
    told: set[str] = set()
    while True:
        for step in state.steps:
            if step.ended and step.key not in told:
                told.add(step.key)
                out.print(f"{step.key}: {step.status.lower()} {_seconds(step)} {_counts(state, step.key)}".rstrip())
        if state.ended:
            return state
        time.sleep(_POLL_SECONDS)
        state = api.run(run_id)


def _table(state: RunState, keys: Sequence[str]) -> Rows:
    steps = {step.key: step for step in state.steps}
    table = Rows("", "", "", "")
    table.add_row("", Text(f"run {state.run_id[:8]}", style="bold"), Text(state.status.lower()), "")
    for key in keys:
        step = steps.get(key)
        mark, style = _MARKS.get(step.status, _WAITING) if step else _WAITING
        table.add_row(Text(mark, style=style), key, Text(_seconds(step), style="dim"), _counts(state, key))
    return table


def _seconds(step: Step | None) -> str:
    if step is None or step.started is None:
        return ""
    return f"{(step.ended or time.time()) - step.started:.1f} s"


def _counts(state: RunState, step: str) -> str:
    if step == "read_sources":
        read = [made for made in state.made if made.asset.startswith("source/")]
        new = sum(int(made.numbers.get("new", 0)) for made in read)
        unreachable = sum(1 for asset in state.failed_checks if asset.startswith("source/"))
        missed = f", {unreachable} unreachable" if unreachable else ""
        return f"{counted(len(read), 'source')} read{missed}, {counted(new, 'new item')}" if read or unreachable else ""
    made = next((made.numbers for made in state.made if made.asset == step), None)
    return _said(made) if made else ""


def _said(numbers: Mapping[str, float]) -> str:
    if "sources_asked" in numbers:
        processed, failed = int(numbers["processed"]), int(numbers["errors"])
        return f"{counted(processed, 'item')} processed, {counted(failed, 'visit')} failed"
    if "archived" in numbers:
        return f"{int(numbers['archived'])} archived, {int(numbers['waiting'])} still have time"
    if "dagster/row_count" in numbers:
        return counted(int(numbers["dagster/row_count"]), "item")
    kept = {name: int(numbers.get(name, 0)) for name in ("new", "updated", "unchanged", "skipped", "failed")}
    return ", ".join(f"{count} {name}" for name, count in kept.items() if count) or "nothing to do"
