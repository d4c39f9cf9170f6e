"""Upkeep finds what is bloated, invalid or stale, works on it beside its use, and touches nothing else."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.upkeep.database import run
from pake_pipelines.model.maintenance import ProofState, TaskState
from pake_pipelines.store import backups, relief, upkeep_indexes, upkeep_tables
from pake_pipelines_tests.maintenance.upkeep.conftest import at_level, plant

LONGEST_WAIT = 1.0


async def index(database, name):
    async with database.connection() as connection:
        return next(one for one in await upkeep_indexes.index_facts(connection, "pake") if one.name == f"pake.{name}")


async def table(database, name):
    async with database.connection() as connection:
        return next(one for one in await upkeep_tables.table_facts(connection, "pake") if one.table == name)


def targets(outcome, key="done"):
    return {(one["action"], one["target"]) for one in outcome.details[key]}


@asynccontextmanager
async def writing(url, name="planted"):
    """Write to the table, row by row, until the end; yield the seconds that each write took."""
    taken: list[float] = []
    connection = await asyncpg.connect(url)

    async def write():
        row = 0
        while True:
            row = row % 1000 + 1
            begun = time.perf_counter()
            await connection.execute(f"UPDATE pake.{name} SET word = word || 'z' WHERE id = $1", row)
            taken.append(time.perf_counter() - begun)
            await asyncio.sleep(0.002)

    task = asyncio.create_task(write())
    try:
        yield taken
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


@asynccontextmanager
async def transaction(url, *statements, isolation="read_committed"):
    """A session that has carried out `statements` and does nothing more."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation=isolation):
            for statement in statements:
                await connection.execute(statement)
            yield connection
    finally:
        await connection.close()


async def test_planted_bloat_is_measured_and_removed_while_a_writer_writes(place, database, database_url):
    async with database.connection() as connection:
        await plant(connection, rows=40_000, storms=3)
    before, heap = await index(database, "planted_n"), await table(database, "planted")
    assert heap.dead_rows == 120_000
    assert heap.bloat.percent > 60
    patient = place.config.upkeep.model_copy(update={"rebuild_wait_seconds": 30})
    place = replace(at_level(place, "full"), config=place.config.model_copy(update={"upkeep": patient}))
    async with writing(database_url) as taken:
        await asyncio.sleep(0.1)
        outcome = await run(place)
    assert len(taken) > 50
    assert max(taken) < LONGEST_WAIT
    assert outcome.state is TaskState.DONE
    assert {("vacuum", "planted"), ("rebuild", "pake.planted_n"), ("rebuild", "pake.planted_pkey")} <= targets(outcome)
    after = await index(database, "planted_n")
    assert after.valid
    assert after.bytes < before.bytes / 2
    (told,) = [one for one in outcome.details["rebuilt"] if one["index"] == "pake.planted_n"]
    assert (told["bytes_before"], told["bytes_after"]) == (before.bytes, after.bytes)
    assert (await table(database, "planted")).dead_rows < 2000
    assert outcome.details["left"] == []


async def test_the_estimate_is_within_15_points_of_what_a_rebuild_shows(database):
    async with database.connection() as connection:
        await plant(connection, rows=30_000, storms=2)
        await connection.execute("VACUUM (ANALYZE) pake.planted")
        for name in ("planted_n", "planted_pkey"):
            before = await index(database, name)
            await connection.execute(f"REINDEX INDEX pake.{name}")
            after = await index(database, name)
            really = 100 * (before.bytes - after.bytes) / before.bytes
            assert really > 40, name
            assert abs(before.bloat.percent - really) < 15, name
            assert after.bloat.percent < 15, name
            assert not before.bloat.exact


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("n int", "i % 40"),
        ("n bigint, m text", "i, md5(i::text)"),
        ("n text", "CASE WHEN i % 3 = 0 THEN NULL ELSE md5(i::text) END"),
        ("n uuid", "gen_random_uuid()"),
        ("n halfvec(384)", "(SELECT array_agg(random() + (one + i) * 0) FROM generate_series(1, 384) one)::halfvec"),
    ],
    ids=["few values", "two columns", "nulls", "uuid", "hnsw"],
)
async def test_a_fresh_index_is_not_taken_for_bloated(database, columns, values):
    rows, using = (1500, "USING hnsw (n halfvec_cosine_ops)") if "halfvec" in columns else (20_000, None)
    async with database.connection() as connection:
        await connection.execute(f"CREATE TABLE pake.fresh ({columns}) WITH (autovacuum_enabled = off)")
        await connection.execute(f"INSERT INTO pake.fresh SELECT {values} FROM generate_series(1, {rows}) i")
        names = ", ".join(column.split()[0] for column in columns.split(", "))
        await connection.execute(f"CREATE INDEX fresh_n ON pake.fresh {using or f'({names})'}")
        await connection.execute("ANALYZE pake.fresh")
    assert (await index(database, "fresh_n")).bloat.percent < 20


