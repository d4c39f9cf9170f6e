"""What the tests of this room share: the packaged rules."""

from pathlib import Path

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import QualityConfig


@pytest.fixture(scope="session")
def config() -> QualityConfig:
    return load_quality(Path("no configuration of its own"))
