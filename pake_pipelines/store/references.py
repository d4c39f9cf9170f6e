"""References: the addresses that documents link to and the names in them (`document_links`, `document_entities`).

Both hold rows of kept documents only, and of the newest one of each item; by them documents find each other.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from pake_pipelines.model.document import Document
from pake_pipelines.store.database import Connection


async def save_references(connection: Connection, documents: Sequence[Document], *, max_documents: int) -> set[UUID]:
    """Let the links and names of `documents` be all that is stored of their items; dropped documents have none.

    Return the items whose links or names changed, and those with a name that came to be in more than `max_documents`
    documents, or is so no longer: it counts no more, or again. Belongs into the transaction that saves the documents.
    """
    entry_ids = [document.entry_id for document in documents]
    kept = [document for document in documents if document.dropped is None]
    links = [(document.entry_id, url) for document in kept for url in document.links]
    names = [(document.entry_id, name) for document in kept for name in document.entities]
    relinked = await _replace(connection, "document_links", "canonical_url", entry_ids, links)
    renamed = await _replace(connection, "document_entities", "entity", entry_ids, names)
    balance = Counter[str]()
    for _, name, added in renamed:
        balance[name] += added
    changed = {pake_id for pake_id, _, _ in (*relinked, *renamed)}
    return changed | await _holders_of_crossing(connection, balance, max_documents)


async def _replace(
    connection: Connection, table: str, column: str, entry_ids: Sequence[int], given: Iterable[tuple[int, str]]
) -> list[tuple[UUID, str, int]]:
    """Let `given` (entry, value) be the rows of the items of `entry_ids`; return (item, value, +1 or -1) of changes."""
    rows = await connection.fetch(
        f"""
        WITH given AS MATERIALIZED (
            SELECT g.entry_id, g.value, e.pake_id FROM unnest($2::bigint[], $3::text[]) AS g(entry_id, value)
            JOIN entries e USING (entry_id) WHERE e.superseded_at IS NULL
        ), gone AS (
            DELETE FROM {table} x USING entries own JOIN entries old ON old.pake_id = own.pake_id
                AND old.version <= own.version
            WHERE own.entry_id = ANY ($1::bigint[]) AND x.entry_id = old.entry_id
              AND NOT EXISTS (SELECT 1 FROM given g WHERE (g.entry_id, g.value) = (x.entry_id, x.{column}))
            RETURNING own.pake_id, x.{column} AS value
        ), added AS (
            INSERT INTO {table} (entry_id, {column})
            SELECT entry_id, value FROM given g WHERE NOT EXISTS (
                SELECT 1 FROM {table} x WHERE (x.entry_id, x.{column}) = (g.entry_id, g.value))
            RETURNING entry_id, {column} AS value
        )
        SELECT pake_id, value, -1 AS added FROM gone
        UNION ALL SELECT e.pake_id, value, 1 FROM added JOIN entries e USING (entry_id)
        """,
        list(entry_ids),
        *_columns(given),
    )
    return [tuple(row) for row in rows]


def _columns(given: Iterable[tuple[int, str]]) -> tuple[list[int], list[str]]:
    pairs = list(given)
    return [entry_id for entry_id, _ in pairs], [value for _, value in pairs]


async def _holders_of_crossing(connection: Connection, balance: Counter[str], max_documents: int) -> set[UUID]:
    """Return the items with a name that crossed `max_documents` when its documents changed in number by `balance`."""
    moved = {name: by for name, by in balance.items() if by}
    rows = await connection.fetch(
        """
        SELECT DISTINCT e.pake_id FROM unnest($1::text[], $2::int[]) AS moved(entity, balance)
        CROSS JOIN LATERAL (
            SELECT count(*) AS now FROM (
                SELECT 1 FROM document_entities x WHERE x.entity = moved.entity
                LIMIT $3::int + greatest(moved.balance, 0) + 1) AS counted
        ) AS c
        JOIN document_entities holder ON holder.entity = moved.entity JOIN entries e USING (entry_id)
        WHERE (c.now <= $3::int) <> (c.now - moved.balance <= $3::int)
        """,
        list(moved),
        list(moved.values()),
        max_documents,
    )
    return {row["pake_id"] for row in rows}


async def forget_references(connection: Connection, pake_ids: Sequence[UUID], *, max_documents: int) -> set[UUID]:
    """Remove the links and names of the items `pake_ids`; return the items with a name that counts again by that."""
    await connection.execute(
        """
        DELETE FROM document_links x USING entries e WHERE e.entry_id = x.entry_id AND e.pake_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    rows = await connection.fetch(
        """
        WITH gone AS (
            DELETE FROM document_entities x USING entries e
            WHERE e.entry_id = x.entry_id AND e.pake_id = ANY ($1::uuid[]) RETURNING x.entity
        )
        SELECT entity, count(*) AS times FROM gone GROUP BY entity
        """,
        list(pake_ids),
    )
    balance = Counter({row["entity"]: -row["times"] for row in rows})
    return await _holders_of_crossing(connection, balance, max_documents)


