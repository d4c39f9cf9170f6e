"""What the tests of this room share: a place with services, whose programs do not outlive the test."""

import pytest

from pake_pipelines_tests.services.place import Place


@pytest.fixture
def place(tmp_path, database_url):
    made = Place(tmp_path / "project", database_url)
    yield made
    made.end()
