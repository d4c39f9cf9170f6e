"""Channels by which messages do not get out, as readings. An alert about one goes by the others."""

from collections.abc import Iterable

from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.store.channel_states import ChannelState


def channel_readings(states: Iterable[ChannelState], configured: Iterable[str]) -> Readings:
    """Return a series per configured channel that was ever tried: bad from a failure until it takes a message."""
    known = frozenset(configured)
    series = tuple(
        Reading(
            {"channel": one.channel},
            condition=Condition.BAD if one.failures else Condition.OK,
            detail=f"{one.failures} failures in a row: {one.last_error}" if one.failures else "",
        )
        for one in states
        if one.channel in known
    )
    return Readings("channel", series, complete=True)
