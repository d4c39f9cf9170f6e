"""Talking to a person at the terminal: one console, one way to say what went wrong, one way to print JSON."""

import json
import os
import sys
from typing import Any, Final, NoReturn

import typer
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.markup import escape
from rich.segment import Segment

from pake_pipelines.redaction import redact

# more than any line has, and not so much that the blanks with which Rich fills lines would cost anything
_UNBOUNDED: Final = 10_000


class _Trimmed:
    """What is printed, with each line ending where its text ends; Rich pads tables to their width."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in Segment.split_lines(console.render(self._renderable, options)):
            while line and line[-1].text.isspace():
                line.pop()
            if line:
                last = line.pop()
                yield from line
                yield Segment(last.text.rstrip(), last.style)
            yield Segment.line()


class _Trimming(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Trimmed(one) for one in renderables]


def console(*, stderr: bool = False) -> Console:
    """Return a console that fits a terminal; in a pipe or a file lines are whole, unless COLUMNS says how wide."""
    made = Console(stderr=stderr, highlight=False)
    if not made.file.isatty():
        made.push_render_hook(_Trimming())
        if not os.environ.get("COLUMNS"):
            made.width = _UNBOUNDED
    return made


out = console()
err = console(stderr=True)


def fail(message: str, *, hint: str | None = None, code: int = 1) -> NoReturn:
    """Say what is wrong, and the way out if there is one; end with `code`."""
    err.print(f"[bold red]error:[/] {escape(redact(message))}", soft_wrap=True)
    if hint:
        err.print(f"[dim]{escape(redact(hint))}[/]", soft_wrap=True)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    """Print `value` as JSON for programs; dates and ids become text."""
    json.dump(value, sys.stdout, indent=2, default=str, ensure_ascii=False)
    sys.stdout.write("\n")
