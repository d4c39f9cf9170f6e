"""Recovery to a moment gives exactly what was committed then, or says in one sentence why it cannot."""

import pytest

from pake_pipelines.maintenance.backup import base, bases, recovery
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.store.database import Patience, addresses, wait_for
from pake_pipelines.store.wal import close_segment, wal_standing
from pake_pipelines_tests.maintenance.backup.point_in_time import hashes_at, project_that_keeps_its_log


@pytest.fixture(scope="module")
def project():
    with project_that_keeps_its_log() as made:
        yield made


async def test_just_before_a_dropped_table_everything_is_there_row_by_row(project):
    outcome = await base.run(project.place)
    assert outcome.state == TaskState.DONE, outcome
    await project.ask("UPDATE pake.knowledge_nodes SET title = title || ' changed'")
    before, moment = await project.hashes(), await project.ask("SELECT clock_timestamp()")
    await project.ask("DROP TABLE pake.knowledge_nodes CASCADE")
    connection = await wait_for(addresses(project.settings).knowledge, Patience())
    print(await close_segment(connection))
    print(await wal_standing(connection))
    await connection.close()
    import time
    time.sleep(2)
    plan = recovery.plan_for(moment, project.directory, await project.ask("SELECT clock_timestamp()"))
    print(plan)
    async with recovery.recovered(plan, project.settings.data / "tmp") as found:
        assert await hashes_at(found.databases["knowledge"]) == before
        print(found)
    print(outcome)
