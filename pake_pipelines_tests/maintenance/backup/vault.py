"""A place where tests make backups: a small database of its own to dump, a clock, and what has to hold at any time."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.backup import create, holding, manifest, survey
from pake_pipelines.maintenance.backup.loading import restore_into
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings
from pake_pipelines.store.client_tools import find
from pake_pipelines.store.database import with_database
from pake_pipelines.store.row_hashes import table_hashes
from pake_pipelines_tests.conftest import NOW

# names and values that a careless hash would trip over
TABLES = """
CREATE SCHEMA house;
CREATE TABLE house.recent (band bigint, id int);
CREATE TABLE house.main (band bigint, id int);
CREATE TABLE house.copied (band bigint, id int);
CREATE TABLE house."Odd ""name" ("pake row" text, r record_kind, at timestamptz, f double precision, b bytea);
CREATE TABLE house.items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text, n numeric, tags text[]);
INSERT INTO house.items (said, n, tags)
    SELECT md5(i::text) || repeat(md5((i * 7)::text), 8), i / 7.0, ARRAY[i::text, 'x,"y']
    FROM generate_series(1, 800) i;
INSERT INTO house.recent SELECT i * 31, i FROM generate_series(1, 200) i;
INSERT INTO house."Odd ""name" VALUES ('a,b"c', 'one', '2026-01-02 03:04:05.678901+02', 0.1::float8 * 3, '\\x00ff'),
    (NULL, NULL, 'infinity', 'NaN', NULL), ('', 'two', NULL, -0.0, '');
"""


async def execute(url, statement):
    connection = await asyncpg.connect(url)
    try:
        return await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def fresh(url, name):
    """Lend an empty database of this name on the server of `url`."""
    await execute(with_database(url, "postgres"), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await execute(with_database(url, "postgres"), f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY FILE_COPY')
    try:
        yield with_database(url, name)
    finally:
        await execute(with_database(url, "postgres"), f'DROP DATABASE "{name}" WITH (FORCE)')


async def fill(url):
    await execute(url, "CREATE TYPE record_kind AS ENUM ('one', 'two')")
    await execute(url, TABLES)


def place_of(home: Path, knowledge: str, dumped: str, *, now=NOW, environ=None, dry_run=False, say=None, **rules):
    """Return a workplace that dumps only the database at `dumped` and notes it in the one at `knowledge`."""
    settings = Settings(home=home, database_url=knowledge, dagster_url=dumped, connect_attempts=1)
    config = MaintenanceConfig(tasks={}, backup={"databases": ["dagster"], **rules})
    return Workplace(
        settings,
        config,
        clock=lambda: now,
        environ={} if environ is None else environ,
        dry_run=dry_run,
        say=say or (lambda _: None),
    )


def prove(place, name, state="proven"):
    """Write a proof beside a backup, as the one who restores it does."""
    target = target_of(place)
    said = {
        "name": name,
        "state": state,
        "proved_at": NOW.isoformat(),
        "seconds": 1.0,
        "product_version": "0",
        "manifest_sha256": manifest.checksum(target.read_manifest(name)),
    }
    target.write_small(name, survey.PROOF, json.dumps(said).encode())


def made(place):
    """Back up in this process; return the backup's name."""
    return asyncio.run(create.run(place)).details["name"]


def wrong(place, proven=()):
    """Return everything that must not be: a final-named backup that is not whole, or a proven one that is gone."""
    target = target_of(place)
    faults = []
    for name in target.names():
        try:
            held = target.read_manifest(name)
        except MaintenanceError as error:
            faults.append(f"{name}: {error}")
            continue
        faults += [f"{name}: {fault}" for fault in holding.faults(target.local / name, held)]
        directory = target.local / name
        modes = {path.stat().st_mode & 0o777 for path in directory.iterdir()}
        if directory.stat().st_mode & 0o777 != 0o700 or modes != {0o600}:
            faults.append(f"{name}: open to others")
    known = {one.name: one for one in survey.survey(target)}
    return faults + [
        f"{name} is not there as proven" for name in proven if name not in known or not known[name].is_proven
    ]


def listed(directory):
    """Return the names of everything in a directory."""
    return sorted(path.name for path in directory.iterdir())


def left_behind(place):
    """Return what unfinished work has left in the target."""
    return [name for name in listed(target_of(place).local) if name.startswith(".")]


async def mismatches(place, name, url):
    """Restore the dump of `name` into a fresh database of the server of `url`; return the tables that are not equal."""
    target = target_of(place)
    held = target.read_manifest(name).databases["dagster"]
    async with fresh(url, "restored") as scratch:
        await restore_into(target.local / name / held.file, scratch, find("pg_restore", 18), {})
        connection = await asyncpg.connect(scratch)
        try:
            found = {(one.schema, one.name): (one.rows, one.hash) for one in await table_hashes(connection)}
        finally:
            await connection.close()
    wanted = {(one.schema, one.name): (one.rows, one.hash) for one in held.tables}
    return sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))


def later(place, **time):
    """Return the same place, some time later."""
    now = place.clock() + timedelta(**time)
    return replace(place, clock=lambda: now)


def program(directory, name, body):
    """Write a shell script that stands in for a program."""
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path
