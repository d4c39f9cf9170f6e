"""A postgres probe asks a real server; of the knowledge database it tells what is in it (DB-13)."""

from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.services import PostgresService
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.settings import Settings
from pake_pipelines.store import database_facts, sources
from pake_pipelines.store.database import with_database
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.health.conftest import free_port, hangs_up, never_answers, serving

HEALTHY, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.UNHEALTHY


@pytest.fixture
def knowledge(tmp_path, database_url):
    return Settings(home=tmp_path, database_url=database_url)


async def _put_nodes(database, *ages):
    async with database.transaction() as connection:
        await sources.sync_sources(connection, [SourceRow("s", "S", "feed", "a", 0.5, "news", True, None)])
        for number, age in enumerate(ages):
            key = await connection.fetchval(
                "INSERT INTO items (pake_id, source, key) VALUES (gen_random_uuid(), 's', $1) RETURNING pake_id",
                str(number),
            )
            await connection.execute(
                """
                INSERT INTO knowledge_nodes (pake_id, title, content, confidence_score, source_name, source_uri,
                    content_hash, run_id, created_at) VALUES ($1, 't', 'c', 1, 'S', 'u', $2, 'r', $3)
                """,
                key,
                str(number),
                datetime.now(UTC) - age,
            )


async def test_the_knowledge_database_is_healthy_and_tells_what_is_in_it(probed, knowledge, database):
    await _put_nodes(database, timedelta(minutes=1), timedelta(minutes=50), timedelta(hours=2))
    sample = await probed(PostgresService(), settings=knowledge)
    assert sample.status is HEALTHY, sample.detail
    assert sample.detail.startswith("answers, PostgreSQL ")
    assert 0 < sample.response_ms < 5000
    assert (sample.facts["records"], sample.facts["recent_activity"]) == (3, 2)
    assert sample.facts["records_estimated"] is False
    assert sample.facts["tables"] > 30


async def test_a_large_number_of_records_is_estimated(probed, knowledge, database, monkeypatch):
    await _put_nodes(database, timedelta(minutes=1), timedelta(hours=2))
    async with database.connection() as connection:
        await connection.execute("ANALYZE knowledge_nodes")
    monkeypatch.setattr(database_facts, "_COUNTED_UP_TO", 2)
    sample = await probed(PostgresService(), settings=knowledge)
    assert (sample.facts["records"], sample.facts["records_estimated"]) == (2, True)


async def test_another_server_is_asked_for_nothing_but_an_answer(probed, database_url):
    sample = await probed(PostgresService(url_env="OTHER"), environ={"OTHER": with_database(database_url, "postgres")})
    assert sample.status is HEALTHY
    assert set(sample.facts) == {"version"}


async def test_a_database_that_is_not_migrated_is_unhealthy(probed, tmp_path, database_url):
    settings = Settings(home=tmp_path, database_url=with_database(database_url, "postgres"))
    sample = await probed(PostgresService(), settings=settings)
    assert sample.status is UNHEALTHY
    assert "pake db migrate" in sample.detail


async def test_an_embedded_server_that_does_not_run_is_unhealthy(probed, tmp_path):
    sample = await probed(PostgresService(), settings=Settings(home=tmp_path))
    assert sample.status is UNHEALTHY
    assert "the embedded PostgreSQL is not running" in sample.detail


@pytest.mark.parametrize("own", [True, False])
async def test_a_port_that_refuses_is_unhealthy_and_the_password_never_shows(probed, tmp_path, own):
    address = f"postgresql://me:p4ssw0rd@127.0.0.1:{free_port()}/base"
    settings = Settings(home=tmp_path, database_url=address) if own else None
    service = PostgresService(url_env=None if own else "OTHER")
    sample = await probed(service, settings=settings, environ={"OTHER": address})
    assert sample.status is UNHEALTHY
    assert "p4ssw0rd" not in str(sample)


async def test_a_missing_database_is_unhealthy_and_its_address_never_shows(probed, database_url):
    address = with_database(database_url, "not_there_at_all")
    sample = await probed(PostgresService(url_env="OTHER"), environ={"OTHER": address})
    assert (sample.status, sample.detail) == (UNHEALTHY, "it has no such database")


@pytest.mark.parametrize("behaviour", [hangs_up, never_answers], ids=["hangs up", "silent"])
async def test_a_server_that_is_none_is_unhealthy(probed, behaviour):
    async with serving(behaviour) as port:
        address = f"postgresql://me@127.0.0.1:{port}/base"
        sample = await probed(PostgresService(url_env="OTHER"), environ={"OTHER": address}, timeout_seconds=0.5)
    assert sample.status is UNHEALTHY, sample.detail


@pytest.mark.parametrize(
    "address",
    [
        "mysql://db-host/p4ssw0rd",
        "db-host p4ssw0rd",
        "postgresql://db-host:p4ssw0rd/b",
        "postgresql://[db-host/p4ssw0rd",
    ],
)
async def test_an_address_that_is_none_is_unknown_and_never_shows(probed, address):
    sample = await probed(PostgresService(url_env="OTHER"), environ={"OTHER": address}, timeout_seconds=3)
    assert sample.status is HealthStatus.UNKNOWN, sample.detail
    assert "db-host" not in str(sample)
    assert "p4ssw0rd" not in str(sample)
