"""What tests of making backups stand on."""

import asyncio

import pytest

from pake_pipelines.store.database import with_database
from pake_pipelines_tests.maintenance.backup.vault import execute, fill


@pytest.fixture(scope="module")
def house(module_database_url):
    """The addresses of a knowledge database, and of a small one to dump."""
    server, url = with_database(module_database_url, "postgres"), with_database(module_database_url, "house")
    asyncio.run(execute(server, "CREATE DATABASE house TEMPLATE template0 STRATEGY FILE_COPY"))
    asyncio.run(fill(url))
    yield module_database_url, url
    asyncio.run(execute(server, "DROP DATABASE house WITH (FORCE)"))
