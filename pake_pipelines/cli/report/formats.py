"""The forms in which a report is asked for at the terminal, and where they go."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pake_pipelines.cli.console import fail
from pake_pipelines.reports.rendering import RENDERERS
from pake_pipelines.reports.writing import Made

FORMATS: Final = ("html", "md", "json", "csv", *RENDERERS)
_ALIASES: Final = {"markdown": "md", "htm": "html", "text": "md"}


def named_formats(text: str | None) -> tuple[str, ...]:
    """Return the formats that `text` names, between commas; none where it names none. Ends with a clear error."""
    asked = [one.strip().lower().removeprefix(".") for one in (text or "").split(",") if one.strip()]
    found = tuple(dict.fromkeys(_ALIASES.get(one, one) for one in asked))
    if unknown := [one for one in found if one not in FORMATS]:
        fail(f"no format {unknown[0]!r}", hint=f"there are {', '.join(FORMATS)}")
    return found


def form_of(made: Made, wanted: str) -> str:
    """Return `made` in a format that is one text."""
    if wanted not in made.forms:
        fail(f"{made.name} has no form {wanted!r}", hint=f"it has {', '.join(made.forms)}")
    return made.forms[wanted]


def files_of(made: Made, directory: Path, wanted: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Yield the files of `made` in the formats `wanted`, as they are named in `directory`, with what is in them."""
    for one in wanted:
        if one == "csv":
            yield from ((directory / made.name / f"{key}.csv", text) for key, text in made.tables.items())
        else:
            yield directory / f"{made.name}.{one}", form_of(made, one)
