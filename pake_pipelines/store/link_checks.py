"""Checked links: what came of asking each address last, for all items that link to it (`link_checks`)."""

from collections.abc import Sequence

from pake_pipelines.model.link import CheckedLink
from pake_pipelines.store.database import Connection


async def links_of(connection: Connection, entry_ids: Sequence[int]) -> dict[int, list[CheckedLink]]:
    """Return the links of each of `entry_ids`, in the order of the text; those not asked yet are `unknown`."""
    rows = await connection.fetch(
        """
        SELECT d.entry_id, h.url, coalesce(c.state, 'unknown') AS state, coalesce(c.detail, 'not checked yet') AS detail
        FROM documents d CROSS JOIN LATERAL unnest(d.hrefs) WITH ORDINALITY AS h(url, place)
        LEFT JOIN link_checks c USING (url)
        WHERE d.entry_id = ANY ($1::bigint[]) ORDER BY d.entry_id, h.place
        """,
        list(entry_ids),
    )
    found: dict[int, list[CheckedLink]] = {entry_id: [] for entry_id in entry_ids}
    for row in rows:
        found[row["entry_id"]].append(CheckedLink(row["url"], row["state"], row["detail"]))
    return found
