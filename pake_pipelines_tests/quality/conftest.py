"""What the tests of this room share: the packaged rules."""

from pathlib import Path

import pytest
import yaml

import pake_pipelines.config
from pake_pipelines.config.quality import QualityConfig


@pytest.fixture(scope="session")
def config() -> QualityConfig:
    defaults = Path(pake_pipelines.config.__file__).parent / "defaults" / "quality.yaml"
    return QualityConfig.model_validate(yaml.safe_load(defaults.read_text(encoding="utf-8")))
