"""The sources as configured, what is remembered of them between visits, and what happened to them.

(`sources`, `source_state`, `window_cursors`, `source_events`)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pake_pipelines.store.database import Connection


@dataclass(frozen=True)
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
    """What is remembered of a source.

    `cursor` is its reader's, `backlog_fetch_id` the raw fetch that still holds unread items. `items_per_day` is its
    rhythm. It is due for a schedule at `due_at`, not to be asked by anybody before `wait_until` (the server's wish),
    and at rest until `resting_until` for the `rests`-th time after failures in a row. `moved_to` is where its address
    has permanently redirected in the last `moved_visits` visits, `learned_url` what replaced it.
    """

    cursor: Mapping[str, Any] = field(default_factory=dict)
    parser_version: str | None = None
    backlog_fetch_id: int | None = None
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    consecutive_failures: int = 0
    last_error: str | None = None
    items_per_day: float = 0.0
    due_at: datetime | None = None
    due_because: str | None = None
    wait_until: datetime | None = None
    rests: int = 0
    resting_until: datetime | None = None
    disabled_because: str | None = None
    learned_url: str | None = None
    moved_to: str | None = None
    moved_visits: int = 0
    moved_since: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """What a delivered body changes of its source's state; a cursor of None stays as it is."""

    source: str
    parser_version: str
    cursor: Mapping[str, Any] | None = None
    backlog_fetch_id: int | None = None


@dataclass(frozen=True)
class SourceEvent:
    """Something that happened to a source beyond one visit."""

    source: str
    kind: str
    detail: str


# what visits decide about a source, beside the progress that deliveries make
_STANDING = {
    "checked_at": "timestamptz",
    "succeeded_at": "timestamptz",
    "consecutive_failures": "integer",
    "last_error": "text",
    "items_per_day": "real",
    "due_at": "timestamptz",
    "due_because": "text",
    "wait_until": "timestamptz",
    "rests": "integer",
    "resting_until": "timestamptz",
    "disabled_because": "text",
    "learned_url": "text",
    "moved_to": "text",
    "moved_visits": "integer",
    "moved_since": "timestamptz",
}
_STATE = ", ".join(("cursor", "parser_version", "backlog_fetch_id", *_STANDING))


async def sync_sources(connection: Connection, rows: Iterable[SourceRow]) -> None:
    """Bring the table in line with the configuration; rows that are no longer configured stay, disabled.

    Every source has a state afterwards. What is remembered of a source whose address or kind has changed is
    forgotten: it was said of another place.
    """
    given = [vars(row) for row in rows]
    await connection.execute(
        """
        UPDATE source_state t
        SET cursor = '{}', parser_version = NULL, due_at = NULL, due_because = NULL, wait_until = NULL, rests = 0,
            resting_until = NULL, consecutive_failures = 0, last_error = NULL, disabled_because = NULL,
            learned_url = NULL, moved_to = NULL, moved_visits = 0, moved_since = NULL
        FROM jsonb_to_recordset($1) AS g(source text, kind text, address text) JOIN sources s USING (source)
        WHERE t.source = g.source AND (s.kind, s.address) IS DISTINCT FROM (g.kind, g.address)
        """,
        given,
    )
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
    await connection.execute(
        """
        INSERT INTO source_state (source) SELECT source FROM sources WHERE source = ANY ($1::text[])
        ON CONFLICT (source) DO NOTHING
        """,
        [row["source"] for row in given],
    )


async def load_states(connection: Connection, sources: Sequence[str]) -> dict[str, SourceState]:
    """Return what is remembered of each of `sources`; of one that was never visited, an empty state."""
    rows = await connection.fetch(
        f"SELECT source, {_STATE} FROM source_state WHERE source = ANY ($1::text[])", list(sources)
    )
    return {source: SourceState() for source in sources} | {row["source"]: _state(row) for row in rows}


async def load_state(connection: Connection, source: str) -> SourceState:
    """Return what is remembered of `source`."""
    return (await load_states(connection, [source]))[source]


def _state(row: Mapping[str, Any]) -> SourceState:
    return SourceState(**{name: said for name, said in row.items() if name != "source"})


async def lock(connection: Connection, sources: Sequence[str]) -> dict[str, SourceState]:
    """Let no other transaction write for `sources` until this one ends; return their states as they are now."""
    rows = await connection.fetch(
        f"SELECT source, {_STATE} FROM source_state WHERE source = ANY ($1::text[]) ORDER BY source FOR UPDATE",
        list(sources),
    )
    return {row["source"]: _state(row) for row in rows}


async def save_progress(connection: Connection, made: Iterable[Progress]) -> None:
    """Remember the progress `made`; belongs into the transaction that stores the entries it stands for."""
    await connection.execute(
        """
        UPDATE source_state t
        SET cursor = coalesce(g.cursor, t.cursor), parser_version = g.parser_version,
            backlog_fetch_id = g.backlog_fetch_id
        FROM jsonb_to_recordset($1) AS g(source text, cursor jsonb, parser_version text, backlog_fetch_id bigint)
        WHERE t.source = g.source
        """,
        [vars(one) for one in made],
    )


async def save_standings(connection: Connection, states: Mapping[str, SourceState]) -> None:
    """Remember how each source stands after a visit; its reader's progress is left as it is."""
    columns = ", ".join(_STANDING)
    types = ", ".join(f"{name} {kind}" for name, kind in _STANDING.items())
    await connection.execute(
        f"""
        UPDATE source_state t SET ({columns}) = ({", ".join(f"g.{name}" for name in _STANDING)})
        FROM jsonb_to_recordset($1) AS g(source text, {types}) WHERE t.source = g.source
        """,
        [{"source": source, **{name: getattr(state, name) for name in _STANDING}} for source, state in states.items()],
    )


async def record_events(connection: Connection, events: Sequence[SourceEvent], run_id: str | None) -> None:
    """Keep `events`."""
    if not events:
        return
    await connection.execute(
        """
        INSERT INTO source_events (source, kind, detail, run_id)
        SELECT source, kind, detail, $2 FROM jsonb_to_recordset($1) AS g(source text, kind text, detail text)
        """,
        [vars(event) for event in events],
        run_id,
    )


async def clear_rest(connection: Connection, source: str) -> bool:
    """Let `source` be asked again at once, whatever stopped it; tell whether anything did."""
    cleared = await connection.fetchval(
        """
        UPDATE source_state
        SET rests = 0, resting_until = NULL, consecutive_failures = 0, disabled_because = NULL, due_at = NULL,
            due_because = NULL
        WHERE source = $1 AND (consecutive_failures > 0 OR rests > 0 OR disabled_because IS NOT NULL)
        RETURNING source
        """,
        source,
    )
    if cleared:
        await record_events(connection, [SourceEvent(source, "enabled", "by hand")], None)
    return cleared is not None


async def load_window_cursor(connection: Connection, source: str, first: date, last: date) -> Mapping[str, Any]:
    """Return how far an interrupted look back on these days has come, empty when there is none."""
    cursor: Mapping[str, Any] | None = await connection.fetchval(
        "SELECT cursor FROM window_cursors WHERE source = $1 AND first_day = $2 AND last_day = $3", source, first, last
    )
    return cursor or {}


async def save_window_cursor(
    connection: Connection, source: str, first: date, last: date, cursor: Mapping[str, Any], run_id: str
) -> None:
    """Remember how far a look back has come; belongs into the transaction that stores its entries."""
    await connection.execute(
        """
        INSERT INTO window_cursors (source, first_day, last_day, cursor, run_id) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (source, first_day, last_day) DO UPDATE SET cursor = excluded.cursor, run_id = excluded.run_id
        """,
        source,
        first,
        last,
        dict(cursor),
        run_id,
    )


async def forget_window_cursor(connection: Connection, source: str, first: date, last: date) -> None:
    """Forget a look back that is complete: whoever asks for these days again means all of it."""
    await connection.execute(
        "DELETE FROM window_cursors WHERE source = $1 AND first_day = $2 AND last_day = $3", source, first, last
    )
