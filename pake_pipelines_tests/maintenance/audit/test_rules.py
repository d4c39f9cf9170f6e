"""The rules of the configuration audit, on facts."""

from dataclasses import replace

import pytest

from pake_pipelines.config.upkeep import Audit
from pake_pipelines.maintenance.audit.facts import Facts, FileMode, Said
from pake_pipelines.maintenance.audit.rules import audit

QUIET = Facts(environment={}, examples={}, needed={})


def rules_of(facts):
    return [(one.rule, one.where) for one in audit(facts, Audit())]


def test_nothing_configured_is_nothing_to_object_to():
    assert audit(QUIET, Audit()) == []


@pytest.mark.parametrize(
    "value",
    [
        "CHANGE_ME_POSTGRES",
        "changeme",
        "please-change-me",
        "your-app-password",
        "YOUR_API_KEY",
        "your token here",
        "https://hooks.slack.com/services/YOUR/WEBHOOK/URL-your-webhook-url",
        "<the password>",
        "replace-me",
        "xxxxxxxxxxxx",
    ],
)
def test_a_placeholder_is_an_error_wherever_it_stands(value):
    facts = replace(QUIET, said=(Said("configs/sources.yaml:3 a.b", "b", value),), environment={"PAKE_X": value})
    found = [one for one in audit(facts, Audit()) if one.rule == "placeholder"]
    assert [one.where for one in found] == ["$PAKE_X", "configs/sources.yaml:3 a.b"]
    assert {one.severity for one in found} == {"error"}


@pytest.mark.parametrize(
    "text",
    [
        "Change management in hospitals",
        "your morning reading",
        "https://arxiv.org/rss/cs.CL",
        "a < b and c > d",
        "XXL sizes",
        "todo lists considered harmful",
    ],
)
def test_prose_and_addresses_are_no_placeholders(text):
    assert rules_of(replace(QUIET, said=(Said("here", "name", text),))) == []


@pytest.mark.parametrize(
    "text", ["admin@example.com", "https://hooks.example.org/pake", "imap.mail.example.net:993 x@mail.example.net"]
)
def test_an_address_of_an_example_domain_is_an_error(text):
    assert rules_of(replace(QUIET, said=(Said("here", "recipients", text),))) == [("example-address", "here")]


def test_a_domain_that_only_ends_alike_is_somebodys():
    assert rules_of(replace(QUIET, said=(Said("here", "url", "https://counterexample.com/feed"),))) == []


@pytest.mark.parametrize("value", ["postgres", "Password", "AKIAIOSFODNN7EXAMPLE"])
def test_a_secret_that_everybody_knows_is_an_error(value):
    assert rules_of(replace(QUIET, environment={"PAKE_MAIL_PASSWORD": value})) == [
        ("well-known-secret", "$PAKE_MAIL_PASSWORD")
    ]


def test_what_is_no_secret_may_have_a_common_value():
    assert rules_of(replace(QUIET, environment={"PAKE_EMBEDDING_MODEL": "default"})) == []


def test_a_secret_that_equals_the_shipped_example_is_an_error():
    facts = replace(QUIET, environment={"APP_TOKEN": "f3b1-77aa"}, examples={"APP_TOKEN": "f3b1-77aa"})
    assert rules_of(facts) == [("example-secret", "$APP_TOKEN")]


def test_the_same_secret_twice_is_a_warning_that_does_not_show_it():
    facts = replace(QUIET, environment={"A_PASSWORD": "Tr0ub4dor", "B_SECRET": "Tr0ub4dor", "C_TOKEN": "another-one"})
    (found,) = audit(facts, Audit())
    assert (found.rule, found.severity, found.where) == ("secret-used-twice", "warning", "$A_PASSWORD, $B_SECRET")
    assert "Tr0ub4dor" not in repr(found)


@pytest.mark.parametrize(
    ("key", "text"),
    [("password", "s3cr3t-9"), ("api_key", "abcdef"), ("url", "postgresql://me:s3cr3t-9@db/x")],
)
def test_a_secret_in_a_configuration_file_is_an_error_that_does_not_show_it(key, text):
    (found,) = audit(replace(QUIET, said=(Said("here", key, text),)), Audit())
    assert (found.rule, found.severity) == ("secret-in-file", "error")
    assert "s3cr3t-9" not in repr(found)


@pytest.mark.parametrize("key", ["password_env", "secret_env", "keywords", "tokens_max"])
def test_the_name_of_a_variable_is_no_secret(key):
    assert rules_of(replace(QUIET, said=(Said("here", key, "PAKE_MAIL_PASSWORD"),))) == []


@pytest.mark.parametrize(
    ("kind", "mode", "severity", "do"),
    [
        ("secret", 0o644, "error", "chmod 600 f"),
        ("backup", 0o640, "error", "chmod 600 f"),
        ("log", 0o644, "warning", "chmod 640 f"),
        ("config", 0o664, "warning", "chmod 644 f"),
        ("data", 0o777, "warning", "chmod 755 f"),
    ],
)
def test_a_file_that_is_open_to_others_is_found_with_the_way_to_close_it(kind, mode, severity, do):
    (found,) = audit(replace(QUIET, modes=(FileMode("f", kind, mode),)), Audit())
    assert (found.rule, found.severity, found.way_out) == ("open-file", severity, do)


@pytest.mark.parametrize(("kind", "mode"), [("secret", 0o600), ("backup", 0o700), ("log", 0o640), ("config", 0o644)])
def test_a_file_that_is_closed_enough_is_not(kind, mode):
    assert rules_of(replace(QUIET, modes=(FileMode("f", kind, mode),))) == []


@pytest.mark.parametrize(
    ("host", "open_to_all"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True), ("10.0.0.4", True)]
)
def test_listening_beyond_this_machine_is_an_error(host, open_to_all):
    assert bool(rules_of(replace(QUIET, host=host))) is open_to_all


def test_a_mailbox_without_its_variables_is_a_warning_that_says_how_to_switch_it_off():
    (found,) = audit(replace(QUIET, needed={"PAKE_MAIL_PASSWORD": ("letters",)}), Audit())
    assert (found.severity, found.way_out) == ("warning", "set it, or: pake sources disable letters")


@pytest.mark.parametrize(
    ("target", "encrypted", "warns"),
    [("s3://bucket/x", False, True), ("s3://bucket/x", True, False), ("/mnt/b", False, False)],
)
def test_backups_that_leave_the_machine_are_encrypted(target, encrypted, warns):
    assert bool(rules_of(replace(QUIET, backup_target=target, encrypted=encrypted))) is warns


def test_errors_come_first():
    facts = replace(
        QUIET, host="0.0.0.0", needed={"A_PASSWORD": ("x",)}, unusable=("configs/a.yaml:3: x: unknown key",)
    )
    assert [one.severity for one in audit(facts, Audit())] == ["error", "error", "warning"]
