"""The stage of the scripts: one database for all of a module, a receiver, a project's home."""

from collections.abc import Iterator

import pytest

from pake_pipelines.settings import Settings
from pake_pipelines_tests.alerts.harness.play import Stage
from pake_pipelines_tests.alerts.harness.receiver import Receiver
from pake_pipelines_tests.site import Site


@pytest.fixture(scope="module")
def stage(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where the scripts of a module are played."""
    site = Site().start()
    try:
        yield Stage(module_database_url, Receiver(site), Settings(home=tmp_path_factory.mktemp("scripts")))
    finally:
        site.stop()
