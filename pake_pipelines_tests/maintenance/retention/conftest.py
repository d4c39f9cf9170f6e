"""A knowledge base of SQL and a place where the sweep works on it."""

import pytest

from pake_pipelines_tests.maintenance.retention.holdings import workplace


@pytest.fixture
def place(database_url, tmp_path):
    """Return a function from rules of retention to the place."""
    return lambda **rules: workplace(database_url, tmp_path, **rules)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "archive"
