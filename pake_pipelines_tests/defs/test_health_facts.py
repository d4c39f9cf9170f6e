"""What is read of a Dagster instance: few statements, what failed, and what is nobody's concern."""

import shutil
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pake_pipelines.alerts.inputs.check import check_readings
from pake_pipelines.alerts.inputs.run import run_readings
from pake_pipelines.alerts.inputs.tick import tick_readings
from pake_pipelines.defs.health.facts import FactsReader
from pake_pipelines.defs.health.place import Place
from pake_pipelines.model.alert import Condition
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.database import addresses

NOW = datetime.now(UTC)
ORIGIN = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b", "c"]))
def parts(context):
    if context.partition_key != "a":
        raise dg.Failure("no such part")


@dg.asset(check_specs=[dg.AssetCheckSpec("fits", asset="plain")])
def plain():
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=False, description="too wide")])


@dg.asset
def broken():
    raise ValueError("out of paper")


def schedule(name, cron="0 * * * *"):
    on = dg.DefaultScheduleStatus.RUNNING
    return dg.ScheduleDefinition(name=name, target=[plain], cron_schedule=cron, default_status=on)


@dg.sensor(target=[plain], default_status=dg.DefaultSensorStatus.RUNNING)
def looking(context):
    return dg.SkipReason("nothing")


defs = dg.Definitions(
    assets=[parts, plain, broken],
    jobs=[dg.define_asset_job("printing", selection=["broken"])],
    schedules=[schedule("hourly"), schedule("nightly", "0 3 * * *")],
    sensors=[looking],
)
REPOSITORY = defs.get_repository_def()


@pytest.fixture
def instance(server_settings, tmp_path, monkeypatch):
    """An instance as `dagster.yaml` describes it, on the real server."""
    shutil.copy(PACKAGE_HOME / "dagster.yaml", tmp_path)
    monkeypatch.setenv("PAKE_DAGSTER_URL", addresses(server_settings).dagster)
    monkeypatch.setenv("PAKE_DAGSTER_STORAGE", str(tmp_path))
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened
        opened.wipe()
        opened.schedule_storage.wipe()


def read(instance, now=NOW, reader=None):
    return (reader or FactsReader()).read(Place(instance, REPOSITORY), now)


def switched(instance, name, kind, *, on=True, since=NOW - timedelta(days=2)):
    data = {
        InstigatorType.SCHEDULE: lambda: ScheduleInstigatorData("0 * * * *", since.timestamp()),
        InstigatorType.SENSOR: SensorInstigatorData,
    }[kind]()
    status = InstigatorStatus.RUNNING if on else InstigatorStatus.STOPPED
    state = InstigatorState(ORIGIN.get_instigator_origin(name), kind, status, data)
    return instance.add_instigator_state(state)


def ticked(instance, state, at, status, error=None):
    told = SerializableErrorInfo(error, [], None) if error else None
    instance.create_tick(
        TickData(
            instigator_origin_id=state.instigator_origin_id,
            instigator_name=state.name,
            instigator_type=state.instigator_type,
            status=status,
            timestamp=at.timestamp(),
            selector_id=state.selector_id,
            error=told,
        )
    )


def tick_of(instance, name, now=NOW):
    return next((one for one in read(instance, now).ticks if one.name == name), None)


def conditions(readings, label):
    return {one.labels[label]: one.condition for one in readings.series}


@pytest.fixture
def statements():
    """Count the statements that are sent to any database."""
    sent = []

    def note(connection, cursor, statement, *_):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


def test_everything_can_be_read_of_a_new_instance(instance):
    facts = read(instance)
    assert facts.errors == {}
    assert facts.queue.queued == facts.run_totals.finished == 0
    assert (facts.runs, facts.checks, facts.partitions) == ((), (), ())
    assert {one.kind for one in facts.daemons} == set(instance.get_required_daemon_types())
    assert not any(one.healthy for one in facts.daemons)


def test_an_idle_reading_takes_few_statements_and_an_event_makes_the_rest_be_read_again(instance, statements):
    reader = FactsReader()
    read(instance, NOW, reader)
    statements.clear()
    read(instance, NOW + timedelta(seconds=30), reader)
    assert len(statements) <= 8
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(asset_key=dg.AssetKey("plain"), check_name="fits", passed=True)
    )
    assert [one.passed for one in read(instance, NOW + timedelta(seconds=60), reader).checks] == [True]


def test_a_daemon_that_beats_is_healthy_until_it_is_silent_for_five_minutes(instance):
    kind = instance.get_required_daemon_types()[0]
    instance.add_daemon_heartbeat(DaemonHeartbeat(NOW.timestamp(), kind, "1", None))

    def healthy(now):
        return next(one.healthy for one in read(instance, now).daemons if one.kind == kind)

    assert healthy(NOW + timedelta(minutes=4))
    assert not healthy(NOW + timedelta(minutes=6))


def test_a_failed_run_is_bad_with_its_cause_until_the_job_succeeds(instance):
    job = defs.resolve_job_def("printing")
    job.execute_in_process(instance=instance, raise_on_error=False)
    (run,) = read(instance).runs
    assert (run.job, run.succeeded, run.detail) == ("printing", False, "broken: ValueError: out of paper")
    assert conditions(run_readings(read(instance)), "job") == {"printing": Condition.BAD}
    instance.run_storage.add_run(dg.DagsterRun(job_name="printing", status=dg.DagsterRunStatus.SUCCESS))
    assert conditions(run_readings(read(instance)), "job") == {"printing": Condition.OK}


