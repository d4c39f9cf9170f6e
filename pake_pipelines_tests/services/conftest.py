"""What the tests of this room share: a place with services, whose programs do not outlive the test."""

import pytest

from pake_pipelines_tests.emptied import emptied
from pake_pipelines_tests.services.place import Place
from pake_pipelines_tests.store.conftest import Shelf


@pytest.fixture
def database_url(module_database_url):
    """The address of the file's database, emptied."""
    return emptied(module_database_url)


@pytest.fixture
def place(tmp_path, database_url):
    made = Place(tmp_path / "project", database_url)
    yield made
    made.end()


@pytest.fixture
async def shelf(database):
    """Items that are put in through the store's own functions."""
    return await Shelf(database).open()
