"""Whose turn it is at a host (`host_budgets`): one request at a time and a token bucket, for all runs together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """Somebody wants to send a request on `budget`: one in `spacing` on average, at most `burst` at once."""

    budget: str
    spacing: timedelta
    burst: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether it is granted; if not, how long to wait before asking again, and until when the host wants peace."""

    granted: bool
    wait: timedelta = timedelta()
    held_until: datetime | None = None


async def take_turns(
    connection: Connection, wanted: Sequence[TurnRequest], holder: UUID, now: datetime, lease: timedelta
) -> list[Turn]:
    """Take a token and the lease of each budget where both are free; return the outcome of each in order.

    No two of `wanted` may be for the same budget. A lease that its holder does not give back ends by itself. The
    bucket is the generic cell rate algorithm (ITU-T I.371): it is kept as the moment at which it will be full. If
    that is further ahead than an empty bucket takes to fill, a clock was set back, and the bucket counts as full.
    """
    ordered = sorted(wanted, key=lambda one: one.budget)  # everybody locks in the same order
    granted = await connection.fetch(
        """
        INSERT INTO host_budgets AS h (budget, spacing, burst, full_at, holder, lease_until)
        SELECT budget, spacing, burst, $4::timestamptz + spacing, $5, $4 + $6::interval
        FROM unnest($1::text[], $2::interval[], $3::integer[]) AS g(budget, spacing, burst)
        ON CONFLICT (budget) DO UPDATE
            SET (spacing, burst, full_at, holder, lease_until)
              = (excluded.spacing, excluded.burst,
                 excluded.spacing + CASE WHEN h.full_at BETWEEN $4 AND $4 + excluded.spacing * excluded.burst
                                         THEN h.full_at ELSE $4 END,
                 excluded.holder, excluded.lease_until)
        WHERE (h.holder IS NULL OR h.lease_until < $4) AND (h.held_until IS NULL OR h.held_until <= $4)
          AND (h.full_at <= $4 + excluded.spacing * (excluded.burst - 1)
               OR h.full_at > $4 + excluded.spacing * excluded.burst)
        RETURNING budget
        """,
        [one.budget for one in ordered],
        [one.spacing for one in ordered],
        [one.burst for one in ordered],
        now,
        holder,
        lease,
    )
    turns = {row["budget"]: Turn(granted=True) for row in granted}
    refused = [one for one in ordered if one.budget not in turns]
    if refused:
        turns |= await _waits(connection, refused, now)
    return [turns[one.budget] for one in wanted]


async def _waits(connection: Connection, refused: Sequence[TurnRequest], now: datetime) -> dict[str, Turn]:
    rows = await connection.fetch(
        """
        SELECT h.budget, CASE WHEN h.held_until > $4 THEN h.held_until END AS held_until,
               greatest(h.full_at - g.spacing * (g.burst - 1) - $4, interval '0') AS wait
        FROM unnest($1::text[], $2::interval[], $3::integer[]) AS g(budget, spacing, burst)
        JOIN host_budgets h USING (budget)
        """,
        [one.budget for one in refused],
        [one.spacing for one in refused],
        [one.burst for one in refused],
        now,
    )
    return {row["budget"]: Turn(False, row["wait"], row["held_until"]) for row in rows}


async def give_back(connection: Connection, budgets: Collection[str], holder: UUID, now: datetime) -> None:
    """End the leases of `holder` on `budgets`.

    The token that was taken counts from `now` at the earliest: a host that sees a slow request followed by a quick one
    must not see them closer to each other than its rate allows.
    """
    await connection.execute(
        """
        UPDATE host_budgets
        SET holder = NULL, lease_until = NULL, full_at = greatest(full_at, $3::timestamptz + spacing)
        WHERE holder = $2 AND budget IN (
            SELECT budget FROM host_budgets WHERE budget = ANY ($1::text[]) ORDER BY budget FOR UPDATE)
        """,
        sorted(budgets),
        holder,
        now,
    )


async def hold(connection: Connection, budget: str, now: datetime, until: datetime) -> None:
    """Let nobody use `budget` from `now` on before `until`."""
    await connection.execute(
        """
        INSERT INTO host_budgets AS h (budget, spacing, burst, full_at, held_until)
        VALUES ($1, interval '0', 1, $2, $3)
        ON CONFLICT (budget) DO UPDATE SET held_until = greatest(h.held_until, excluded.held_until)
        """,
        budget,
        now,
        until,
    )
