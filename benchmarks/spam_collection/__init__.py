"""Labelled examples, written for this project, on which a spam score is measured. What they are: README.md."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

_FILES: Final = Path(__file__).parent
_HARD: Final = "hard-"


@dataclass(frozen=True)
class Example:
    """One text as a source would deliver it, with what a researcher would call it.

    `kind` says what the text is; kinds that begin with `hard-` were written to be mistaken for the other label.
    `links` are the addresses that came with the text; some texts also hold addresses in the prose.
    """

    id: str
    label: Literal["spam", "ham"]
    kind: str
    title: str
    text: str
    links: tuple[str, ...] = ()

    @property
    def is_hard(self) -> bool:
        """Whether the text was written to be mistaken for the other label."""
        return self.kind.startswith(_HARD)


def load() -> tuple[Example, ...]:
    """Every example, in the order of the files' names and of their lines."""
    return tuple(
        _example(json.loads(line))
        for file in sorted(_FILES.glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").split("\n")
        if line
    )


def half(example: Example) -> Literal["tuning", "untouched"]:
    """The half an example belongs to: rules may be tuned on the one and are judged on the other.

    By the SHA-256 of the id (first byte even: tuning), so a new example moves none of the others.
    """
    return "untouched" if hashlib.sha256(example.id.encode()).digest()[0] % 2 else "tuning"


def _example(row: dict[str, Any]) -> Example:
    return Example(**{**row, "links": tuple(row.get("links", ()))})
