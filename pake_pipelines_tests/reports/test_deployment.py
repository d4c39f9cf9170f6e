"""The deployment report: what is installed and configured is held against what is needed, and no value is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.loading import (
    load_maintenance,
    load_monitoring,
    load_quality,
    load_reports,
    load_sources,
)
from pake_pipelines.health.environment import Finding
from pake_pipelines.model.dagster_facts import DagsterFacts, ScheduleFact
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.deployment.configuration import (
    ConfigFile,
    differences,
    read_configuration,
    read_settings,
)
from pake_pipelines.reports.deployment.features import features
from pake_pipelines.reports.deployment.figures import Deployment, Place, environment, lead, tone
from pake_pipelines.reports.deployment.packages import locked_in, packages, read_packages
from pake_pipelines.reports.deployment.report import places
from pake_pipelines.reports.deployment.sections import document
from pake_pipelines.reports.desk import Configs, Desk
from pake_pipelines.reports.document import Tone, Verdict
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.installation import Installation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSTALLED = {"fits": "2.5", "local": "2.13.0+cpu", "old": "0.9", "drifted": "1.4"}
REQUIRED = ["fits>=2", "local==2.13.0", "old>=1", "Dri_fted>=1", "missing", 'other>=1; extra == "dev"']


def deployment(**changed):
    made = Deployment(
        made_at=NOW,
        versions={"pake_pipelines": "0.1.0", "python": "3.11.7"},
        system="Linux",
        packages=packages(["fits>=2"], {}, INSTALLED.get),
        lock=None,
        installation=Installation("18.4", "0.8.5", "0007", NOW - timedelta(hours=2), 1000),
        head="0007",
        places=[Place("data", "/srv/data", True, 5, 100), Place("backups", "s3://bucket", None, None, None)],
        settings=[],
        files=[ConfigFile("sources.yaml", True, (), ("sources.mine",))],
        findings=[Finding("disk", CheckStatus.OK, "enough")],
        features=[],
        services=[],
        switched_off=[],
        facts=None,
        address="http://127.0.0.1:3000",
    )
    return replace(made, **changed)


def rows(made, section, key):
    blocks = next(one for one in made.sections if one.key == section).blocks
    return next(one for one in blocks if getattr(one, "key", None) == key).rows


def items(made, section):
    return {one.key: one for one in next(one for one in made.sections if one.key == section).blocks[0].items}


def test_packages_that_are_missing_or_of_another_release_come_first():
    found = packages(REQUIRED, {"dri-fted": "1.3"}, {**INSTALLED, "Dri_fted": "1.4"}.get)
    assert [(one.name, one.standing.text) for one in found] == [
        ("missing", "missing"),
        ("old", "not a release that it works with"),
        ("Dri_fted", "other than locked"),
        ("fits", "as it should be"),
        ("local", "as it should be"),
    ]


def test_what_is_installed_here_fits_what_the_project_asks_for():
    found = read_packages(PACKAGE_HOME / "requirements.lock")
    assert {"dagster", "asyncpg", "pydantic"} <= {one.name for one in found}
    assert [one.name for one in found if not one.fits] == []


def test_without_a_lock_file_nothing_is_locked(tmp_path):
    assert locked_in(None) == locked_in(tmp_path / "requirements.lock") == {}
    (tmp_path / "requirements.lock").write_text("Some_Name==1.2.3 \\\n    --hash=sha256:00\n# via x==9\nother==4 ; y\n")
    assert locked_in(tmp_path / "requirements.lock") == {"some-name": "1.2.3", "other": "4"}


def test_differences_name_what_was_added_once_and_what_was_changed_by_its_key():
    default = {"a": {"b": 1, "c": 2}, "d": [1], "gone": 0}
    given = {"a": {"b": 1, "c": 3, "new": {"x": 1, "y": 2}}, "d": [1, 2]}
    assert list(differences(default, given)) == ["a.c", "a.new", "d", "gone"]


def test_a_file_is_read_as_it_is_now_with_its_faults_and_its_own_keys(tmp_path):
    (tmp_path / "maintenance.yaml").write_text("backup: {encrypt: true, key_env: MY_KEY}\n")
    (tmp_path / "quality.yaml").write_text("verdict: {auto_verify: soon}\n")
    found = {one.name: one for one in read_configuration(tmp_path)}
    assert found["maintenance.yaml"].changed == ("backup.encrypt", "backup.key_env")
    assert "verdict.auto_verify" in found["quality.yaml"].faults[0]
    assert (found["sources.yaml"].present, found["sources.yaml"].changed) == (False, ())


def test_settings_say_what_was_set_and_no_password(tmp_path):
    address = "postgresql://me:s3cr3tword@db.example.net/knowledge"
    found = {one.variable: one for one in read_settings(Settings(home=tmp_path, database_url=address))}
    assert "s3cr3tword" not in str(found)
    assert (found["PAKE_DATABASE_URL"].given, found["PAKE_PORT"].given) == (True, False)
    assert "db.example.net" in found["PAKE_DATABASE_URL"].value


@pytest.mark.parametrize(
    ("host", "pages"), [("127.0.0.1", "http://127.0.0.1:3000"), ("::1", "http://[::1]:3000")], ids=["IPv4", "IPv6"]
)
def test_links_lead_to_the_address_at_which_the_pages_are_served(host, pages):
    assert Settings(host=host, port=3000).pages == pages


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    place = tmp_path_factory.mktemp("configs")
    (place / "monitoring.yaml").write_text(
        "services: {redis: {enabled: true, requires_env: [MY_REDIS]}}\n"
        "alerting: {channels: {email: {recipients: [a@example.net]},"
        " hook: {kind: webhook, url_env: MY_HOOK, secret_env: MY_SECRET}}}\n"
    )
    (place / "maintenance.yaml").write_text("backup: {target: 's3://bucket/pake'}\n")
    return Configs(
        load_sources(place), load_quality(place), load_monitoring(place), load_maintenance(place), load_reports(place)
    )


def test_a_feature_says_which_variables_it_lacks(configs):
    found = {one.name: one for one in features(configs, {"MY_HOOK": "https://x"}, automation=True)}
    assert found["Channel hook"].says == "MY_SECRET is not set"
    assert found["Channel email"].says == "EMAIL_USERNAME, EMAIL_PASSWORD are not set"
    assert "MY_REDIS" in found["Service Redis"].says
    assert "sent to nobody" in found["Delivery of reports"].says
    assert found["Encrypted backups"].standing.tone is Tone.WARN
    assert found["Channel log"].standing.tone is Tone.GOOD


def test_backups_that_are_to_be_encrypted_and_have_no_key_are_not_ready(configs):
    backup = configs.maintenance.backup.model_copy(update={"encrypt": True})
    changed = replace(configs, maintenance=configs.maintenance.model_copy(update={"backup": backup}))
    for environ, tone_of_it in (({}, Tone.WARN), ({"PAKE_BACKUP_KEY": "AGE-SECRET-KEY-1"}, Tone.GOOD)):
        found = {one.name: one for one in features(changed, environ, automation=True)}
        assert found["Encrypted backups"].standing.tone is tone_of_it
        assert "PAKE_BACKUP_KEY" in found["Encrypted backups"].says


def test_what_lacks_nothing_is_ready_and_no_value_is_told(configs):
    given = {"EMAIL_USERNAME": "me@example.net", "EMAIL_PASSWORD": "s3cr3tword", "MY_REDIS": "redis://h"}
    found = features(configs, given, automation=False)
    assert found[0].standing.tone is Tone.WARN
    named = {one.name: one for one in found}
    assert named["Channel email"].standing.tone is Tone.GOOD
    assert named["Delivery of reports"].standing.tone is Tone.GOOD
    assert named["Automation"].says == "nothing acts by itself"
    assert "Service Redis" not in named
    assert "s3cr3tword" not in str(found)


@pytest.mark.parametrize(
    ("changed", "key", "said"),
    [
        (
            {"files": [ConfigFile("quality.yaml", True, ("quality.yaml:1: x: y",), ())]},
            "configuration",
            "quality.yaml cannot be used",
        ),
        ({"packages": packages(["missing"], {}, INSTALLED.get)}, "packages", "missing not as needed"),
        ({"head": "0008"}, "tables", "the tables are of revision 0007, needed is 0008"),
        ({"findings": [Finding("python", CheckStatus.FAIL, "3.9")]}, "machine_python", "python not as needed"),
    ],
    ids=["configuration", "packages", "tables", "machine"],
)
def test_what_is_needed_and_not_there_is_bad_and_named(changed, key, said):
    made = deployment(**changed)
    assert tone(made) is Tone.BAD
    assert said in lead(made)
    assert items(document(made), "needed")[key].verdict is Verdict.FAIL


def test_what_only_warns_is_recommended_and_not_needed():
    made = deployment(findings=[Finding("language model", CheckStatus.WARN, "no names")])
    assert tone(made) is Tone.GOOD
    assert items(document(made), "recommended")["machine_language_model"].verdict is Verdict.FAIL
    assert items(document(made), "recommended")["lock"].verdict is Verdict.UNKNOWN


def test_ports_in_use_are_no_fault_where_everything_runs():
    findings = [Finding("port 3000", CheckStatus.WARN, "in use"), Finding("memory", CheckStatus.OK, "")]
    assert [one.name for one in environment(findings)] == ["memory"]


def test_a_disk_that_is_nearly_full_stands_out_and_one_elsewhere_is_not_known():
    data, backups = rows(document(deployment()), "places", "places")
    assert (data[2].tone, data[4]) == (Tone.WARN, 0.05)
    assert (backups[2].text, backups[3:]) == ("not looked at", [None, None])


def test_a_place_that_nobody_can_look_at_stops_no_report(tmp_path, configs):
    backup = configs.maintenance.backup.model_copy(update={"target": "x" * 300})
    maintenance = configs.maintenance.model_copy(update={"backup": backup})
    desk = Desk(None, Settings(home=tmp_path), replace(configs, maintenance=maintenance), NOW, None, "", "v")
    found = {one.name: one for one in places(desk)}
    assert (found["backups"].present, found["backups"].free_bytes) == (None, None)
    assert (found["project"].present, found["logs"].present) == (True, False)


def test_schedules_are_told_with_their_next_time_or_that_dagster_did_not_tell():
    facts = DagsterFacts(
        NOW,
        schedules=(
            ScheduleFact("off", "schedule", False, ("0 0 * * *",), None, None, None, "x"),
            ScheduleFact("daily", "schedule", True, ("0 13 * * *",), None, NOW, "success", "x"),
        ),
    )
    found = rows(document(deployment(facts=facts)), "schedules", "schedules")
    assert [(row[0], row[2].text, row[5]) for row in found] == [
        ("daily", "on", NOW + timedelta(hours=1)), ("off", "off", "never"),
    ]  # fmt: skip
    silent = document(deployment())
    assert next(one for one in silent.sections if one.key == "schedules").missing
    assert silent.missing
