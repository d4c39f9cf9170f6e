"""Showing a change of configs/sources.yaml, and who reads and who has to hear of it."""

from collections.abc import Sequence

from rich.text import Text

from pake_pipelines.cli.console import err, out
from pake_pipelines.cli.stack import running
from pake_pipelines.config.editing import Edited
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.settings import Settings


def show_change(edited: Edited, *, dry_run: bool) -> None:
    """Print the lines that went and came; a dry run says that nothing was changed."""
    for line in edited.changed_lines:
        out.print(Text(line, style="green" if line.startswith("+") else "red"), soft_wrap=True)
    if dry_run:
        err.print("[dim]a dry run: configs/sources.yaml is as it was[/]")


def readers_of(config: SourcesConfig, slugs: Sequence[str]) -> str:
    """Say which schedules read any of `slugs`, and how often."""
    reading = [
        f"{slug} ({schedule.frequency}{'' if schedule.enabled else ', off'})"
        for slug, schedule in config.schedules.items()
        if set(slugs) & set(config.read_by(schedule))
    ]
    by_hand = f"`pake ingest {slugs[0]}`" if len(slugs) == 1 else "`pake ingest`"
    what = "it" if len(slugs) == 1 else "them"
    if not reading:
        return f"no schedule reads {what}: name one with --schedule, or read {what} with {by_hand}"
    return f"read by {', '.join(reading)}; at once with {by_hand}"


def tell_running_stack(settings: Settings) -> None:
    """Say what a running Dagster needs in order to learn of a change; say nothing when it is down."""
    if held := running(settings):
        err.print(
            f"[dim]Dagster runs and does not know of it yet: reload the code location at {held[1]}/locations first[/]",
            soft_wrap=True,
        )
