"""A project that keeps its log: an embedded server of its own, both databases, samples in them."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.backup import wal
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import (
    Patience,
    addresses,
    create_databases,
    open_database,
    wait_for,
    with_database,
)
from pake_pipelines.store.embedded import EmbeddedServer
from pake_pipelines.store.migrate import migrate
from pake_pipelines.store.nodes import seed_sample_rows
from pake_pipelines.store.row_hashes import table_hashes

RULES = "backup: {point_in_time: {enabled: true}}\n"


class Project:
    """The project; `place` is where its tasks work."""

    def __init__(self, settings):
        self.settings = settings
        self.config = load_maintenance(settings.configs)
        self.server = EmbeddedServer(settings.data, wal.archiving(settings, self.config))
        self.place = Workplace(settings, self.config)
        self.rules = self.config.backup.point_in_time
        self.directory = wal.directory_of(settings, self.rules)

    def with_options(self, **options):
        return replace(self.place, options=options)

    async def ask(self, statement, *values, database=None):
        url = addresses(self.settings).knowledge
        connection = await wait_for(with_database(url, database) if database else url, Patience())
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()

    async def hashes(self, url=None):
        return await hashes_at(url or addresses(self.settings).knowledge)


async def hashes_at(url):
    connection = await wait_for(url, Patience())
    try:
        return await table_hashes(connection)
    finally:
        await connection.close()


@contextmanager
def project_that_keeps_its_log(rules=RULES) -> Iterator[Project]:
    """Lend a project whose embedded server runs and archives."""
    home = Path(tempfile.mkdtemp(prefix="pake-pitr-"))
    home.chmod(0o755)
    (home / "configs").mkdir()
    (home / "configs" / "maintenance.yaml").write_text(rules)
    project = Project(Settings(home=home))
    project.server.start()
    try:
        asyncio.run(create_databases(project.settings))
        migrate(addresses(project.settings).knowledge)
        asyncio.run(_seed(project.settings))
        yield project
    finally:
        project.server.stop()
        shutil.rmtree(home, ignore_errors=True)


async def _seed(settings):
    async with open_database(addresses(settings).knowledge) as database, database.transaction() as connection:
        await seed_sample_rows(connection)