async def test_what_is_below_the_bounds_is_not_touched(place, database):
    async with database.connection() as connection:
        await plant(connection)
        await connection.execute("UPDATE pake.planted SET word = 'w' WHERE id <= 900")
        await connection.execute("SELECT pg_stat_force_next_flush()")
        files = "SELECT relname, relfilenode, xmin FROM pg_class WHERE relname LIKE 'planted%' ORDER BY 1"
        before = await connection.fetch(files)
    outcome = await run(at_level(place, "full"))
    assert outcome.summary == "nothing needs upkeep"
    assert (outcome.state, outcome.details["done"], outcome.details["rebuilt"]) == (TaskState.DONE, [], [])
    async with database.connection() as connection:
        assert await connection.fetch(files) == before
    assert (await table(database, "planted")).vacuumed_at is None


async def test_a_table_that_changed_much_is_analyzed(place, database):
    async with database.connection() as connection:
        await plant(connection, rows=5000)
        await connection.execute("INSERT INTO pake.planted SELECT i, 'w', i FROM generate_series(5001, 7000) i")
        await connection.execute("SELECT pg_stat_force_next_flush()")
    outcome = await run(at_level(place, "light"))
    assert targets(outcome) == {("analyze", "planted")}
    assert (await table(database, "planted")).changed_rows == 0


async def test_a_dry_run_lists_the_plan_with_reasons_and_changes_nothing(place, database):
    async with database.connection() as connection:
        await plant(connection, storms=2)
    outcome = await run(replace(at_level(place, "full"), dry_run=True))
    assert ("vacuum", "planted") in targets(outcome, "planned")
    assert ("rebuild", "pake.planted_n") in targets(outcome, "planned")
    (reason,) = [one["reason"] for one in outcome.details["planned"] if one["target"] == "planted"]
    assert reason == "40,000 of its rows are dead, 67 % (bound 10 %)"
    assert (await table(database, "planted")).dead_rows == 40_000
    assert outcome.summary.startswith("would do: 1 tables vacuumed")


async def test_light_upkeep_leaves_bloated_indexes_for_sunday(place, database):
    async with database.connection() as connection:
        await plant(connection, storms=2)
    before = await index(database, "planted_n")
    outcome = await run(at_level(place, "light"))
    assert targets(outcome) == {("vacuum", "planted")}
    assert (await index(database, "planted_n")).bytes == before.bytes


