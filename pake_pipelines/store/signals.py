"""Signals of texts, kept until the text or the rules they follow from change (`text_signals`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pake_pipelines.model.signals import Evidence, Signals, Spam
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A document without signals: what they are found in; `hrefs` are the addresses that it links to."""

    entry_id: int
    title: str
    text: str
    hrefs: tuple[str, ...]


async def load_signals(connection: Connection, entry_ids: Sequence[int], version: str) -> dict[int, Signals]:
    """Return the signals of those of `entry_ids` that have some of `version`."""
    rows = await connection.fetch(
        """
        SELECT entry_id, spam_score, evidence, patterns FROM text_signals
        WHERE entry_id = ANY ($1::bigint[]) AND version = $2
        """,
        list(entry_ids),
        version,
    )
    return {
        row["entry_id"]: Signals(
            Spam(row["spam_score"], tuple(Evidence(*one) for one in row["evidence"])), row["patterns"]
        )
        for row in rows
    }


async def unmeasured(connection: Connection, entry_ids: Sequence[int]) -> list[Unmeasured]:
    """Return what the signals of `entry_ids` are found in."""
    rows = await connection.fetch(
        "SELECT entry_id, title, text, hrefs FROM documents WHERE entry_id = ANY ($1::bigint[])", list(entry_ids)
    )
    return [Unmeasured(row["entry_id"], row["title"], row["text"], tuple(row["hrefs"])) for row in rows]


async def save_signals(connection: Connection, found: Mapping[int, Signals], version: str) -> None:
    """Store the signals of each entry."""
    await connection.execute(
        """
        INSERT INTO text_signals (entry_id, version, spam_score, evidence, patterns)
        SELECT g.entry_id, $2, g.spam_score, g.evidence, g.patterns
        FROM jsonb_to_recordset($1) AS g(entry_id bigint, spam_score double precision, evidence jsonb,
             patterns jsonb)
        ON CONFLICT (entry_id) DO UPDATE SET (version, spam_score, evidence, patterns)
            = (excluded.version, excluded.spam_score, excluded.evidence, excluded.patterns)
        """,
        [
            {
                "entry_id": entry_id,
                "spam_score": one.spam.score,
                "evidence": [list(evidence) for evidence in one.spam.evidence],
                "patterns": dict(one.patterns),
            }
            for entry_id, one in sorted(found.items())
        ],
        version,
    )


async def forget_signals(connection: Connection, entry_ids: Sequence[int]) -> None:
    """Let the signals of `entry_ids` be found anew."""
    await connection.execute("DELETE FROM text_signals WHERE entry_id = ANY ($1::bigint[])", list(entry_ids))


async def drop_unneeded(connection: Connection, limit: int) -> int:
    """Drop up to `limit` signals of texts that were dropped or replaced by a newer version; return how many.

    Belongs into a transaction. They are found again from the text, should it count again.
    """
    status: str = await connection.execute(
        """
        DELETE FROM text_signals WHERE entry_id IN (
            SELECT s.entry_id FROM text_signals s JOIN entries e USING (entry_id) JOIN documents d USING (entry_id)
            WHERE e.superseded_at IS NOT NULL OR d.dropped IS NOT NULL
            ORDER BY s.entry_id LIMIT $1 FOR UPDATE OF s SKIP LOCKED)
        """,
        limit,
    )
    return int(status.split()[1])
