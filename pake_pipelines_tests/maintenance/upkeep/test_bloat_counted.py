"""Where pgstattuple is installed bloat is counted; what is estimated elsewhere comes within 15 points of the count.

The embedded server has no such extension: a PostgreSQL of the system is taken where there is one that has it.
"""

import shutil
import tempfile
from pathlib import Path

import asyncpg
import pytest

from pake_pipelines.store import upkeep_indexes, upkeep_tables
from pake_pipelines.store.server_account import account_for

POINTS = 15
# columns, values of a row, what an update changes
SHAPES = {
    "numbers": ("id int PRIMARY KEY, n int NOT NULL", "i, i", "n = n + 20000"),
    "texts": (
        "id bigint PRIMARY KEY, n text NOT NULL, m text",
        "i, md5(i::text), repeat('x', i % 80)",
        "n = md5(n)",
    ),
    "gaps": ("id int PRIMARY KEY, n text, m int", "i, CASE WHEN i % 3 > 0 THEN md5(i::text) END, i % 7", "n = md5(n)"),
}


def _programs():
    for extension in sorted(Path("/usr/share/postgresql").glob("*/extension/pgstattuple.control")):
        programs = Path("/usr/lib/postgresql") / extension.parent.parent.name / "bin"
        if (programs / "initdb").exists():
            return programs
    return None


PROGRAMS = _programs()
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="no PostgreSQL of the system has pgstattuple")


@pytest.fixture(scope="module")
def counting_server():
    """A server with pgstattuple."""
    place = Path(tempfile.mkdtemp(prefix="pake-count-"))
    runner = account_for(place)
    runner.own(place)
    cluster, socket = place / "cluster", f"-c listen_addresses= -c unix_socket_directories={place} -c fsync=off"
    begun = runner.run([PROGRAMS / "initdb", "-D", cluster, "-U", "pake", "-A", "trust", "--no-sync"])
    assert begun.returncode == 0, begun.stderr
    control = [PROGRAMS / "pg_ctl", "-D", cluster, "-w", "-l", place / "log"]
    assert runner.run([*control, "-o", socket, "start"]).returncode == 0
    try:
        yield str(place)
    finally:
        runner.run([*control, "-m", "immediate", "stop"])
        shutil.rmtree(place)


async def _measured(connection, monkeypatch, *, exact):
    with monkeypatch.context() as patched:
        if exact:
            for module in (upkeep_tables, upkeep_indexes):
                patched.setattr(module, "_COUNTED_FROM_BYTES", 0)
        tables = await upkeep_tables.table_facts(connection, "pake")
        indexes = await upkeep_indexes.index_facts(connection, "pake")
    return {one.table: one.bloat for one in tables} | {one.name: one.bloat for one in indexes}


async def test_estimates_come_within_15_points_of_the_count(counting_server, monkeypatch):
    connection = await asyncpg.connect(host=counting_server, user="pake", database="postgres")
    try:
        await connection.execute("CREATE SCHEMA pake")
        for name, (columns, values, _) in SHAPES.items():
            await connection.execute(f"CREATE TABLE pake.{name} ({columns}) WITH (autovacuum_enabled = off)")
            await connection.execute(f"CREATE INDEX {name}_n ON pake.{name} (n)")
            await connection.execute(f"INSERT INTO pake.{name} SELECT {values} FROM generate_series(1, 20000) i")
        seen = set()
        for change in (None, "UPDATE pake.{0} SET {1}", "DELETE FROM pake.{0} WHERE id % 4 > 0"):
            for name, (_, _, update) in SHAPES.items():
                if change:
                    await connection.execute(change.format(name, update))
                await upkeep_tables.settle(connection)
                await connection.execute(f"VACUUM (ANALYZE) pake.{name}")
            await connection.execute("DROP EXTENSION IF EXISTS pgstattuple")
            estimated = await _measured(connection, monkeypatch, exact=False)
            await connection.execute("CREATE EXTENSION pgstattuple")
            counted = await _measured(connection, monkeypatch, exact=True)
            for name, bloat in counted.items():
                assert bloat.exact, name
                assert not estimated[name].exact, name
                assert abs(estimated[name].percent - bloat.percent) < POINTS, (name, change)
                seen.add(round(bloat.percent, -1))
        assert min(seen) == 0
        assert max(seen) >= 80
    finally:
        await connection.close()
