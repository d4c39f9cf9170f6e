"""What the tests of this room share: the packaged rules, the blank pipeline, and texts of every kind."""

from pathlib import Path

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import LanguageRules, QualityConfig, SpamRules
from pake_pipelines.text.linguistics import Pipeline, load_pipeline


@pytest.fixture(scope="session")
def config() -> QualityConfig:
    return load_quality(Path("no configuration of its own"))


@pytest.fixture(scope="session")
def language_rules(config: QualityConfig) -> LanguageRules:
    return config.language


@pytest.fixture(scope="session")
def spam_rules(config: QualityConfig) -> SpamRules:
    return config.spam


@pytest.fixture(scope="session")
def blank() -> Pipeline:
    return load_pipeline("no_such_model_installed")