def test_a_cancelled_run_and_one_that_is_tried_again_have_no_outcome(instance):
    again = {"dagster/will_retry": "true"}
    instance.run_storage.add_run(dg.DagsterRun(job_name="printing", status=dg.DagsterRunStatus.CANCELED))
    instance.run_storage.add_run(dg.DagsterRun(job_name="printing", status=dg.DagsterRunStatus.FAILURE, tags=again))
    assert read(instance).runs == ()


def test_a_failed_check_is_bad_whether_a_run_or_a_tick_has_evaluated_it(instance):
    dg.materialize([plain], instance=instance)
    facts = read(instance)
    (check,) = facts.checks
    assert (check.asset, check.check, check.passed, check.detail) == ("plain", "fits", False, "too wide")
    assert conditions(check_readings(facts), "check") == {"fits": Condition.BAD}
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(asset_key=dg.AssetKey("plain"), check_name="fits", passed=True)
    )
    assert conditions(check_readings(read(instance)), "check") == {"fits": Condition.OK}


def test_failed_partitions_are_counted_until_they_are_made(instance):
    for key in "abc":
        dg.materialize([parts], instance=instance, partition_key=key, raise_on_error=False)
    (found,) = read(instance).partitions
    assert (found.asset, found.failed, found.sample) == ("parts", 2, ("b", "c"))
    instance.report_runless_asset_event(dg.AssetMaterialization("parts", partition="b"))
    assert read(instance).partitions[0].sample == ("c",)


def test_a_schedule_that_missed_its_tick_is_overdue_and_a_stopped_one_is_not(instance):
    on = switched(instance, "hourly", InstigatorType.SCHEDULE)
    ticked(instance, on, NOW - timedelta(hours=5), TickStatus.SKIPPED)
    assert tick_of(instance, "hourly").overdue
    instance.update_instigator_state(on.with_status(InstigatorStatus.STOPPED))
    assert tick_of(instance, "hourly") is None
    assert "hourly" not in conditions(tick_readings(read(instance)), "name")


def test_every_schedule_and_sensor_is_told_of_with_its_last_tick_and_its_next(instance):
    on = switched(instance, "hourly", InstigatorType.SCHEDULE)
    ticked(instance, on, NOW - timedelta(minutes=30), TickStatus.FAILURE, "broken")
    switched(instance, "nightly", InstigatorType.SCHEDULE, on=False)
    reading = FactsReader().read(Place(instance, REPOSITORY, "here"), NOW)
    told = {one.name: one for one in reading.schedules}
    assert set(told) == {"hourly", "nightly", "looking"}
    hourly = told["hourly"]
    assert (hourly.kind, hourly.on, hourly.last_state) == ("schedule", True, "failure")
    assert hourly.last_at == NOW - timedelta(minutes=30)
    assert hourly.next_at(NOW) == NOW.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert hourly.page == "locations/__repository__@here/schedules/hourly"
    assert (told["nightly"].on, told["nightly"].next_at(NOW)) == (False, None)
    assert (told["looking"].kind, told["looking"].every) == ("sensor", timedelta(seconds=30))


def test_a_schedule_that_was_just_switched_on_is_not_overdue(instance):
    switched(instance, "hourly", InstigatorType.SCHEDULE, since=NOW)
    assert tick_of(instance, "hourly").overdue is False


def test_a_failed_tick_is_bad_until_a_later_one_passes_and_one_under_way_says_nothing(instance):
    on = switched(instance, "looking", InstigatorType.SENSOR)
    ticked(instance, on, NOW - timedelta(seconds=60), TickStatus.FAILURE, "no such table")
    ticked(instance, on, NOW - timedelta(seconds=30), TickStatus.STARTED)
    tick = tick_of(instance, "looking")
    assert (tick.failed, tick.overdue, tick.error) == (True, False, "no such table")
    ticked(instance, on, NOW, TickStatus.SKIPPED)
    assert conditions(tick_readings(read(instance)), "name")["looking"] is Condition.OK


def test_a_sensor_that_stays_away_is_overdue(instance):
    on = switched(instance, "looking", InstigatorType.SENSOR)
    ticked(instance, on, NOW - timedelta(minutes=6), TickStatus.SKIPPED)
    assert tick_of(instance, "looking").overdue
    assert conditions(tick_readings(read(instance)), "name")["looking"] is Condition.BAD


def test_slots_that_a_dead_run_holds_have_leaked(instance):
    instance.event_log_storage.set_concurrency_slots("knowledge", 1)
    instance.event_log_storage.claim_concurrency_slot("knowledge", "of-a-run-that-is-gone", "step")
    (pool,) = read(instance).pools
    assert (pool.name, pool.limit, pool.claimed, pool.leaked) == ("knowledge", 1, 1, 1)


def test_what_cannot_be_read_is_told_and_hides_nothing_else(instance, monkeypatch):
    def breaks(*_, **__):
        raise RuntimeError("connection refused")

    monkeypatch.setattr(instance.event_log_storage, "get_latest_asset_check_execution_by_key", breaks)
    facts = read(instance)
    assert facts.checks is None
    assert facts.errors == {"checks": "RuntimeError: connection refused"}
    assert facts.queue is not None
    assert check_readings(facts).error == "RuntimeError: connection refused"
