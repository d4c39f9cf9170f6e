"""Dagster's storage over lasting connections: few of them, shared, and replaced when they are gone."""

import dagster as dg
import pytest
import sqlalchemy as db
from sqlalchemy.pool import NullPool

from pake_pipelines.defs.shared.storage import LastingPostgresStorage
from pake_pipelines.store.database import addresses

_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def server(server_settings):
    """A connection to the same database that is none of the storage's."""
    engine = db.create_engine(addresses(server_settings).dagster, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement: [row[0] for row in connection.execute(db.text(statement))]


@pytest.fixture
def storage(server_settings):
    return LastingPostgresStorage(addresses(server_settings).dagster)


def ask(storage):
    storage.run_storage.get_runs()
    storage.event_log_storage.get_maximum_record_id()
    storage.schedule_storage.all_instigator_state()


def test_all_storages_of_a_process_ask_over_the_same_connection(server_settings, storage, server):
    ask(storage)
    before = server(_SESSIONS)
    another = LastingPostgresStorage(addresses(server_settings).dagster)
    for _ in range(5):
        ask(storage)
        ask(another)
    assert server(_SESSIONS) == before
    assert len(before) == 1


def test_a_connection_that_the_server_has_closed_is_replaced_unseen(storage, server):
    ask(storage)
    (gone,) = server(_SESSIONS)
    assert server(f"SELECT pg_terminate_backend({gone})") == [True]
    ask(storage)
    (new,) = server(_SESSIONS)
    assert new != gone


def test_an_instance_of_it_runs_jobs_like_any_other(server_settings, tmp_path):
    (tmp_path / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\n"
        "storage:\n  custom:\n    module: pake_pipelines.defs.shared.storage\n    class: LastingPostgresStorage\n"
        f"    config: {{postgres_url: '{addresses(server_settings).dagster}'}}\n"
    )

    @dg.asset
    def made() -> None: ...

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert dg.materialize([made], instance=instance).success
        with dg.DagsterInstance.from_ref(instance.get_ref()) as again:
            assert again.get_latest_materialization_event(made.key) is not None
        instance.wipe()
