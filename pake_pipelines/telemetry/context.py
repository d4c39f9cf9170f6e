"""Correlation: which run, asset or task a line of the logs belongs to (LOG-04)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Fields = Mapping[str, Any]

_fields: ContextVar[Fields] = ContextVar("correlation", default={})  # noqa: B039  # never changed, only replaced
_sources: list[Callable[[], Fields]] = []


@contextmanager
def correlated(**fields: Any) -> Iterator[None]:
    """Give every line and span inside these fields, for example `run_id` and `task`."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def correlate_with(source: Callable[[], Fields]) -> None:
    """Ask `source` for fields of every line too: what runs under somebody else's direction knows its run from there."""
    if source not in _sources:
        _sources.append(source)


def correlation() -> dict[str, Any]:
    """Return the fields that a line has here and now."""
    found: dict[str, Any] = {}
    for source in _sources:
        found.update(source())
    return {**found, **_fields.get()}
