"""Attempts to start and restart services, and services that healing leaves alone (`service_restarts`, `_surrenders`).

An attempt is a row that is committed before anything is done, so a maker that is killed never makes it forgotten. Who
makes one holds the service's advisory lock in its session: two never do it at once, and the lock of the dead is free.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from pake_pipelines.model.restart import Restart, RestartState, Surrender
from pake_pipelines.store import session_locks
from pake_pipelines.store.database import Connection

_COLUMNS: Final = "restart_id, service, cause, attempt, state, begun_at, ended_at, detail, actor, by_hand, run_id"
_LOCKS: Final = "pake.services"


async def lock(connection: Connection, service: str) -> bool:
    """Take the lock of `service` for the session of `connection`; False when somebody else has it."""
    return await session_locks.lock(connection, _LOCKS, service)


async def unlock(connection: Connection, service: str) -> None:
    """Give the lock of `service` back."""
    await session_locks.unlock(connection, _LOCKS, service)


async def claim(
    connection: Connection,
    *,
    service: str,
    cause: str,
    attempt: int,
    actor: str,
    by_hand: bool,
    run_id: str | None,
    now: datetime,
    max_per_hour: int,
) -> int | None:
    """Write that an attempt begins; return its number, or None when healing has had `max_per_hour` within the hour.

    Attempts by hand are bounded by nothing and do not count. An attempt that is later than `now` counts (a clock was
    set back). The caller has the lock of the service.
    """
    restart_id: int | None = await connection.fetchval(
        """
        INSERT INTO service_restarts (service, cause, attempt, state, begun_at, actor, by_hand, run_id)
        SELECT $1, $2, $3, 'begun', $4, $5, $6, $7
        WHERE $6 OR $8 > (SELECT count(*) FROM service_restarts
                          WHERE service = $1 AND NOT by_hand AND begun_at > $4::timestamptz - interval '1 hour')
        RETURNING restart_id
        """,
        service,
        cause,
        attempt,
        now,
        actor,
        by_hand,
        run_id,
        max_per_hour,
    )
    return restart_id


async def mark_started(connection: Connection, restart_id: int) -> bool:
    """Write that the commands have run; False when the attempt was given up for dead meanwhile."""
    status: str = await connection.execute(
        "UPDATE service_restarts SET state = 'started' WHERE restart_id = $1 AND state = 'begun'", restart_id
    )
    return status == "UPDATE 1"


async def settle(connection: Connection, restart_id: int, state: RestartState, detail: str, now: datetime) -> bool:
    """Write what came of an attempt that is under way; False when somebody has written it before."""
    status: str = await connection.execute(
        """
        UPDATE service_restarts SET state = $2, detail = $3, ended_at = $4
        WHERE restart_id = $1 AND state IN ('begun', 'started')
        """,
        restart_id,
        state.value,
        detail,
        now,
    )
    return status == "UPDATE 1"


async def interrupt(connection: Connection, service: str, now: datetime) -> int:
    """Close the attempts at `service` that are under way, whose makers are dead: the caller has the lock.

    Return how many these were. They go on counting.
    """
    status: str = await connection.execute(
        """
        UPDATE service_restarts SET state = 'interrupted', ended_at = $2,
            detail = 'whoever made this attempt was gone before it could tell what came of it'
        WHERE service = $1 AND state IN ('begun', 'started')
        """,
        service,
        now,
    )
    return int(status.split()[1])


async def interrupt_dead(connection: Connection, now: datetime) -> int:
    """Close the attempts whose makers are dead, as nobody holds their lock; return how many these were.

    Belongs into a transaction.
    """
    rows = await connection.fetch(
        "SELECT DISTINCT service FROM service_restarts WHERE state IN ('begun', 'started') ORDER BY 1"
    )
    closed = 0
    for row in rows:
        if await session_locks.is_free(connection, _LOCKS, row["service"]):
            closed += await interrupt(connection, row["service"], now)
    return closed


async def attempts(
    connection: Connection, services: Collection[str], since: datetime
) -> dict[str, tuple[Restart, ...]]:
    """Return the attempts at each of `services` since then, the newest first; the newest of all in any case."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM service_restarts WHERE service = ANY ($1::text[]) AND begun_at >= $2
        UNION
        SELECT newest.* FROM unnest($1::text[]) AS s(service) CROSS JOIN LATERAL (
            SELECT {_COLUMNS} FROM service_restarts r WHERE r.service = s.service
            ORDER BY restart_id DESC LIMIT 1) AS newest
        ORDER BY restart_id DESC
        """,
        list(services),
        since,
    )
    found: dict[str, list[Restart]] = {service: [] for service in services}
    for row in rows:
        found[row["service"]].append(_restart(row))
    return {service: tuple(some) for service, some in found.items()}


async def surrender(connection: Connection, service: str, detail: str, now: datetime, *, by_hand: bool = False) -> bool:
    """Leave `service` alone from now on; False when it was left alone already. A stop by hand replaces a surrender."""
    status: str = await connection.execute(
        """
        INSERT INTO service_surrenders AS s (service, since, detail, by_hand) VALUES ($1, $2, $3, $4)
        ON CONFLICT (service) DO UPDATE SET (since, detail, by_hand)
            = (excluded.since, excluded.detail, excluded.by_hand)
        WHERE excluded.by_hand AND NOT s.by_hand
        """,
        service,
        now,
        detail,
        by_hand,
    )
    return status == "INSERT 0 1"


async def end_surrender(connection: Connection, service: str) -> bool:
    """Heal `service` again; False when it was not left alone."""
    status: str = await connection.execute("DELETE FROM service_surrenders WHERE service = $1", service)
    return status == "DELETE 1"


async def surrenders(connection: Connection) -> dict[str, Surrender]:
    """Return all services that are left alone, by name."""
    rows = await connection.fetch("SELECT service, since, detail, by_hand FROM service_surrenders ORDER BY service")
    return {row["service"]: Surrender(**row) for row in rows}


async def prune(connection: Connection, before: datetime) -> int:
    """Delete the attempts that ended before then, but the newest of each service; return how many these were."""
    status: str = await connection.execute(
        """
        DELETE FROM service_restarts r WHERE ended_at < $1 AND restart_id < (
            SELECT max(restart_id) FROM service_restarts newer WHERE newer.service = r.service)
        """,
        before,
    )
    return int(status.split()[1])


def _restart(row: Any) -> Restart:
    return Restart(**{**dict(row), "state": RestartState(row["state"])})
