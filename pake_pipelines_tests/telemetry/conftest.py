"""A project that logs into its own files, and is quiet again afterwards."""

import json

import pytest

from pake_pipelines.settings import Settings
from pake_pipelines.telemetry import logs


class Project:
    def __init__(self, home):
        self.settings = Settings(home=home)
        self.logs = self.settings.data / "logs"

    def set_up(self, **environ):
        logs.set_up_logging(self.settings, "test", environ)

    def lines(self, name):
        """Return the records of a log file."""
        file = self.logs / name
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    yield Project(tmp_path)
    logs.close_logging()
