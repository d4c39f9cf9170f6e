"""Knowledge nodes and the history of their scores and verdicts (`knowledge_nodes`, `confidence_history`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.identity import pake_id
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class NodeRow:
    """The verdict on an entry version, of which its knowledge node is made; `flags` become its metadata (D-23)."""

    entry_id: int
    confidence_score: float
    verification_status: str
    reasons: tuple[str, ...]
    flags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A change of score or status, the verdict's first reason and what brought it about.

    None for what was before the first verdict. `changed_by` names a person, or the pipeline.
    """

    pake_id: UUID
    old_score: float | None
    new_score: float
    old_status: str | None
    new_status: str
    reason: str
    cause: str
    changed_by: str = "pipeline"


async def save_nodes(
    connection: Connection, nodes: Sequence[NodeRow], history: Sequence[HistoryRow], run_id: str
) -> list[UUID]:
    """Store `nodes` and the `history` of those that really changed; return the nodes that are new or differ.

    A node's text is its document's; its tags are the source's and the foremost key phrases.
    """
    rows = await connection.fetch(
        f"""
        INSERT INTO knowledge_nodes AS n (pake_id, entry_id, title, content, confidence_score, verification_status,
                reasons, metadata, source_name, source_uri, tags, content_hash, published_at, run_id)
        SELECT e.pake_id, e.entry_id, d.title, d.text, g.confidence_score, g.verification_status, g.reasons, g.metadata,
               s.name, coalesce(e.url, 'local://' || i.source || '/' || i.key), {_TAGS}, d.content_hash,
               e.published_at, $2
        FROM jsonb_to_recordset($1) AS g(entry_id bigint, confidence_score real, verification_status text,
             reasons text[], metadata jsonb)
        JOIN entries e USING (entry_id) JOIN documents d USING (entry_id) JOIN items i USING (pake_id)
        JOIN sources s USING (source)
        ON CONFLICT (pake_id) DO UPDATE SET (entry_id, title, content, confidence_score, verification_status, reasons,
                metadata, source_name, source_uri, tags, content_hash, published_at, run_id, updated_at)
            = (excluded.entry_id, excluded.title, excluded.content, excluded.confidence_score,
               excluded.verification_status, excluded.reasons, excluded.metadata, excluded.source_name,
               excluded.source_uri, excluded.tags, excluded.content_hash, excluded.published_at, excluded.run_id, now())
        WHERE (n.entry_id, n.title, n.content, n.confidence_score, n.verification_status, n.reasons, n.metadata,
               n.source_name, n.source_uri, n.tags, n.content_hash, n.published_at)
            IS DISTINCT FROM (excluded.entry_id, excluded.title, excluded.content, excluded.confidence_score,
               excluded.verification_status, excluded.reasons, excluded.metadata, excluded.source_name,
               excluded.source_uri, excluded.tags, excluded.content_hash, excluded.published_at)
        RETURNING pake_id
        """,
        [_record(node) for node in nodes],
        run_id,
    )
    changed = {row["pake_id"] for row in rows}
    crash.point(CrashPoint.PUBLISH_NODES_WRITTEN)
    await save_history(connection, [row for row in history if row.pake_id in changed], run_id)
    crash.point(CrashPoint.PUBLISH_HISTORY_WRITTEN)
    return sorted(changed)


# five key phrases: what a person takes in at a glance beside the source's own tags
_TAGS = """
e.tags || ARRAY(
    SELECT phrase FROM jsonb_array_elements_text(d.linguistics -> 'key_phrases') WITH ORDINALITY AS k(phrase, place)
    WHERE place <= 5 AND NOT lower(phrase) IN (SELECT lower(tag) FROM unnest(e.tags) AS own(tag)) ORDER BY place)
"""


def _record(node: NodeRow) -> dict[str, Any]:
    return {
        "entry_id": node.entry_id,
        "confidence_score": node.confidence_score,
        "verification_status": node.verification_status,
        "reasons": list(node.reasons),
        "metadata": dict(node.flags),
    }


async def save_history(connection: Connection, history: Sequence[HistoryRow], run_id: str) -> None:
    """Remember changes of score or status, and log those of status."""
    given = [{field.name: getattr(row, field.name) for field in fields(row)} for row in history]
    await connection.execute(
        """
        INSERT INTO confidence_history (pake_id, old_score, new_score, old_status, new_status, reason, cause,
                                        changed_by, run_id)
        SELECT g.*, $2 FROM jsonb_to_recordset($1) AS g(pake_id uuid, old_score real, new_score real, old_status text,
             new_status text, reason text, cause text, changed_by text)
        """,
        given,
        run_id,
    )
    await connection.execute(
        """
        INSERT INTO processing_logs (pake_id, operation, details, success, run_id)
        SELECT g.pake_id, 'status_change',
               jsonb_build_object('from', g.old_status, 'to', g.new_status, 'reason', g.reason), true, $2
        FROM jsonb_to_recordset($1) AS g(pake_id uuid, old_status text, new_status text, reason text)
        WHERE g.old_status IS DISTINCT FROM g.new_status
        """,
        given,
        run_id,
    )


