"""dagster.yaml and workspace.yaml as Dagster itself reads them."""

import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.workspace.load import location_origins_from_yaml_paths

from pake_pipelines.settings import PACKAGE_HOME


def test_dagster_accepts_the_instance_file(monkeypatch, tmp_path):
    monkeypatch.setenv("PAKE_DAGSTER_URL", "postgresql://pake@/dagster?host=/nowhere")
    monkeypatch.setenv("PAKE_DAGSTER_STORAGE", str(tmp_path))
    config, _ = dagster_instance_config(str(PACKAGE_HOME))
    assert config["telemetry"] == {"enabled": False}
    assert config["concurrency"]["pools"] == {"default_limit": 1, "granularity": "run"}
    assert config["storage"]["custom"]["config"]["postgres_url"] == {"env": "PAKE_DAGSTER_URL"}


def test_everything_that_grows_has_a_retention():
    retention = yaml.safe_load((PACKAGE_HOME / "dagster.yaml").read_text())["retention"]
    assert set(retention) == {"schedule", "sensor", "auto_materialize"}


def test_the_workspace_names_the_one_code_location():
    origins = location_origins_from_yaml_paths([str(PACKAGE_HOME / "workspace.yaml")])
    assert [origin.location_name for origin in origins] == ["pake_pipelines"]
