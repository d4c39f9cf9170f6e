"""The common form of every part of a configuration file."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of a configuration file: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def faults(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield (key path, message) for what only the whole file can tell, such as references that lead nowhere."""
        yield from ()
