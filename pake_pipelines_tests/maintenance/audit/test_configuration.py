"""The configuration audit of a project on disk."""

import asyncio

import pytest

from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.audit.configuration import run
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.settings import PACKAGE_HOME, Settings


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "dagster.yaml").touch()
    return Settings(home=tmp_path)


def carried_out(settings, environ=None) -> tuple:
    config = MaintenanceConfig(tasks={})
    outcome = asyncio.run(run(Workplace(settings, config, environ=environ or {})))
    return outcome, {(one["rule"], one["where"]) for one in outcome.details["findings"]}


def test_the_shipped_configuration_has_no_error():
    settings = Settings(home=PACKAGE_HOME)
    config = load_maintenance(settings.configs)
    outcome = asyncio.run(run(Workplace(settings, config, environ={})))
    assert [one for one in outcome.details["findings"] if one["severity"] == "error"] == []


def test_what_a_file_still_holds_of_an_example_is_found_with_file_line_and_key(project):
    (project.configs / "monitoring.yaml").write_text(
        "alerting:\n  channels:\n    email: {sender: pake@example.com, recipients: [me@home.net]}\n"
    )
    (project.home / ".env").write_text("# mine\nexport PAKE_MAIL_PASSWORD='CHANGE_ME_NOW'\n")
    (project.home / ".env").chmod(0o644)
    outcome, found = carried_out(project)
    assert found == {
        ("example-address", "configs/monitoring.yaml:3 alerting.channels.email.sender"),
        ("placeholder", "$PAKE_MAIL_PASSWORD"),
        ("open-file", str(project.home / ".env")),
    }
    assert outcome.state is TaskState.FAILED


def test_a_file_that_cannot_be_used_is_a_finding_and_the_rest_is_still_looked_at(project):
    (project.configs / "quality.yaml").write_text("verdict:\n  no_such_key: 1\n")
    (project.configs / "sources.yaml").write_text(
        "sources:\n  a: {name: A, kind: feed, url: 'https://example.com/feed'}\n"
    )
    outcome, found = carried_out(project, {"PAKE_DATABASE_URL": "postgresql://me:changeme@db/x"})
    assert {rule for rule, _ in found} == {"unusable", "example-address", "placeholder"}
    assert "no_such_key" in outcome.details["findings"][-1]["what"]


def test_no_secret_is_in_what_the_audit_says(project):
    (project.configs / "maintenance.yaml").write_text("backup: {target: 's3://k:Zq8-v3ry@b/x'}\n")
    secrets = {"PAKE_MAIL_PASSWORD": "Zq8-v3ry", "PAKE_OTHER_TOKEN": "Zq8-v3ry"}
    outcome, found = carried_out(project, secrets)
    assert {rule for rule, _ in found} == {"secret-in-file", "secret-used-twice", "plain-backup"}
    assert "Zq8-v3ry" not in repr(outcome)


def test_modes_of_backups_and_logs_are_looked_at_and_links_are_not_followed(project, tmp_path):
    for name, mode in (("backups/b/knowledge.dump", 0o644), ("logs/application.log", 0o666), ("logs/ok.log", 0o600)):
        file = project.data / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        file.chmod(mode)
    (project.data / "logs" / "link.log").symlink_to(project.data / "backups/b/knowledge.dump")
    _, found = carried_out(project)
    assert found == {
        ("open-file", str(project.data / "backups/b/knowledge.dump")),
        ("open-file", str(project.data / "logs/application.log")),
    }