async def test_an_invalid_index_is_made_valid(place, database):
    async with database.connection() as connection:
        await plant(connection, rows=2000)
        await connection.execute("UPDATE pake.planted SET word = 'twice' WHERE id IN (1, 2)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("CREATE UNIQUE INDEX CONCURRENTLY planted_word ON pake.planted (word, (n * 0))")
        await connection.execute("UPDATE pake.planted SET word = id::text")
    assert not (await index(database, "planted_word")).valid
    outcome = await run(at_level(place, "full"))
    assert ("rebuild", "pake.planted_word") in targets(outcome)
    assert (await index(database, "planted_word")).valid


async def test_a_rebuild_that_gives_up_leaves_nothing_behind(place, database, database_url):
    """A snapshot that is older than the rebuild, and somebody who has never looked at this table."""
    async with database.connection() as connection:
        await plant(connection, storms=2)
        await connection.execute("VACUUM (ANALYZE) pake.planted")
    before = await index(database, "planted_n")
    async with transaction(database_url, "SELECT count(*) FROM pake.reviews", isolation="repeatable_read"):
        outcome = await run(at_level(place, "full"))
    why = {one["target"]: one["why"] for one in outcome.details["left"]}
    assert "did not end within 0.5 s" in why["pake.planted_n"]
    assert outcome.details["rebuilt"] == []
    assert (await index(database, "planted_n")).bytes == before.bytes
    async with database.connection() as connection:
        assert await relief.invalid_indexes(connection) == {}


async def test_what_cannot_be_dropped_at_once_is_dropped_by_the_next_upkeep(place, database, database_url):
    async with database.connection() as connection:
        await plant(connection, storms=2)
        await connection.execute("VACUUM (ANALYZE) pake.planted")
    async with transaction(database_url, "UPDATE pake.planted SET word = 'mine' WHERE id = 1"):
        outcome = await run(at_level(place, "full"))
    why = {one["target"]: one["why"] for one in outcome.details["left"]}
    assert why["pake.planted_n"].endswith("pake.planted_n_ccnew stays until the next upkeep")
    outcome = await run(at_level(place, "light"))
    assert ("drop", "pake.planted_n_ccnew") in targets(outcome)
    async with database.connection() as connection:
        assert await relief.invalid_indexes(connection) == {}


@pytest.mark.parametrize("mode", ["SHARE UPDATE EXCLUSIVE", "ACCESS EXCLUSIVE"])
async def test_a_table_that_somebody_holds_is_left_alone_with_the_reason(place, database, database_url, mode):
    async with database.connection() as connection:
        await plant(connection, storms=2)
    begun = time.perf_counter()
    async with transaction(database_url, f"LOCK TABLE pake.planted IN {mode} MODE") as other:
        outcome = await run(at_level(place, "light"))
        pid = other.get_server_pid()
    assert time.perf_counter() - begun < 5
    (left,) = [one for one in outcome.details["left"] if one["target"] == "planted"]
    assert f"process {pid}" in left["why"]
    assert outcome.state is TaskState.DONE
    assert (await table(database, "planted")).dead_rows == 40_000


async def test_while_upkeep_waits_for_a_lock_nobody_waits_for_upkeep(place, database, database_url):
    async with database.connection() as connection:
        await plant(connection, storms=2)
    held = transaction(database_url, "LOCK TABLE pake.planted IN SHARE UPDATE EXCLUSIVE MODE")
    async with held, writing(database_url) as taken:
        await run(at_level(place, "full"))
    assert taken
    assert max(taken) < LONGEST_WAIT


async def test_an_estimate_that_a_rebuild_has_not_borne_out_is_not_followed_again(place, database):
    """The index is as large per row as the last rebuild left it, whatever the formula says of it."""
    async with database.connection() as connection:
        await connection.execute("CREATE TABLE pake.odd (a int, b int) WITH (autovacuum_enabled = off)")
        await connection.execute("INSERT INTO pake.odd SELECT i, i FROM generate_series(1, 60000) i")
        await connection.execute("CREATE INDEX odd_ab ON pake.odd (a, b) WITH (deduplicate_items = off)")
        await connection.execute("ANALYZE pake.odd")
        # a fresh index, and statistics that have not seen how wide its values are
        await connection.execute("UPDATE pg_statistic SET stawidth = 0 WHERE starelid = 'pake.odd'::regclass")
        await connection.execute("UPDATE pg_class SET reltuples = reltuples / 4 WHERE oid = 'pake.odd_ab'::regclass")
    first = await run(at_level(place, "full"))
    assert ("rebuild", "pake.odd_ab") in targets(first)
    async with database.connection() as connection:
        rebuilt = [{**one, "rows": 15000} for one in first.details["rebuilt"]]
        await connection.execute(
            "INSERT INTO maintenance_runs (task, state, actor, started_at, finished_at, details) "
            "VALUES ('full_optimization', 'done', 'test', now(), now(), $1)",
            {"rebuilt": rebuilt},
        )
        await connection.execute("UPDATE pg_class SET reltuples = 15000 WHERE oid = 'pake.odd_ab'::regclass")
    assert ("rebuild", "pake.odd_ab") not in targets(await run(at_level(place, "full")))


async def test_deep_upkeep_wants_a_fresh_proven_backup(place, database):
    now = datetime.now(UTC)
    place = at_level(place, "deep")
    with pytest.raises(MaintenanceError, match="proven backup of the last 2 days, and there is none: run `pake backup"):
        await run(place)
    for name, age, state in (("old", 3, ProofState.PROVEN), ("new", 0, ProofState.DAMAGED)):
        await _backup(database, name, now - timedelta(days=age), state)
    with pytest.raises(MaintenanceError, match="UTC is damaged"):
        await run(place)
    assert (await run(at_level(place, "deep", without_backup=True))).state is TaskState.DONE
    await _backup(database, "good", now - timedelta(hours=3), ProofState.PROVEN)
    assert (await run(place)).state is TaskState.DONE


async def _backup(database, name, made, state):
    async with database.transaction() as connection:
        await backups.save(
            connection, name=name, target="t", created_at=made, run_id="", size=1, seconds=1, encrypted=False,
            migration="0006", manifest={},
        )  # fmt: skip
        await backups.set_proof(connection, name, state, made, 1, "")


async def test_a_role_that_owns_nothing_hears_so(place, database, database_url):
    async with database.connection() as connection:
        await plant(connection, storms=1)
        await connection.execute("DROP ROLE IF EXISTS upkeep_guest")
        await connection.execute(
            "CREATE ROLE upkeep_guest LOGIN; GRANT USAGE ON SCHEMA pake TO upkeep_guest;"
            "GRANT SELECT ON ALL TABLES IN SCHEMA pake TO upkeep_guest"
        )
    settings = place.settings.model_copy(
        update={"database_url": type(place.settings.database_url)(database_url.replace("pake@", "upkeep_guest@"))}
    )
    try:
        outcome = await run(replace(at_level(place, "light"), settings=settings))
    finally:
        async with database.connection() as connection:
            await connection.execute("DROP OWNED BY upkeep_guest; DROP ROLE upkeep_guest")
    assert outcome.state is TaskState.UNAVAILABLE
    assert "this role owns none of them" in outcome.summary
    assert (await table(database, "planted")).dead_rows == 20_000


async def test_the_report_has_sizes_age_and_duplicate_indexes_and_says_how_bloat_was_measured(place, database):
    async with database.connection() as connection:
        await plant(connection, rows=2000)
        await connection.execute("CREATE UNIQUE INDEX planted_again ON pake.planted (n)")
    details = (await run(at_level(place, "light"))).details
    assert details["database_bytes_before"] > 1_000_000
    assert details["wraparound"] == "in time"
    assert details["oldest_xid_age"] > 0
    assert "estimated from pg_stats" in details["bloat_measured_by"]
    assert [one["indexes"] for one in details["duplicate_indexes"]] == ["planted_again, planted_n"]
    assert "are needed to say so" in details["unused_indexes"]
