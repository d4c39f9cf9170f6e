"""The project's tables tell of its work: counters that grow, windows of real time, security by kind of error."""

from datetime import timedelta

from pake_pipelines.store import runs, sources
from pake_pipelines.store.application_metrics import Answer, probe_answers, security_counts, stage_rates, visited
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceRow
from pake_pipelines_tests.conftest import NOW, TODAY


def ago(**time):
    return NOW - timedelta(**time)


def visit(run, outcome="ok", *, at=NOW, new=0, updated=0, kind=None, status=None):
    error = "bad" if outcome == "failed" else None
    return VisitRow(run, "s", TODAY, at, at, outcome, new, new, updated, 0, 0, error, kind, status)


async def after(database, *visits):
    async with database.transaction() as connection:
        await sources.sync_sources(connection, [SourceRow("s", "S", "feed", "a", 0.5, "news", True, None)])
        await runs.record_visits(connection, visits)


async def test_visits_are_counted_in_all_within_a_day_and_items_within_an_hour(database):
    await after(
        database,
        visit("1", at=ago(days=3), new=100),
        visit("2", "failed", at=ago(hours=25)),
        visit("3", "failed", at=ago(hours=23)),
        visit("4", "unchanged", at=ago(hours=2)),
        visit("5", at=ago(minutes=59), new=3, updated=4),
    )
    async with database.connection() as connection:
        found = await visited(connection, NOW)
    assert (found.total, found.good, found.last_day, found.good_last_day, found.items_last_hour) == (5, 3, 3, 2, 7)


async def test_without_visits_all_is_nought(database):
    async with database.connection() as connection:
        assert (await visited(connection, NOW)).total == 0
        assert await stage_rates(connection, NOW) == {}


async def test_a_stage_is_as_fast_as_its_items_per_minute_of_work(database):
    async with database.transaction() as connection:
        for stage, items, seconds in (("documents", 30, 10), ("documents", 90, 50), ("confidence", 5, 60)):
            details = {"looked_at": items}
            await runs.log_stage(connection, operation=stage, day=TODAY, details=details, seconds=seconds, run_id="r")
        await connection.execute("UPDATE processing_logs SET created_at = $1", ago(hours=23))
        await runs.log_stage(connection, operation="old", day=TODAY, details={"looked_at": 1}, seconds=1, run_id="r")
        await connection.execute("UPDATE processing_logs SET created_at = $1 WHERE operation = 'old'", ago(hours=25))
        assert await stage_rates(connection, NOW) == {"documents": 120.0, "confidence": 5.0}


async def test_security_counts_failed_logins_and_refused_addresses_by_the_kind_of_error(database):
    await after(
        database,
        visit("1", "failed", kind="credentials"),
        visit("2", "failed", kind="http_status", status=401),
        visit("3", "failed", kind="http_status", status=403),
        visit("4", "failed", kind="http_status", status=500),
        visit("5", "failed", kind="refused"),
        visit("6", "failed", kind="credentials", at=ago(hours=25)),
        visit("7", "failed", kind="refused", at=ago(hours=25)),
    )
    async with database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO dead_letters (source, day, key, reason, detail, run_id, created_at)
            VALUES ('s', $1, 'a', 'refused', 'd', 'r', $2), ('s', $1, 'b', 'malformed', 'd', 'r', $2)
            """,
            TODAY,
            ago(hours=1),
        )
        assert await security_counts(connection, NOW) == {
            "failed_logins_24h": 2, "refused_addresses_24h": 2, "rejected_spam_24h": 0,
        }  # fmt: skip


async def test_spam_counts_when_it_was_rejected_as_such(shelf):
    await shelf.put("abc")
    async with shelf.database.transaction() as connection:
        for key, flag, hours in (("a", "spam_detected", 1), ("b", "low_confidence", 1), ("c", "spam_detected", 25)):
            await connection.execute(
                """
                INSERT INTO knowledge_nodes (pake_id, title, content, confidence_score, verification_status,
                                             source_name, source_uri, metadata, content_hash, run_id, created_at)
                VALUES ($1, 't', 'c', 0.5, 'rejected', 's', 'u', $2, 'h', 'r', $3)
                """,
                shelf.id(key),
                {"auto_rejected": flag},
                ago(hours=hours),
            )
        assert (await security_counts(connection, NOW))["rejected_spam_24h"] == 1


async def test_answers_to_probes_are_averaged_and_silence_is_no_answer(database):
    async with database.transaction() as connection:
        for service, kind, minutes, response in (
            ("api", "http", 1, 100.0), ("api", "http", 2, 300.0), ("api", "http", 3, None), ("api", "http", 9, 9000.0),
            ("db", "postgres", 1, 2.0), ("down", "http", 1, None),
        ):  # fmt: skip
            await connection.execute(
                "INSERT INTO health_samples VALUES ($1, $2, $3, false, 'healthy', $4, NULL, '')",
                service,
                ago(minutes=minutes),
                kind,
                response,
            )
        found = await probe_answers(connection, ago(minutes=5))
    assert found == [Answer("api", "http", 200.0), Answer("db", "postgres", 2.0)]
