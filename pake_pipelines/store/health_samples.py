"""What probes found (`health_samples`): how a service stands, stood, and for how long it served."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.model.health import HealthSample, HealthStatus, Transition, Uptime
from pake_pipelines.store.database import Connection

# a probe that is silent for longer than this has not seen what was in between; two rounds of the slower rhythm
LONGEST_GAP: Final = timedelta(minutes=10)

_COLUMNS: Final = "service, kind, critical, status, at, response_ms, http_status, detail, facts"
# one look into the index for each service; reading every sample to find the services would take as long as there are
_SERVICES: Final = """
    WITH RECURSIVE services AS (
        (SELECT service FROM health_samples ORDER BY service LIMIT 1)
        UNION ALL
        SELECT (SELECT h.service FROM health_samples h WHERE h.service > s.service ORDER BY h.service LIMIT 1)
        FROM services s WHERE s.service IS NOT NULL
    )
"""


async def save(connection: Connection, samples: Sequence[HealthSample]) -> int:
    """Store `samples` in one statement and return how many are new; one of the same service and moment stays."""
    if not samples:
        return 0
    done = await connection.execute(
        f"""
        INSERT INTO health_samples ({_COLUMNS})
        SELECT {_COLUMNS} FROM jsonb_to_recordset($1) AS g(service text, kind text, critical boolean, status text,
               at timestamptz, response_ms double precision, http_status integer, detail text, facts jsonb)
        ORDER BY service
        ON CONFLICT DO NOTHING
        """,
        [_record(sample) for sample in samples],
    )
    return int(done.split()[-1])


async def latest(connection: Connection, until: datetime | None = None) -> dict[str, HealthSample]:
    """Return the newest sample of each service, also of those that nobody probes any more.

    With `until` newer ones are left out: they are of a clock that was ahead.
    """
    rows = await connection.fetch(
        f"""
        {_SERVICES}
        SELECT h.* FROM services s CROSS JOIN LATERAL (
            SELECT {_COLUMNS} FROM health_samples n
            WHERE n.service = s.service AND ($1::timestamptz IS NULL OR n.at <= $1) ORDER BY n.at DESC LIMIT 1) h
        ORDER BY h.service
        """,
        until,
    )
    return {row["service"]: _sample(row) for row in rows}


async def history(connection: Connection, service: str, since: datetime) -> list[HealthSample]:
    """Return the samples of `service` from `since` on, the oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM health_samples WHERE service = $1 AND at >= $2 ORDER BY at", service, since
    )
    return [_sample(row) for row in rows]


async def transitions(connection: Connection, since: datetime, service: str | None = None) -> list[Transition]:
    """Return every change of status from `since` on, of `service` or of all, the oldest first.

    The status before the first sample of that time is the one before `since`, if there was one.
    """
    rows = await connection.fetch(
        f"""
        {_SERVICES}, before AS (
            SELECT h.* FROM services s CROSS JOIN LATERAL (
                SELECT n.service, n.at, n.status, n.detail FROM health_samples n
                WHERE n.service = s.service AND n.at < $1 ORDER BY n.at DESC LIMIT 1) h
        ), seen AS (
            SELECT service, at, status, detail FROM before
            UNION ALL
            SELECT service, at, status, detail FROM health_samples WHERE at >= $1
        ), told AS (
            SELECT *, lag(status) OVER (PARTITION BY service ORDER BY at) AS was FROM seen
            WHERE $2::text IS NULL OR service = $2
        )
        SELECT service, at, was, status, detail FROM told
        WHERE at >= $1 AND status IS DISTINCT FROM was ORDER BY at, service
        """,
        since,
        service,
    )
    return [
        Transition(
            service=row["service"],
            at=row["at"],
            before=HealthStatus(row["was"]) if row["was"] is not None else None,
            after=HealthStatus(row["status"]),
            detail=row["detail"],
        )
        for row in rows
    ]


