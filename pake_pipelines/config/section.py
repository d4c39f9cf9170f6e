"""The common form of every part of a configuration file."""

from collections.abc import Iterator
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

Faults: TypeAlias = Iterator[tuple[tuple[str | int, ...], str]]
"""Key paths (an element of a list by its number from 0) and what is wrong there."""


class Section(BaseModel):
    """A part of a configuration file: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def faults(self) -> Faults:
        """Yield (key path, message) for what only the whole file can tell, such as references that lead nowhere."""
        yield from ()
