"""Redaction: configured secrets by value in every form, all others by shape; sentences stay sentences."""

import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest

from pake_pipelines import redaction
from pake_pipelines.redaction import MASK, known, redact, redact_value, redacted_traceback

SECRET = "hunter2/pä\"ss'+<&>"


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("SOME_SERVICE_PASSWORD", SECRET)
    return SECRET


FORMS = {
    "as it is": lambda one: one,
    "in an address": lambda one: quote(one, safe=""),
    "in an address, small letters": lambda one: quote(one, safe="").lower(),
    "in a form": quote_plus,
    "in JSON": lambda one: json.dumps(one)[1:-1],
    "in JSON that is not ASCII": lambda one: json.dumps(one, ensure_ascii=False)[1:-1],
    "as Python shows it": lambda one: repr(one)[1:-1],
    "in a page": html.escape,
    "in a page of a template": lambda one: html.escape(one).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_configured_value_is_hidden_in_the_form(form, secret):
    assert redact(f"before {form(secret)} behind") == f"before {MASK} behind"


@pytest.mark.parametrize("user", ["u", "us", "use", "user", "mail@example.org"])
def test_a_configured_value_is_hidden_in_basic_authorisation_whoever_the_user_is(user, secret):
    encoded = base64.b64encode(f"{user}:{secret}".encode()).decode()
    shown = redact(f"sent {encoded}")
    assert all(encoded[at : at + 12] not in shown for at in range(len(encoded) - 12) if at > len(user) * 4 // 3 + 2)


def test_a_changed_environment_counts_at_once(monkeypatch):
    assert redact("it is violet-unicorn") == "it is violet-unicorn"
    monkeypatch.setenv("MY_API_KEY", "violet-unicorn")
    assert redact("it is violet-unicorn") == f"it is {MASK}"
    monkeypatch.delenv("MY_API_KEY")
    assert redact("it is violet-unicorn") == "it is violet-unicorn"


def test_a_variable_that_the_configuration_names_is_secret_whatever_its_name_says(monkeypatch):
    monkeypatch.setattr(known, "_variables", set())
    monkeypatch.setenv("UPSTREAM", "https://push.example.org/a-very-long-and-secret-path")
    assert "secret-path" in redact("to https://push.example.org/a-very-long-and-secret-path")
    redaction.know_variables(["UPSTREAM"])
    assert redact("to https://push.example.org/a-very-long-and-secret-path") == f"to {MASK}"
    assert redact("push.example.org: POST /a-very-long-and-secret-path") == f"push.example.org: POST {MASK}"


def test_the_password_of_a_configured_address_is_hidden_without_its_address(monkeypatch):
    monkeypatch.setenv("PAKE_DATABASE_URL", "postgresql://pake:violet%20unicorn@db.example.org/pake")
    assert redact("violet unicorn or violet%20unicorn") == f"{MASK} or {MASK}"
    assert redact("db.example.org does not answer") == "db.example.org does not answer"


def test_each_line_of_a_key_in_a_variable_is_hidden(monkeypatch):
    monkeypatch.setenv("DEPLOY_KEY", "first-line-of-a-key-0123\nsecond-line-of-a-key-4567")
    assert redact("at second-line-of-a-key-4567") == f"at {MASK}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKENIZERS_PARALLELISM", "false-or-true"),
        ("POSTGRES_PASSWORD_FILE", "/run/secrets/password"),
        ("SOME_PASSWORD", "short"),
        ("SOME_PASSWORD", "postgres"),
    ],
)
def test_a_value_that_is_no_secret_or_would_hide_every_sentence_stays(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    assert redact(f"it says {value} here") == f"it says {value} here"


SHAPES = [
    ("x password=hunter2pass y", "x password=*** y"),
    ("PGPASSWORD=hunter2", "PGPASSWORD=***"),
    ("host=h password='it is long' port=1", "host=h password='***' port=1"),
    ("Password=abc;Server=x", "Password=***;Server=x"),
    ('{"password": "a b\\" c", "x": 1}', '{"password": "***", "x": 1}'),
    ('say \\"api_key\\": \\"x y\\" z', 'say \\"api_key\\": \\"***\\" z'),
    ("{'token': 'abc', 'n': 2}", "{'token': '***', 'n': 2}"),
    ('{"token": 12345678}', '{"token": "***"}'),
    ("connect(host='h', password=b'abc')", "connect(host='h', password=b'***')"),
    ("password: hunter2", "password: ***"),
    ("  client_secret: wordsonly\nnext: 1", "  client_secret: ***\nnext: 1"),
    ("run --db-password hunter2 --verbose", "run --db-password *** --verbose"),
    ("['--token', 'abc']", "['--token', '***']"),
    ("ALTER ROLE pake PASSWORD 'it''s'", "ALTER ROLE pake PASSWORD '***'"),
    ("postgresql://u:p@h:5/db", "postgresql://u:***@h:5/db"),
    ("postgresql://u:pa/s@s#?@h:5/db", "postgresql://u:***@h:5/db"),
    ("mysql+pymysql://root:1234/5x@h", "mysql+pymysql://root:***@h"),
    ("redis://:hunter@h:6379/0", "redis://:***@h:6379/0"),
    ("https://u:p@h/x", "https://u:***@h/x"),
    ("url=postgresql%3A%2F%2Fu%3Apw%40h", "url=postgresql%3A%2F%2Fu%3A***%40h"),
    ("https://ghx0123456789012345678@github.com/x", "https://***@github.com/x"),
    ("Authorization: Bearer abc.def-ghi", "Authorization: ***"),
    ("('Authorization', 'Bearer abc.def-ghi')", "('Authorization', 'Bearer ***')"),
    ("-H 'Authorization: Basic dXNlcjpwYXNz' x", "-H 'Authorization: ***' x"),
    ("sent Bearer abcdefgh", "sent Bearer ***"),
    ("sent Basic dXNlcjpwYXNz", "sent Basic ***"),
    ("Set-Cookie: sid=1; path=/", "Set-Cookie: ***"),
    ("https://x.org/?a=1&api_key=abc&b=2", "https://x.org/?a=1&api_key=***&b=2"),
    ("https://x.org/?X-Amz-Signature=abc", "https://x.org/?X-Amz-Signature=***"),
    ("to https://hooks.slack.com/services/T0/B0/xyz", "to https://hooks.slack.com/services/***"),
    ('"https:\\/\\/hooks.slack.com\\/services\\/T0\\/B0"', '"https:\\/\\/hooks.slack.com\\/services\\/***"'),
    ("https://discord.com/api/webhooks/123/abc-def", "https://discord.com/api/webhooks/***"),
    ("https://acme.webhook.office.com/webhookb2/1@2/Inc/3", "https://acme.webhook.office.com/***"),
    ("https://api.telegram.org/bot123:abc/send", "https://api.telegram.org/bot***"),
    ("key AKIAIOSFODNN7EXAMPLE.", "key ***."),
    ("ghp_0123456789abcdefghijABCDEFGHIJ0123", "***"),
    ("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQ", "***"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "***"),
    ("a\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nb", "a\n***\nb"),
    ('"-----BEGIN PRIVATE KEY-----\\nMIIcut"', '"***"'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), SHAPES, ids=[one for one, _ in SHAPES])
def test_what_has_the_shape_of_a_secret_is_hidden_although_nobody_configured_it(text, shown):
    assert redact(text) == shown
    assert redact(shown) == shown


SENTENCES = [
    "token: expected one of these",
    "What is a token: a guide",
    "basic understanding of next-token prediction",
    "the environment variable EMAIL_PASSWORD is not set",
    "password_env: SMTP_PASSWORD",
    "duplicate key value violates unique constraint (url)=(x)",
    "asset_key=embeddings partition_key: 2026-11-22 tokens=512",
    "http://127.0.0.1:3000/runs?mail=b@example.org",
    "postgresql://pake@/pake_knowledge?host=%2Frun%2Fsocket",
    "if token == other: raise",
    "sk-learn and eyjafjallajokull",
    "compared 3 of 3 texts in 0.3 s",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_without_a_secret_stays_as_it_is(sentence):
    assert redact(sentence) == sentence


def test_json_stays_json():
    text = json.dumps({"note": "password=abc, Authorization: Bearer abcdefgh", "token": 123456789, "dsn": "a://b:c@d"})
    assert json.loads(redact(text)) == {
        "note": "password=*** Authorization: ***", "token": MASK, "dsn": MASK,
    }  # fmt: skip


def test_nested_data_lose_their_secrets_and_keep_their_form(secret):
    class Odd:
        def __str__(self):
            return f"odd {secret}"

    class Broken:
        def __str__(self):
            raise RuntimeError(secret)

    given = {
        "rows": [{"url": "redis://:pw@h"}, (1, 2.5, None, True)],
        "api_key": "anything",
        "credentials": {"__class__": "Text", "text": "abc", "count": 3},
        secret: b"password=abc",
        "pairs": [{"name": "db_password", "value": "abc"}, {"name": "host", "value": "abc"}],
        "odd": Odd(),
        "broken": Broken(),
        "error": ValueError(secret),
    }
    assert redact_value(given) == {
        "rows": [{"url": "redis://:***@h"}, [1, 2.5, None, True]],
        "api_key": MASK,
        "credentials": {"__class__": "Text", "text": MASK, "count": 3},
        MASK: "password=***",
        "pairs": [{"name": "db_password", "value": MASK}, {"name": "host", "value": "abc"}],
        "odd": f"odd {MASK}",
        "broken": "<Broken: RuntimeError while it was shown>",
        "error": f"ValueError: {MASK}",
    }


def test_a_number_that_is_a_secret_is_hidden(monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "8675309123")
    assert redact_value({"n": 8675309123, "m": 8675309124}) == {"n": MASK, "m": 8675309124}


def test_data_without_an_end_are_cut():
    endless: list = []
    endless.append(endless)
    assert MASK in str(redact_value(endless))


def test_a_chain_of_errors_is_redacted_to_its_end(secret):
    try:
        try:
            try:
                raise KeyError(secret)  # noqa: TRY301
            except KeyError as error:
                raise ValueError("no postgresql://u:pw@h") from error
        except ValueError:
            raise ExceptionGroup("many", [OSError("Bearer abcdefgh")])  # noqa: B904
    except ExceptionGroup as error:
        error.add_note(f"note {secret}")
        shown = redacted_traceback(error)
    assert all(one in shown for one in ("KeyError", "ValueError", "OSError", "note ***", "direct cause", "During"))
    assert not any(one in shown for one in (secret, repr(secret)[1:-1], "pw@", "abcdefgh"))


HOSTILE = {
    "names": "password" * 10000, "addresses": "://:" * 20000, "long": "://" + "a" * 100000, "quotes": '"' * 100000,
    "backslashes": "password='" + "\\" * 100000, "keys": "-----BEGIN PRIVATE KEY-----" * 3000,
    "schemes": "token " * 20000, "parameters": "?key" * 30000, "headers": "x-" * 50000 + "-token",
    "commas": "password=" + ",a" * 50000,
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_keeps_redaction_busy(text):
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 3