async def uptimes(
    connection: Connection, since: datetime, until: datetime, longest_gap: timedelta = LONGEST_GAP
) -> dict[str, Uptime]:
    """Return for how long each service stood how between `since` and `until`; see `uptimes_since`."""
    (found,) = await uptimes_since(connection, [since], until, longest_gap)
    return found


async def uptimes_since(
    connection: Connection, since: Sequence[datetime], until: datetime, longest_gap: timedelta = LONGEST_GAP
) -> list[dict[str, Uptime]]:
    """Return for how long each service stood how between each of `since`, which are in any order, and `until`.

    A sample holds until the next one, but for no longer than `longest_gap`: what comes after that was not seen, and
    counts as unknown, as does the time before the first sample. While it was not configured nothing counts. The
    samples are read once, whatever the number of windows.
    """
    edges = sorted(set(since))
    rows = await connection.fetch(
        """
        WITH seen AS (
            SELECT service, status, at, lead(at, 1, $2) OVER (PARTITION BY service ORDER BY at) AS next
            FROM health_samples WHERE at >= $1 AND at < $2
        ), held AS (
            SELECT service, status, at, date_part('epoch', next - at) AS seconds FROM seen
        )
        SELECT width_bucket(at, $4::timestamptz[]) AS stretch, service, status,
               count(*) AS samples, min(at) AS first_at, sum(least(seconds, $3::float8)) AS seconds,
               sum(greatest(seconds - $3::float8, 0)) AS unseen
        FROM held GROUP BY 1, 2, 3
        """,
        edges[0],
        until,
        longest_gap.total_seconds(),
        edges,
    )
    return [_uptimes([row for row in rows if row["stretch"] > edges.index(one)], one) for one in since]


def _uptimes(rows: Sequence[Any], since: datetime) -> dict[str, Uptime]:
    by_service: dict[str, list[Any]] = {}
    for row in rows:
        by_service.setdefault(row["service"], []).append(row)
    return {service: _uptime(by_service[service], since) for service in sorted(by_service)}


def _uptime(rows: Sequence[Any], since: datetime) -> Uptime:
    def lasted(*statuses: str) -> float:
        return float(sum(row["seconds"] for row in rows if row["status"] in statuses))

    configured = [row for row in rows if row["status"] != "not_configured"]
    unknown = lasted("unknown") + sum(row["unseen"] for row in configured)
    if configured:
        unknown += (min(row["first_at"] for row in rows) - since).total_seconds()
    return Uptime(
        samples=sum(row["samples"] for row in rows),
        healthy_seconds=lasted("healthy"),
        degraded_seconds=lasted("degraded"),
        unhealthy_seconds=lasted("unhealthy", "critical"),
        unknown_seconds=unknown,
    )


async def prune(connection: Connection, before: datetime, at_most: int = 10_000) -> int:
    """Delete samples older than `before`, no more than `at_most` at once, and return how many.

    Whoever wants all of them gone calls again until there are none.
    """
    done = await connection.execute(
        f"""
        {_SERVICES}, old AS (
            SELECT o.service, o.at FROM services s CROSS JOIN LATERAL (
                SELECT n.service, n.at FROM health_samples n
                WHERE n.service = s.service AND n.at < $1 ORDER BY n.at LIMIT $2) o
            LIMIT $2
        )
        DELETE FROM health_samples h USING old WHERE h.service = old.service AND h.at = old.at
        """,
        before,
        at_most,
    )
    return int(done.split()[-1])


def _record(sample: HealthSample) -> dict[str, Any]:
    return {
        "service": sample.service,
        "kind": sample.kind,
        "critical": sample.critical,
        "status": sample.status.value,
        "at": sample.at.isoformat(),
        "response_ms": sample.response_ms,
        "http_status": sample.http_status,
        "detail": sample.detail,
        "facts": sample.facts,
    }


def _sample(row: Any) -> HealthSample:
    return HealthSample(**{**row, "status": HealthStatus(row["status"])})