async def sharing(
    connection: Connection, entry_ids: Sequence[int], *, at_least: int, max_documents: int
) -> list[tuple[UUID, UUID]]:
    """Return (item of `entry_ids`, other item) of all that share `at_least` names and are no copies of one another.

    A name in more than `max_documents` documents does not count; with that, no name brings more pairs than so many.
    """
    rows = await connection.fetch(
        """
        WITH mine AS MATERIALIZED (
            SELECT entry_id, entity FROM document_entities WHERE entry_id = ANY ($1::bigint[])
        ), holders AS MATERIALIZED (
            SELECT named.entity, x.entry_id, count(*) OVER (PARTITION BY named.entity) AS documents
            FROM (SELECT DISTINCT entity FROM mine) AS named CROSS JOIN LATERAL (
                SELECT entry_id FROM document_entities WHERE entity = named.entity LIMIT $3::int + 1) AS x
        ), paired AS MATERIALIZED (
            SELECT mine.entry_id, holders.entry_id AS other_id FROM mine JOIN holders USING (entity)
            WHERE holders.documents <= $3::int AND holders.entry_id <> mine.entry_id
            GROUP BY 1, 2 HAVING count(*) >= $2::int
        )
        SELECT e.pake_id, o.pake_id AS other_id
        FROM paired JOIN entries e USING (entry_id) JOIN entries o ON o.entry_id = paired.other_id
        LEFT JOIN duplicate_members em ON em.pake_id = e.pake_id
        LEFT JOIN duplicate_members om ON om.pake_id = o.pake_id
        WHERE o.superseded_at IS NULL AND o.pake_id <> e.pake_id AND (em.group_id = om.group_id) IS NOT TRUE
        """,
        list(entry_ids),
        at_least,
        max_documents,
    )
    return [(row["pake_id"], row["other_id"]) for row in rows]


async def names_of(connection: Connection, pake_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """Return the names in the newest documents of `pake_ids`, of those that have any."""
    rows = await connection.fetch(
        """
        SELECT e.pake_id, array_agg(x.entity) AS names FROM entries e
        CROSS JOIN LATERAL (SELECT entity FROM document_entities WHERE entry_id = e.entry_id OFFSET 0) AS x
        WHERE e.pake_id = ANY ($1::uuid[]) GROUP BY e.pake_id
        """,
        list(pake_ids),
    )
    return {row["pake_id"]: frozenset(row["names"]) for row in rows}


async def citations(connection: Connection, pake_ids: Collection[UUID]) -> list[tuple[UUID, UUID, str]]:
    """Return (item of `pake_ids`, item that it links to, canonical address) of every link to the address of an item.

    Of several items with one address the smallest id is meant, and a copy stands for its canonical item. A link
    within a group is none: that the two are copies is said already.
    """
    rows: list[Any] = await connection.fetch(
        """
        WITH links AS MATERIALIZED (
            SELECT e.pake_id, m.group_id, l.canonical_url FROM entries e
            CROSS JOIN LATERAL (SELECT canonical_url FROM document_links WHERE entry_id = e.entry_id OFFSET 0) AS l
            LEFT JOIN duplicate_members m USING (pake_id)
            WHERE e.pake_id = ANY ($1::uuid[]) AND e.superseded_at IS NULL
        ), targets AS MATERIALIZED (
            SELECT DISTINCT named.canonical_url, coalesce(g.canonical_id, e.pake_id) AS target_id, g.group_id
            FROM (SELECT DISTINCT canonical_url FROM links) AS named
            CROSS JOIN LATERAL (SELECT entry_id FROM documents
                WHERE canonical_url = named.canonical_url AND dropped IS NULL OFFSET 0) AS d
            JOIN entries e USING (entry_id)
            LEFT JOIN duplicate_members m USING (pake_id) LEFT JOIN duplicate_groups g USING (group_id)
            WHERE e.superseded_at IS NULL
        )
        SELECT DISTINCT ON (l.pake_id, l.canonical_url) l.pake_id, t.target_id, l.canonical_url
        FROM links l JOIN targets t USING (canonical_url)
        WHERE t.target_id <> l.pake_id AND (t.group_id = l.group_id) IS NOT TRUE
        ORDER BY l.pake_id, l.canonical_url, t.target_id
        """,
        list(pake_ids),
    )
    return [tuple(row) for row in rows]


async def citers(connection: Connection, pake_ids: Collection[UUID]) -> set[UUID]:
    """Return the items that link to an address which one of `pake_ids` has or had, or that cite one of them."""
    rows = await connection.fetch(
        """
        SELECT linking.pake_id
        FROM entries e JOIN documents d USING (entry_id)
        CROSS JOIN LATERAL (SELECT entry_id FROM document_links WHERE canonical_url = d.canonical_url OFFSET 0) AS l
        JOIN entries linking ON linking.entry_id = l.entry_id
        WHERE e.pake_id = ANY ($1::uuid[]) AND linking.superseded_at IS NULL
        UNION
        SELECT source_id FROM node_connections WHERE connection_type = 'cites' AND target_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    return {row["pake_id"] for row in rows}
