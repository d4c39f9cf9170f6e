"""What the tests of this room share: one database for each file, with nothing in it when a test begins."""

import pytest

from pake_pipelines_tests.emptied import emptied


@pytest.fixture
def database_url(module_database_url: str) -> str:
    """The address of the file's database, emptied."""
    return emptied(module_database_url)
