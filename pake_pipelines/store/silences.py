"""Silences (`silences`): alerts that fit are not told for a while. They are ended, never deleted before their time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pake_pipelines.model.episode import Silence
from pake_pipelines.store import audit
from pake_pipelines.store.database import Connection

_COLUMNS = "silence_id, matchers, starts_at, ends_at, author, comment"


async def in_force(connection: Connection, now: datetime) -> list[Silence]:
    """Return the silences that are in force at `now`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM silences WHERE starts_at <= $1 AND ends_at > $1 ORDER BY silence_id", now
    )
    return [Silence(**row) for row in rows]


async def list_silences(connection: Connection, now: datetime, *, ended: bool = False) -> list[Silence]:
    """Return the silences that are in force or to come at `now`, with `ended` also those of the past."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM silences WHERE $2 OR ends_at > $1 ORDER BY starts_at, silence_id", now, ended
    )
    return [Silence(**row) for row in rows]


async def add(
    connection: Connection,
    matchers: Mapping[str, str],
    starts_at: datetime,
    ends_at: datetime,
    author: str,
    comment: str = "",
) -> Silence:
    """Add a silence, note it in the audit and return it. Raises ValueError unless it ends after it starts."""
    if ends_at <= starts_at:
        raise ValueError("a silence ends after it starts")
    row = await connection.fetchrow(
        f"""
        INSERT INTO silences (matchers, starts_at, ends_at, author, comment) VALUES ($1, $2, $3, $4, $5)
        RETURNING {_COLUMNS}
        """,
        dict(matchers),
        starts_at,
        ends_at,
        author,
        comment,
    )
    silence = Silence(**row)
    details = {"matchers": dict(matchers), "starts_at": starts_at, "ends_at": ends_at, "comment": comment}
    await audit.record(connection, actor=author, action="silence.add", subject=str(silence.silence_id), details=details)
    return silence


async def end(connection: Connection, silence_ids: Sequence[int], actor: str, now: datetime) -> list[int]:
    """End those of `silence_ids` that are not over, note it in the audit and return them.

    One that was still to come ends as soon as it would have begun.
    """
    rows = await connection.fetch(
        """
        UPDATE silences SET ends_at = greatest($2, starts_at + interval '1 microsecond')
        WHERE silence_id = ANY ($1::bigint[]) AND ends_at > $2 RETURNING silence_id
        """,
        list(silence_ids),
        now,
    )
    ended = sorted(row["silence_id"] for row in rows)
    for one in ended:
        await audit.record(connection, actor=actor, action="silence.end", subject=str(one), details={})
    return ended


async def prune(connection: Connection, before: datetime) -> int:
    """Delete silences that ended before `before`; return how many."""
    rows = await connection.fetch("DELETE FROM silences WHERE ends_at < $1 RETURNING silence_id", before)
    return len(rows)
