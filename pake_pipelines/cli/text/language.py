"""`pake text language`: which language each line of stdin is in."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from pake_pipelines.cli.console import out
from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.document import Language
from pake_pipelines.settings import get_settings
from pake_pipelines.text.clean import clean_title
from pake_pipelines.text.language import detect_language

_SHOWN = 80  # characters of a text that its line begins with


def language(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each line, one on a line.")] = False,
) -> None:
    """Tell the language of each line of stdin and how probable it is; `und` where it cannot be told."""
    rules = load_quality(get_settings().configs).language
    if not as_json:
        out.print("[bold]language  probability  text[/]")
    for text in _lines():
        detected = detect_language(text, rules)
        if as_json:
            print(json.dumps(_as_json(text, detected), ensure_ascii=False), flush=True)
        else:
            out.print(_row(text, detected), markup=False, soft_wrap=True)


def _lines() -> Iterator[str]:
    """Yield each line of stdin as it comes; bytes that are no UTF-8 become U+FFFD."""
    for line in sys.stdin.buffer:
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")


def _row(text: str, detected: Language) -> str:
    return f"{detected.code:<8}  {detected.probability:>11.2f}  {clean_title(text[:_SHOWN])}"


def _as_json(text: str, detected: Language) -> dict[str, str | float]:
    return {"language": detected.code, "probability": detected.probability, "text": text[:_SHOWN]}