async def withdraw(connection: Connection, dropped: Mapping[UUID, str], run_id: str) -> int:
    """Archive the nodes of items whose newest version an ingest filter stopped; return how many there were.

    `dropped` maps an item to the filter's reason. The node keeps the text of the version that was published last.
    """
    rows = await connection.fetch(
        """
        WITH old AS (
            SELECT n.pake_id, n.verification_status, n.confidence_score, d.reason
            FROM unnest($1::uuid[], $2::text[]) AS d(pake_id, reason) JOIN knowledge_nodes n USING (pake_id)
            WHERE n.verification_status <> 'archived'
        ), archived AS (
            UPDATE knowledge_nodes n
            SET verification_status = 'archived', run_id = $3, updated_at = now(),
                reasons = ARRAY[CASE old.reason WHEN 'gone_from_source' THEN 'Its source no longer has it.'
                                ELSE 'Its newest version was dropped: ' || old.reason || '.' END],
                metadata = jsonb_build_object('withdrawn', old.reason)
            FROM old WHERE n.pake_id = old.pake_id
        )
        SELECT pake_id, verification_status, confidence_score, reason FROM old
        """,
        list(dropped),
        list(dropped.values()),
        run_id,
    )
    history = [
        HistoryRow(row["pake_id"], row["confidence_score"], row["confidence_score"], row["verification_status"],
                   "archived", f"Its newest version was dropped: {row['reason']}.", "a new version")
        for row in rows
    ]  # fmt: skip
    await save_history(connection, history, run_id)
    return len(rows)


_SAMPLE_ROWS = (
    (
        "local://system",
        "PAKE+ System initialization successful. All components operational.",
        1.0,
        "system",
        ["system", "initialization"],
    ),
    (
        "local://test",
        "Test knowledge node for validation of ingestion pipeline functionality.",
        0.8,
        "test",
        ["test", "validation"],
    ),
)


async def seed_sample_rows(connection: Connection) -> int:
    """Insert the guides' two sample nodes (DB-07, DB-08) where they are missing; return how many were."""
    await connection.execute(
        """
        INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
        VALUES ('local', 'This system', 'system', 'local://', 1.0, 'system', true) ON CONFLICT DO NOTHING
        """
    )
    inserted = 0
    for uri, content, score, kind, tags in _SAMPLE_ROWS:
        identity = pake_id("local", uri)
        await connection.execute(
            "INSERT INTO items (pake_id, source, key) VALUES ($1, 'local', $2) ON CONFLICT DO NOTHING", identity, uri
        )
        done = await connection.fetchval(
            """
            INSERT INTO knowledge_nodes (pake_id, title, content, confidence_score, type, verification_status, reasons,
                                         source_name, source_uri, tags, content_hash, run_id)
            VALUES ($1, $2, $3, $4, $5, 'verified', '{"It was written by this system."}', 'This system', $6, $7,
                    encode(sha256(convert_to($3, 'UTF8')), 'hex'), 'init')
            ON CONFLICT DO NOTHING RETURNING 1
            """,
            identity,
            content.split(".")[0],
            content,
            score,
            kind,
            uri,
            tags,
        )
        inserted += done or 0
    return inserted


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """How the items of one source ended; `average` is the mean confidence, None without nodes."""

    source: str
    name: str
    items: int
    verified: int
    pending: int
    quarantined: int
    rejected: int
    duplicates: int
    dropped: int
    average: float | None


async def summary_by_source(connection: Connection) -> list[SourceSummary]:
    """Return for each source with items how they ended."""
    rows = await connection.fetch(
        """
        SELECT s.source, s.name, count(*) AS items,
               count(*) FILTER (WHERE n.verification_status = 'verified') AS verified,
               count(*) FILTER (WHERE n.verification_status = 'pending') AS pending,
               count(*) FILTER (WHERE n.verification_status = 'quarantined') AS quarantined,
               count(*) FILTER (WHERE n.verification_status = 'rejected') AS rejected,
               count(*) FILTER (WHERE n.metadata ->> 'flagged' = 'potential_duplicate') AS duplicates,
               count(*) FILTER (WHERE d.dropped IS NOT NULL) AS dropped,
               avg(n.confidence_score) AS average
        FROM sources s JOIN items i USING (source)
        JOIN entries e ON e.pake_id = i.pake_id AND e.superseded_at IS NULL
        LEFT JOIN documents d USING (entry_id) LEFT JOIN knowledge_nodes n ON n.pake_id = i.pake_id
        GROUP BY s.source, s.name ORDER BY s.source
        """
    )
    return [SourceSummary(**row) for row in rows]


async def has_published(connection: Connection) -> bool:
    """Tell whether any fetched item has become a node."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM knowledge_nodes WHERE entry_id IS NOT NULL)")
    return found
