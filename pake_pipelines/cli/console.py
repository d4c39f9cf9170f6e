"""Talking to a person at the terminal: one console, one way to say what went wrong, one way to print JSON."""

import json
import sys
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from pake_pipelines.redaction import redact

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


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
