"""What the tests of upkeep share: a place to work, and a table whose rows and index are as bloated as one wishes."""

from dataclasses import replace

import pytest

from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings


@pytest.fixture
def place(tmp_path, database_url):
    """A place over the fresh database, with the packaged rules, but little patience."""
    config = load_maintenance(tmp_path)
    upkeep = config.upkeep.model_copy(update={"lock_timeout_ms": 300, "rebuild_wait_seconds": 0.5})
    settings = Settings(home=tmp_path, database_url=database_url)
    return Workplace(settings, config.model_copy(update={"upkeep": upkeep}))


def at_level(place, level, **options):
    """The same place, told how far to go."""
    return replace(place, options={**place.options, "level": level, **options})


async def plant(connection, name="planted", *, rows=20_000, storms=0):
    """Make a table of `rows` with an index; each storm updates every row, and nothing cleans up behind it."""
    await connection.execute(
        f"CREATE TABLE pake.{name} (id int PRIMARY KEY, word text, n int NOT NULL) WITH (autovacuum_enabled = off)"
    )
    await connection.execute(
        f"INSERT INTO pake.{name} SELECT i, repeat('x', 40), (i * 7919) % {rows} FROM generate_series(1, {rows}) i"
    )
    await connection.execute(f"CREATE UNIQUE INDEX {name}_n ON pake.{name} (n)")
    # what was counted of the rows comes first, or it would be counted on top of what ANALYZE finds
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute(f"ANALYZE pake.{name}")
    for _ in range(storms):
        await connection.execute(f"UPDATE pake.{name} SET n = n + {rows}, word = repeat('y', 40)")
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute("SELECT 1")
