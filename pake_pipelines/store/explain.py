"""Provenance: everything that led to one node, from the raw bytes to the verdict, with the run of each step."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pake_pipelines.store.database import Connection

_CHAIN = """
SELECT i.pake_id, i.source, i.key, s.name AS source_name, s.authority_basis,
       to_jsonb(f) AS raw_fetch,
       to_jsonb(e) - 'body' AS entry,
       (SELECT count(*) FROM entries v WHERE v.pake_id = i.pake_id) AS versions,
       to_jsonb(d) - 'text' || jsonb_build_object('characters', length(d.text)) AS document,
       (SELECT jsonb_agg(jsonb_build_object('model', v.model, 'run_id', v.run_id, 'created_at', v.created_at))
          FROM embeddings v WHERE v.embedding_key = d.embedding_key) AS embeddings,
       (SELECT jsonb_object_agg(m.stage, jsonb_build_object('version', m.version, 'run_id', m.run_id,
               'made_at', m.made_at)) FROM stage_marks m WHERE m.entry_id = e.entry_id AND m.version <> '') AS stages,
       (SELECT jsonb_agg(jsonb_build_object('other', other.pake_id, 'title', other.title, 'level', c.level,
               'reason', c.reason, 'score', c.score, 'decision', c.decision, 'evidence', c.evidence,
               'run_id', c.run_id) ORDER BY c.score DESC)
          FROM duplicate_candidates c JOIN entries other
            ON other.pake_id = CASE WHEN c.a_id = i.pake_id THEN c.b_id ELSE c.a_id END AND other.superseded_at IS NULL
          WHERE i.pake_id IN (c.a_id, c.b_id)) AS candidates,
       (SELECT jsonb_agg(jsonb_build_object('other', other.pake_id, 'title', other.title, 'ruling', r.ruling,
               'actor', a.actor, 'reason', a.details ->> 'reason', 'at', a.created_at)
               ORDER BY a.event_id, other.pake_id)
          FROM duplicate_rulings r JOIN audit_events a USING (event_id) JOIN entries other
            ON other.pake_id = CASE WHEN r.a_id = i.pake_id THEN r.b_id ELSE r.a_id END AND other.superseded_at IS NULL
          WHERE i.pake_id IN (r.a_id, r.b_id)) AS rulings,
       (SELECT jsonb_agg(jsonb_build_object('old_key', m.old_key, 'new_key', m.new_key, 'run_id', m.run_id,
               'at', m.created_at) ORDER BY m.rename_id)
          FROM item_renames m WHERE m.pake_id = i.pake_id) AS renames,
       (SELECT jsonb_build_object('group_id', g.group_id, 'canonical_id', g.canonical_id, 'members', g.members,
               'canonical_title', ce.title, 'because', g.canonical_because, 'run_id', g.run_id)
          FROM duplicate_members m JOIN duplicate_groups g USING (group_id)
          JOIN entries ce ON ce.pake_id = g.canonical_id AND ce.superseded_at IS NULL
          WHERE m.pake_id = i.pake_id) AS duplicate_group,
       (SELECT jsonb_agg(jsonb_build_object('type', c.connection_type, 'other',
               CASE WHEN c.source_id = i.pake_id THEN c.target_id ELSE c.source_id END,
               'title', other.title, 'strength', c.strength, 'run_id', c.run_id) ORDER BY c.strength DESC)
          FROM node_connections c JOIN entries other
            ON other.pake_id = CASE WHEN c.source_id = i.pake_id THEN c.target_id ELSE c.source_id END
               AND other.superseded_at IS NULL
          WHERE i.pake_id IN (c.source_id, c.target_id)) AS connections,
       (SELECT jsonb_build_object('spam_score', t.spam_score, 'evidence', t.evidence, 'patterns', t.patterns)
          FROM text_signals t WHERE t.entry_id = e.entry_id) AS signals,
       (SELECT jsonb_agg(jsonb_build_object('url', h.url, 'state', coalesce(l.state, 'unknown'),
               'detail', coalesce(l.detail, 'not asked yet'), 'checked_at', l.checked_at, 'run_id', l.run_id)
               ORDER BY h.place)
          FROM unnest(d.hrefs) WITH ORDINALITY AS h(url, place) LEFT JOIN link_checks l USING (url)) AS links,
       to_jsonb(q) AS quality, to_jsonb(cs) AS confidence,
       (SELECT to_jsonb(c) - '{parameters,in_force}'::text[] FROM calibrations c
          WHERE c.in_force AND cs.probability IS NOT NULL) AS calibration,
       (SELECT jsonb_build_object('decision', r.decision, 'actor', a.actor, 'reason', a.details ->> 'reason',
               'at', a.created_at, 'holds', r.entry_id = e.entry_id)
          FROM reviews r JOIN audit_events a USING (event_id) WHERE r.pake_id = i.pake_id) AS review,
       to_jsonb(n) - 'content' AS node,
       (SELECT jsonb_agg(to_jsonb(h) - 'pake_id' ORDER BY h.history_id)
          FROM confidence_history h WHERE h.pake_id = i.pake_id) AS history
