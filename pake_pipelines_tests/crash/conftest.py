"""The stage of the crash tests, built once."""

import pytest

from pake_pipelines.settings import Settings
from pake_pipelines.store.database import addresses
from pake_pipelines_tests.crash.stage import Stage


@pytest.fixture(scope="package")
def stage(server_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Both scenes, played once undisturbed."""
    return Stage(addresses(server_settings).knowledge, tmp_path_factory.mktemp("crash"))
