"""A Dagster instance with a past: some runs and reports that really happened, and copies of them for every other day.

What happened is written by Dagster itself; a copy has another run id, another partition, another time and other
numbers, and is in all tables what the original is.
"""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

# Dagster stamps what happens with the time of day
NOW = datetime.now(UTC)
FIRST_DAY = "2026-01-01"
COPIED_DAYS = 60
days = dg.StaticPartitionsDefinition([str(date.fromisoformat(FIRST_DAY) + timedelta(number)) for number in range(300)])
REPORTED = dg.AssetKey("service_health")
CHECK = "web_is_up"


class BrokenError(Exception):
    pass


@dg.asset(partitions_def=days)
def entries(context):
    for number in range(4):
        context.log.info('read %d items of it, "level": 10, \x00', number)
        context.log.debug("one more item %d", number)
    context.log.error("one item was refused")
    if context.partition_key.endswith("-13"):
        raise BrokenError("the site is down")
    return dg.MaterializeResult(metadata={"items": 3, "note": "x" * 200})


@dg.asset_check(asset=entries)
def entries_are_sound():
    return dg.AssetCheckResult(passed=True, metadata={"items": 3})


@dg.asset
def knowledge(context):
    context.log.info("made")
    return dg.MaterializeResult(metadata={"nodes": 12})


@dg.op
def look(context):
    context.log.info("looked and made nothing")


@dg.job
def looking():
    look()


DEFINITIONS = [entries, entries_are_sound, knowledge]


def happen(instance, *partitions):
    """Let something happen: partitions (the 13th of a month fails), an asset, a job, reports of a sensor."""
    for day in partitions:
        dg.materialize([entries, entries_are_sound], partition_key=day, instance=instance, raise_on_error=False)
    dg.materialize([knowledge], instance=instance)
    looking.execute_in_process(instance=instance)
    report(instance, passed=False)
    report(instance, passed=True)


def report(instance, *, passed):
    instance.report_runless_asset_event(dg.AssetMaterialization(REPORTED, metadata={"web": "up" if passed else "down"}))
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(asset_key=REPORTED, check_name=CHECK, passed=passed, metadata={"ms": 12})
    )


async def age(connection, when):
    """Move all that has happened to the moment `when`."""
    plain = when.replace(tzinfo=None)
    for table, column in (
        ("event_logs", "timestamp"),
        ("runs", "update_timestamp"),
        ("asset_check_executions", "evaluation_event_timestamp"),
        ("job_ticks", "timestamp"),
    ):
        await connection.execute(f"UPDATE {table} SET {column} = $1", plain)


async def repeat(connection, run_ids, reports, *, since_days, copies):
    """Copy runs and runless reports `copies` times, evenly over the days up to now, the oldest first.

    Every copy of a partitioned run is of the next day's partition, of the first `COPIED_DAYS`.
    """
    await connection.execute(
        "CREATE TEMP TABLE kept AS SELECT * FROM event_logs WHERE run_id = ANY ($1) OR id = ANY ($2)", run_ids, reports
    )
    step = await connection.fetchval("SELECT max(id) FROM event_logs")
    moment = f"$1::timestamp - ({copies} - k) * interval '1 second' * {since_days * 86400 / copies}"
    other_run = "substr(md5(k || '-' || o.run_id), 1, 36)"
    day = f"to_char(date '{FIRST_DAY}' + (k % {COPIED_DAYS})::int, 'YYYY-MM-DD')"
    copied = f"replace(replace({{0}}, o.run_id, {other_run}), '{FIRST_DAY}', {day})"
    text = f"CASE WHEN o.run_id = '' THEN {{0}} ELSE {copied} END"
    series = f"generate_series(1, {copies}) AS k"
    now = NOW.replace(tzinfo=None)
    await connection.execute(
        f"""
        INSERT INTO event_logs (id, run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
        SELECT o.id + k * {step}, CASE WHEN o.run_id = '' THEN '' ELSE {other_run} END, {text.format("o.event")},
               dagster_event_type, {moment}, step_key, asset_key,
               CASE WHEN partition = '{FIRST_DAY}' THEN {day} ELSE partition END
        FROM {series}, kept o ORDER BY k, o.id
        """,
        now,
    )
    await connection.execute(
        f"""
        INSERT INTO runs (run_id, snapshot_id, pipeline_name, status, run_body, partition, update_timestamp)
        SELECT {other_run}, snapshot_id, pipeline_name, status, {text.format("run_body")}, partition, {moment}
        FROM {series}, runs o WHERE run_id = ANY ($2)
        """,
        now,
        run_ids,
    )
    await connection.execute(
        f"""
        INSERT INTO asset_check_executions (asset_key, check_name, partition, run_id, execution_status,
            evaluation_event, evaluation_event_timestamp, evaluation_event_storage_id, materialization_event_storage_id)
        SELECT asset_key, check_name, partition, CASE WHEN o.run_id = '' THEN '' ELSE {other_run} END, execution_status,
               {text.format("evaluation_event")}, {moment}, evaluation_event_storage_id + k * {step},
               materialization_event_storage_id + k * {step}
        FROM {series}, asset_check_executions o
        WHERE run_id = ANY ($2) OR evaluation_event_storage_id = ANY ($3)
        """,
        now,
        run_ids,
        reports,
    )
    await connection.execute("DROP TABLE kept")
    await connection.execute("SELECT setval('event_logs_id_seq', max(id)) FROM event_logs")
