"""Levers: what recoveries have changed for a while (`levers`). Without one in force everything is as configured.

A lever ends by itself when its time is over, whether or not anybody lives to take it back.
"""

from datetime import datetime
from typing import Final

from pake_pipelines.store.database import Connection

LINK_TTL_FACTOR: Final = "link_ttl_factor"
"""A number: so much longer what was told of links is believed."""
HEAVY_WORK_HELD: Final = "heavy_work_held"
"""A switch: work that takes much memory and can wait is to wait."""


def tier_off(service: str) -> str:
    """Return the name of the switch that takes `service`, a tier of the cache, out of use."""
    return f"tier_off:{service}"


async def pull(connection: Connection, name: str, value: float, recovery_id: int, until: datetime) -> None:
    """Set `name` to `value` (a switch: 1) for the recovery, `until` then."""
    await connection.execute(
        """
        INSERT INTO levers (name, recovery_id, value, until) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name, recovery_id) DO UPDATE SET (value, until) = (excluded.value, excluded.until)
        """,
        name,
        recovery_id,
        value,
        until,
    )


async def release(connection: Connection, recovery_id: int) -> list[str]:
    """Take back what the recovery has set; return the names."""
    rows = await connection.fetch("DELETE FROM levers WHERE recovery_id = $1 RETURNING name", recovery_id)
    return sorted(row["name"] for row in rows)


async def number(connection: Connection, name: str, default: float, now: datetime) -> float:
    """Return the value of `name` at `now`; the largest where several recoveries set it, `default` without any."""
    value: float | None = await connection.fetchval(
        "SELECT max(value::float8) FROM levers WHERE name = $1 AND until > $2", name, now
    )
    return default if value is None else value


async def is_on(connection: Connection, name: str, now: datetime) -> bool:
    """Return whether the switch `name` is on at `now`."""
    return bool(await number(connection, name, 0, now))


async def in_force(connection: Connection, now: datetime) -> dict[str, tuple[float, datetime]]:
    """Return every lever that changes something at `now`, with its value and until when at the latest."""
    rows = await connection.fetch(
        """
        SELECT name, max(value::float8) AS value, max(until) AS until FROM levers WHERE until > $1
        GROUP BY name ORDER BY name
        """,
        now,
    )
    return {row["name"]: (row["value"], row["until"]) for row in rows}
