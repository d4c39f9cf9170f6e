"""The sources as configured, and what their readers remember between visits (`sources`, `source_state`)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as the database knows it; `authority` in [0, 1]."""

    source: str
    name: str
    kind: str
    address: str
    authority: float
    authority_basis: str
    enabled: bool
    disabled_because: str | None


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a reader remembers: validators as the server gave them, and which raw fetch still holds unread items."""

    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    parser_version: str | None = None
    backlog_fetch_id: int | None = None


async def sync_sources(connection: Connection, rows: Iterable[SourceRow]) -> None:
    """Bring the table in line with the configuration; rows that are no longer configured stay, disabled."""
    given = [asdict(row) for row in rows]
    await connection.execute(
        """
        INSERT INTO sources AS s (source, name, kind, address, authority, authority_basis, enabled, disabled_because)
        SELECT source, name, kind, address, authority, authority_basis, enabled, disabled_because
        FROM jsonb_to_recordset($1) AS g(source text, name text, kind text, address text, authority real,
                                         authority_basis text, enabled boolean, disabled_because text)
        ON CONFLICT (source) DO UPDATE SET (name, kind, address, authority, authority_basis, enabled,
                                            disabled_because, updated_at)
            = (excluded.name, excluded.kind, excluded.address, excluded.authority, excluded.authority_basis,
               excluded.enabled, excluded.disabled_because, now())
        WHERE (s.name, s.kind, s.address, s.authority, s.authority_basis, s.enabled, s.disabled_because)
            IS DISTINCT FROM (excluded.name, excluded.kind, excluded.address, excluded.authority,
                              excluded.authority_basis, excluded.enabled, excluded.disabled_because)
        """,
        given,
    )
    await connection.execute(
        """
        UPDATE sources SET enabled = false, disabled_because = 'it is no longer configured', updated_at = now()
        WHERE enabled AND authority_basis <> 'system' AND source <> ALL ($1::text[])
        """,
        [row["source"] for row in given],
    )


async def load_state(connection: Connection, source: str) -> SourceState:
    """Return what the reader of `source` remembers, empty at the first visit."""
    row = await connection.fetchrow(
        """
        SELECT etag, last_modified, body_sha256, parser_version, backlog_fetch_id
        FROM source_state WHERE source = $1
        """,
        source,
    )
    return SourceState(**row) if row else SourceState()


async def lock(connection: Connection, source: str) -> None:
    """Let no other transaction write for `source` until this one ends."""
    await connection.execute("INSERT INTO source_state (source) VALUES ($1) ON CONFLICT DO NOTHING", source)
    await connection.execute("SELECT 1 FROM source_state WHERE source = $1 FOR UPDATE", source)


async def save_state(connection: Connection, source: str, state: SourceState) -> None:
    """Remember `state`; belongs into the transaction that stores the entries it stands for."""
    await connection.execute(
        """
        INSERT INTO source_state (source, etag, last_modified, body_sha256, parser_version, backlog_fetch_id)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (source) DO UPDATE SET (etag, last_modified, body_sha256, parser_version, backlog_fetch_id)
            = (excluded.etag, excluded.last_modified, excluded.body_sha256, excluded.parser_version,
               excluded.backlog_fetch_id)
        """,
        source,
        state.etag,
        state.last_modified,
        state.body_sha256,
        state.parser_version,
        state.backlog_fetch_id,
    )


async def record_success(connection: Connection, source: str, when: datetime) -> None:
    """Note that a visit to `source` went well."""
    await connection.execute(
        """
        INSERT INTO source_state (source, checked_at, succeeded_at) VALUES ($1, $2, $2)
        ON CONFLICT (source) DO UPDATE
            SET checked_at = $2, succeeded_at = $2, consecutive_failures = 0, last_error = NULL
        """,
        source,
        when,
    )


async def record_failure(connection: Connection, source: str, when: datetime, error: str) -> int:
    """Note that a visit to `source` failed; return how many have failed in a row."""
    count: int = await connection.fetchval(
        """
        INSERT INTO source_state AS s (source, checked_at, consecutive_failures, last_error) VALUES ($1, $2, 1, $3)
        ON CONFLICT (source) DO UPDATE
            SET checked_at = $2, consecutive_failures = s.consecutive_failures + 1, last_error = $3
        RETURNING consecutive_failures
        """,
        source,
        when,
        error,
    )
    return count
