"""Refusal: what a person asked for cannot be done."""

from collections.abc import Sequence
from uuid import UUID


class RefusedError(Exception):
    """What was asked for cannot be done, and nothing was; `items` are those that stand in the way."""

    def __init__(self, message: str, items: Sequence[UUID]) -> None:
        """Say why, and which items are meant."""
        super().__init__(message)
        self.items = items
