"""What the tests of this room share: a terminal in a fresh project, with a database or without."""

import pytest

from pake_pipelines_tests.cli.terminal import Terminal


@pytest.fixture
def terminal(tmp_path, monkeypatch, capsys):
    """A terminal in a project whose database is down."""
    return Terminal(tmp_path / "project", monkeypatch, capsys)


@pytest.fixture
def connected(terminal, database_url):
    """The same, with a fresh database."""
    terminal.environment(PAKE_DATABASE_URL=database_url)
    return terminal
