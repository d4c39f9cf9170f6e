"""What ticked last, and what it remembers."""

from datetime import timedelta

from pake_pipelines.store import monitor_ticks
from pake_pipelines.store.monitor_ticks import MonitorTick
from pake_pipelines_tests.conftest import NOW


async def test_a_tick_is_remembered_and_keeps_its_memory_until_it_is_given_another(database):
    later = NOW + timedelta(seconds=30)
    async with database.transaction() as connection:
        assert await monitor_ticks.read(connection, "a") is None
        await monitor_ticks.note(connection, "a", NOW, 1.5, {"seen": ["x"]})
        await monitor_ticks.note(connection, "a", later, 2.5)
        await monitor_ticks.note(connection, "b", NOW, 0)
        assert await monitor_ticks.read(connection, "a") == MonitorTick("a", later, 2.5, {"seen": ["x"]})
        await monitor_ticks.note(connection, "a", later, 2.5, {})
        assert await monitor_ticks.read_all(connection) == {
            "a": MonitorTick("a", later, 2.5, {}), "b": MonitorTick("b", NOW, 0.0, {}),
        }  # fmt: skip