FROM items i JOIN sources s USING (source)
LEFT JOIN entries e ON e.pake_id = i.pake_id AND e.superseded_at IS NULL
LEFT JOIN raw_fetches f USING (fetch_id)
LEFT JOIN documents d USING (entry_id) LEFT JOIN qa_results q USING (entry_id)
LEFT JOIN confidence_scores cs USING (entry_id) LEFT JOIN knowledge_nodes n ON n.pake_id = i.pake_id
WHERE i.pake_id = $1
"""


async def explain(connection: Connection, pake_id: UUID) -> dict[str, Any] | None:
    """Return the whole chain behind `pake_id` as JSON-able data, or None when there is no such item."""
    row = await connection.fetchrow(_CHAIN, pake_id)
    return dict(row) if row else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an item came: its version in force, if its source still has it, and what the store says of that.

    `version` is that of the judgement, and `stale` when it waits to be made anew; `status` is the node's.
    """

    pake_id: UUID
    entry_id: int | None
    title: str | None
    cleaned: bool
    dropped: str | None
    version: str | None
    stale: bool
    status: str | None


async def standing(connection: Connection, pake_id: UUID) -> Standing | None:
    """Return where the item `pake_id` stands, or None when there is no such item."""
    row = await connection.fetchrow(
        """
        SELECT i.pake_id, e.entry_id, coalesce(d.title, e.title, n.title) AS title, d.entry_id IS NOT NULL AS cleaned,
               d.dropped, m.version, coalesce(m.stale, false) AS stale, n.verification_status AS status
        FROM items i LEFT JOIN entries e ON e.pake_id = i.pake_id AND e.superseded_at IS NULL
        LEFT JOIN documents d USING (entry_id)
        LEFT JOIN stage_marks m ON m.entry_id = e.entry_id AND m.stage = 'confidence'
        LEFT JOIN knowledge_nodes n ON n.pake_id = i.pake_id
        WHERE i.pake_id = $1
        """,
        pake_id,
    )
    return Standing(**row) if row else None


async def find(connection: Connection, text: str, limit: int = 10) -> list[tuple[UUID, str]]:
    """Return (pake_id, title) of items whose id starts with `text` or whose title contains it."""
    rows = await connection.fetch(
        """
        SELECT pake_id, title FROM entries WHERE superseded_at IS NULL
          AND (pake_id::text LIKE $1 || '%' OR strpos(lower(title), lower($1)) > 0)
        ORDER BY title, pake_id LIMIT $2
        """,
        text,
        limit,
    )
    return [(row["pake_id"], row["title"]) for row in rows]


async def node(connection: Connection, pake_id: UUID) -> dict[str, Any] | None:
    """Return the node `pake_id` with its content as JSON-able data, or None when there is none."""
    value: dict[str, Any] | None = await connection.fetchval(
        "SELECT to_jsonb(n) FROM knowledge_nodes n WHERE pake_id = $1", pake_id
    )
    return value
