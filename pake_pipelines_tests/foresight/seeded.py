"""A project's month, written by SQL: series with a rhythm, a trend or an oddity, and runs that went well or badly."""

from datetime import timedelta

from pake_pipelines.config.loading import load_maintenance, load_monitoring, load_reports, load_sources
from pake_pipelines.foresight.finding import Place, Rules
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines_tests.conftest import NOW

CONFIGS = PACKAGE_HOME / "nowhere"

# between -1 and 1, the same at every run
_NOISE = "(hashint4({salt} + n) % 1000) / 1000.0"


def rules(**analytics):
    """Return the packaged configuration; `analytics` replaces some of its sections."""
    reports = load_reports(CONFIGS)
    changed = reports.analytics.model_copy(update=analytics)
    return Rules(
        reports.model_copy(update={"analytics": changed}),
        load_monitoring(CONFIGS),
        load_maintenance(CONFIGS),
        load_sources(CONFIGS),
    )


def place(database, now=NOW, **analytics):
    return Place(database, rules(**analytics), "run-1", now)


async def sample(connection, metric, value, *, days, minutes=5, unit="count", labels="{}", salt=0, until=NOW):
    """Sample a metric for some days up to `until`; `value` is SQL over `at`, `days_ago` and `noise`."""
    await connection.execute(
        f"""
        INSERT INTO metric_samples (metric, labels, at, value, unit, status)
        SELECT '{metric}', '{labels}', at, {value}, '{unit}', 'ok'
        FROM (SELECT $1::timestamptz - interval '{minutes} minutes' * n AS at, {minutes} / 1440.0 * n AS days_ago,
                     {_NOISE.format(salt=salt)} AS noise
              FROM generate_series(0, {days * 1440 // minutes - 1}) AS n) AS moments
        """,
        until,
    )


async def run_tasks(connection, task, state, count, *, seconds=10, every=timedelta(hours=2), until=NOW):
    """Note the last `count` runs of a task."""
    await connection.execute(
        """
        INSERT INTO maintenance_runs (task, state, actor, started_at, finished_at)
        SELECT $1, $2, 'dagster', $3::timestamptz - n * $4::interval,
               $3::timestamptz - n * $4::interval + $5 * interval '1 s'
        FROM generate_series($6::int, 1, -1) AS n
        """,
        task, state, until, every, float(seconds), count,
    )  # fmt: skip


async def month(connection):
    """Write everything that the tests of one month look at."""
    await sample(
        connection, "cpu_usage_percent", "CASE WHEN extract(hour FROM at) IN (2, 3) THEN 4 ELSE 40 + 5 * noise END",
        days=30, minutes=15, unit="percent",
    )  # fmt: skip
    disk = "80 - days_ago + 0.5 * noise"
    await sample(connection, "disk_usage_percent", disk, days=30, minutes=15, unit="percent", labels='{"mount": "/"}')
    await sample(connection, "memory_usage_percent", "88 + noise", days=30, minutes=15, unit="percent")
    await sample(
        connection, "db_query_ms", "CASE WHEN days_ago < 1 THEN 20 ELSE 10 END + noise", days=30, minutes=15, unit="ms"
    )
    await sample(connection, "db_size_bytes", "1e9 * exp(-0.15 * days_ago)", days=14, minutes=30, unit="bytes")
    await run_tasks(connection, "cache_light_cleanup", "skipped", 20)
    await run_tasks(connection, "cache_cleanup", "done", 20)
    await run_tasks(connection, "capacity_check", "failed", 20)
    await run_tasks(connection, "log_cleanup", "done", 15, seconds=10, until=NOW - timedelta(days=1))
    await run_tasks(connection, "log_cleanup", "done", 3, seconds=60)
    await connection.execute(
        """
        INSERT INTO health_samples (service, at, kind, critical, status, response_ms, http_status, detail)
        SELECT 'api', $1::timestamptz - interval '1 hour' * n, 'http', false,
               CASE WHEN n < 12 THEN 'unhealthy' ELSE 'healthy' END, 20, 200, ''
        FROM generate_series(1, 719) AS n
        """,
        NOW,
    )
