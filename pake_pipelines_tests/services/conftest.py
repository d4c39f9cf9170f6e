"""What the tests of this room share: a place with services, whose programs do not outlive the test."""

import asyncio

import pytest

from pake_pipelines.store.database import Patience, wait_for
from pake_pipelines_tests.services.place import Place
from pake_pipelines_tests.store.conftest import Shelf

_BOOKS = ("health_samples", "service_restarts", "service_surrenders", "service_processes", "audit_events")


@pytest.fixture
def database_url(module_database_url):
    """The module's database with empty books: making a database of its own takes a test longer than the test."""
    asyncio.run(_empty(module_database_url))
    return module_database_url


async def _empty(url):
    connection = await wait_for(url, Patience())
    try:
        await connection.execute("; ".join(f"DELETE FROM pake.{table}" for table in _BOOKS))
    finally:
        await connection.close()


@pytest.fixture
def place(tmp_path, database_url):
    made = Place(tmp_path / "project", database_url)
    yield made
    made.end()


@pytest.fixture
async def shelf(database):
    """Items that are put in through the store's own functions."""
    return await Shelf(database).open()
