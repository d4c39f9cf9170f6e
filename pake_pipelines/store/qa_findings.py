"""What rules, factors and link checks found in the nodes as a whole, counted in the database for the QA report.

Means are rounded to four digits: how a server adds up must not make the same figures differ.
"""

from dataclasses import dataclass
from uuid import UUID

from pake_pipelines.model.link import LinkState
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many nodes one rule said `status` of."""

    code: str
    status: str
    items: int


@dataclass(frozen=True, slots=True)
class RuleSample:
    """A node of which a rule said fail, warn or unknown, and its words."""

    code: str
    status: str
    pake_id: UUID
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class SourceFault:
    """How many nodes of a source break a rule."""

    source: str
    code: str
    items: int


@dataclass(frozen=True, slots=True)
class SpamEvidence:
    """A spam signal: in how many nodes it was found, the mean of its points there, and where it weighs most."""

    signal: str
    items: int
    points: float
    excerpt: str


@dataclass(frozen=True, slots=True)
class FactorMean:
    """A factor of confidence over the nodes where it is `known`: its mean in [0, 1] and its mean weight.

    `missed` is the mean of what those nodes lack of the weight: what this factor holds their scores back by.
    """

    name: str
    items: int
    known: int
    mean: float | None
    weight: float
    missed: float


@dataclass(frozen=True, slots=True)
class LinkCount:
    """How many different addresses that nodes link to are in one state."""

    state: LinkState
    addresses: int


@dataclass(frozen=True, slots=True)
class BrokenAddress:
    """A broken address and how many nodes link to it."""

    url: str
    detail: str
    items: int


async def rules(connection: Connection) -> list[RuleCount]:
    """Return how many nodes each rule said what of."""
    rows = await connection.fetch(
        """
        SELECT c.code, c.status, count(*) AS items
        FROM knowledge_nodes n JOIN qa_results q USING (entry_id)
        CROSS JOIN LATERAL jsonb_to_recordset(q.checks) AS c(code text, status text)
        GROUP BY 1, 2 ORDER BY 1, 2
        """
    )
    return [RuleCount(**row) for row in rows]


async def rule_samples(connection: Connection, each: int) -> list[RuleSample]:
    """Return the newest nodes of each rule and each of fail, unknown and warn, at most `each` of them."""
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT o.code, o.status, n.pake_id, q.entry_id,
                   row_number() OVER (PARTITION BY o.code, o.status ORDER BY n.created_at DESC, n.pake_id) AS place
            FROM knowledge_nodes n JOIN qa_results q USING (entry_id)
            CROSS JOIN LATERAL (
                SELECT 'fail' AS status, unnest(q.errors) AS code UNION ALL
                SELECT 'unknown', unnest(q.unknowns) UNION ALL SELECT 'warn', unnest(q.warnings)
            ) AS o
        )
        SELECT f.code, f.status, f.pake_id, n.title, c.message
        FROM found f JOIN knowledge_nodes n USING (pake_id) JOIN qa_results q ON q.entry_id = f.entry_id
        CROSS JOIN LATERAL jsonb_to_recordset(q.checks) AS c(code text, message text)
        WHERE f.place <= $1 AND c.code = f.code
        ORDER BY f.code, array_position(ARRAY['fail', 'unknown', 'warn'], f.status), f.place
        """,
        each,
    )
    return [RuleSample(**row) for row in rows]


async def faults_by_source(connection: Connection) -> list[SourceFault]:
    """Return for each source how many nodes break which rule, the most frequent first."""
    rows = await connection.fetch(
        """
        SELECT i.source, code, count(*) AS items
        FROM knowledge_nodes n JOIN items i USING (pake_id) JOIN qa_results q USING (entry_id)
        CROSS JOIN LATERAL unnest(q.errors) AS code
        GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
        """
    )
    return [SourceFault(**row) for row in rows]


async def spam_evidence(connection: Connection) -> list[SpamEvidence]:
    """Return the spam signals, those found in the most nodes first."""
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT n.pake_id, e ->> 0 AS signal, (e ->> 1)::float8 AS points, e ->> 2 AS excerpt
            FROM knowledge_nodes n JOIN text_signals t USING (entry_id)
            CROSS JOIN LATERAL jsonb_array_elements(t.evidence) AS e
        ), counted AS (
            SELECT signal, count(DISTINCT pake_id) AS items, round(avg(points)::numeric, 4)::float8 AS points
            FROM found GROUP BY signal
        ), heaviest AS (
            SELECT DISTINCT ON (signal) signal, excerpt FROM found ORDER BY signal, points DESC, pake_id, excerpt
        )
        SELECT signal, items, points, excerpt FROM counted JOIN heaviest USING (signal) ORDER BY items DESC, signal
        """
    )
    return [SpamEvidence(**row) for row in rows]


async def factors(connection: Connection) -> list[FactorMean]:
    """Return the mean of each factor, the one that holds scores back most first."""
    rows = await connection.fetch(
        """
        SELECT f.name, count(*) AS items, count(f.value) AS known, round(avg(f.value)::numeric, 4)::float8 AS mean,
               round(avg(f.weight)::numeric, 4)::float8 AS weight,
               round(coalesce(avg(f.weight * (1 - f.value)), 0)::numeric, 4)::float8 AS missed
        FROM knowledge_nodes n JOIN confidence_scores c USING (entry_id)
        CROSS JOIN LATERAL jsonb_to_recordset(c.factors) AS f(name text, value float8, weight float8)
        GROUP BY f.name ORDER BY missed DESC, f.name
        """
    )
    return [FactorMean(**row) for row in rows]


_LINKED = """
linked AS (
    SELECT url, count(DISTINCT n.pake_id) AS items
    FROM knowledge_nodes n JOIN documents d USING (entry_id) CROSS JOIN LATERAL unnest(d.hrefs[:$1]) AS url
    WHERE d.hrefs <> '{}' GROUP BY url
)
"""


async def links(connection: Connection, most: int) -> list[LinkCount]:
    """Return the states of the addresses that nodes link to; those not asked yet are `unknown`.

    Of each node, the first `most` are asked and count.
    """
    rows = await connection.fetch(
        f"""
        WITH {_LINKED}
        SELECT coalesce(c.state, 'unknown') AS state, count(*) AS addresses
        FROM linked LEFT JOIN link_checks c USING (url) GROUP BY 1 ORDER BY 1
        """,
        most,
    )
    return [LinkCount(**row) for row in rows]


async def broken_addresses(connection: Connection, most: int, limit: int) -> list[BrokenAddress]:
    """Return the `limit` broken addresses that the most nodes link to, each with its first `most`."""
    rows = await connection.fetch(
        f"""
        WITH {_LINKED}
        SELECT url, c.detail, items FROM linked JOIN link_checks c USING (url)
        WHERE c.state = 'broken' ORDER BY items DESC, url LIMIT $2
        """,
        most,
        limit,
    )
    return [BrokenAddress(**row) for row in rows]
