"""Series that are not quiet (`alert_series`). All of it belongs into the transaction of an evaluation."""

from collections.abc import Collection, Iterable
from datetime import datetime

from pake_pipelines.model.alert import Condition
from pake_pipelines.model.episode import Series
from pake_pipelines.store.database import Connection


async def load(connection: Connection) -> dict[str, Series]:
    """Return fingerprint -> series, of all that are not quiet."""
    rows = await connection.fetch(
        """
        SELECT fingerprint, rule, labels, condition, since, in_a_row, read_at, history, flapping, closed_by_hand, value,
               detail
        FROM alert_series
        """
    )
    return {row["fingerprint"]: Series(**{**row, "condition": Condition(row["condition"])}) for row in rows}


async def save(connection: Connection, series: Iterable[Series]) -> None:
    """Write `series` as they are now."""
    if rows := list(series):
        await connection.execute(
            """
            INSERT INTO alert_series (fingerprint, rule, labels, condition, since, in_a_row, read_at, history, flapping,
                                      closed_by_hand, value, detail)
            SELECT * FROM jsonb_to_recordset($1) AS given(
                fingerprint text, rule text, labels jsonb, condition text, since timestamptz, in_a_row integer,
                read_at timestamptz, history integer, flapping boolean, closed_by_hand boolean, value float8,
                detail text)
            ON CONFLICT (fingerprint) DO UPDATE SET
                labels = excluded.labels, condition = excluded.condition, since = excluded.since,
                in_a_row = excluded.in_a_row, read_at = excluded.read_at, history = excluded.history,
                flapping = excluded.flapping, closed_by_hand = excluded.closed_by_hand, value = excluded.value,
                detail = excluded.detail
            """,
            rows,
        )


async def forget(connection: Connection, fingerprints: Collection[str]) -> None:
    """Forget series that have become quiet, or exist no more."""
    if fingerprints:
        await connection.execute("DELETE FROM alert_series WHERE fingerprint = ANY ($1::text[])", list(fingerprints))


async def prune(connection: Connection, before: datetime) -> int:
    """Forget series without an open alert that were last read before `before`; return how many."""
    rows = await connection.fetch(
        """
        DELETE FROM alert_series s WHERE read_at < $1
          AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.fingerprint = s.fingerprint AND a.state <> 'resolved')
        RETURNING fingerprint
        """,
        before,
    )
    return len(rows)
