"""When something of ours that must go on ticking last did, and what it remembers until the next time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class MonitorTick:
    """The last tick of `name`: when it was, how many seconds it took, and its memory, a small JSON object."""

    name: str
    ticked_at: datetime
    seconds: float
    memory: Mapping[str, Any] = field(default_factory=dict)


async def note(
    connection: Connection, name: str, now: datetime, seconds: float, memory: Mapping[str, Any] | None = None
) -> None:
    """Note that `name` ticks `now` and took `seconds`; without `memory` it remembers what it remembered."""
    await connection.execute(
        """
        INSERT INTO monitor_ticks (name, ticked_at, seconds, memory) VALUES ($1, $2, $3, coalesce($4::jsonb, '{}'))
        ON CONFLICT (name) DO UPDATE
        SET ticked_at = $2, seconds = $3, memory = coalesce($4::jsonb, monitor_ticks.memory)
        """,
        name,
        now,
        seconds,
        None if memory is None else dict(memory),
    )


async def read(connection: Connection, name: str) -> MonitorTick | None:
    """Return the last tick of `name`; None when there was none."""
    row = await connection.fetchrow("SELECT name, ticked_at, seconds, memory FROM monitor_ticks WHERE name = $1", name)
    return MonitorTick(**row) if row else None


async def read_all(connection: Connection) -> dict[str, MonitorTick]:
    """Return the last tick of everything that ever ticked, by name."""
    rows = await connection.fetch("SELECT name, ticked_at, seconds, memory FROM monitor_ticks ORDER BY name")
    return {row["name"]: MonitorTick(**row) for row in rows}
