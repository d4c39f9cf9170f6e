"""What the tests of this room share: the packaged rules, the blank pipeline, and texts of every kind."""

from pathlib import Path

import pytest
import yaml

import pake_pipelines.config
from pake_pipelines.config.quality import LanguageRules, QualityConfig, SpamRules
from pake_pipelines.text.linguistics import Pipeline, load_pipeline

_DEFAULTS = Path(pake_pipelines.config.__file__).parent / "defaults" / "quality.yaml"


@pytest.fixture(scope="session")
def config() -> QualityConfig:
    return QualityConfig.model_validate(yaml.safe_load(_DEFAULTS.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def language_rules(config: QualityConfig) -> LanguageRules:
    return config.language


@pytest.fixture(scope="session")
def spam_rules(config: QualityConfig) -> SpamRules:
    return config.spam


@pytest.fixture(scope="session")
def blank() -> Pipeline:
    return load_pipeline("no_such_model_installed")
