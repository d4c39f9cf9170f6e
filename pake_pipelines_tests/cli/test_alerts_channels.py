"""`pake alerts channels`, `test` and `dead-letters` show whether messages get out."""

import json
from datetime import timedelta

import pytest

from pake_pipelines.store import channel_states, notifications
from pake_pipelines.store.notifications import Lease
from pake_pipelines_tests.cli.watched import Watched

HOOK = """
alerting:
  channels:
    hook: {kind: webhook, url_env: HOOK_URL, allow_private: true}
    off: {kind: log, enabled: false}
"""


@pytest.fixture
def watched(connected, database_url):
    connected.environment(HOOK_URL="http://127.0.0.1:9/hook")
    for name in ("SLACK_WEBHOOK_URL", "EMAIL_USERNAME"):
        connected.environment(**{name: ""})
    return Watched(connected, database_url, HOOK)


@pytest.fixture
def given_up(watched):
    """Two messages for the log channel that were given up."""
    watched.judged(*[{"gate": True, "mill": True}] * 4)

    async def give_up(connection):
        lease = Lease(watched.now + timedelta(days=9), 60, 900)
        return await notifications.give_up(connection, "log", lease, watched.now + timedelta(days=8), "disk [full]")

    assert watched.do(give_up) == 2
    return watched


def states(watched):
    return {one["channel"]: one for one in watched.pake("alerts", "channels", "--json").json}


def test_every_channel_says_how_it_stands_and_what_it_lacks(watched):
    watched.do(lambda connection: channel_states.note_failure(connection, "hook", watched.now, "refused"))
    told = states(watched)
    assert {name: one["state"] for name, one in told.items()} == {
        "log": "not tried yet", "email": "not configured", "slack": "not configured", "hook": "fails", "off": "off",
    }  # fmt: skip
    assert told["slack"]["lacks"] == "the environment variable SLACK_WEBHOOK_URL is not set"
    shown = watched.pake("alerts", "channels").stdout
    assert "1 failure in a row, the first" in shown
    assert "SLACK_WEBHOOK_URL is not set" in shown


def test_a_backlog_is_shown(watched):
    watched.judged(*[{"gate": True}] * 4)
    assert states(watched)["log"]["waiting"] == 1


def test_a_test_message_gets_through_or_says_why_not(watched):
    done = watched.pake("alerts", "test", "log")
    assert (done.code, "sent by log in" in done.stdout) == (0, True)
    written = [json.loads(line) for line in (watched.terminal.home / "data/logs/alerts.jsonl").read_text().splitlines()]
    assert "test" in json.dumps(written[0])
    refused = watched.pake("alerts", "test", "hook")
    assert (refused.code, "not sent by hook (failed)" in refused.stderr) == (1, True)
    lacking = watched.pake("alerts", "test", "slack")
    assert (lacking.code, "SLACK_WEBHOOK_URL is not set" in lacking.stderr) == (1, True)
    unknown = watched.pake("alerts", "test", "nowhere")
    assert (unknown.code, "no channel 'nowhere'" in unknown.stderr) == (1, True)
    as_json = watched.pake("alerts", "test", "slack", "--json")
    assert (as_json.code, as_json.json["state"]) == (1, "not_configured")


def test_what_was_given_up_is_listed_with_its_reason(given_up):
    shown = given_up.pake("alerts", "dead-letters").stdout
    assert "disk [full]" in shown
    assert len(given_up.pake("alerts", "dead-letters", "--json").json) == 2
    assert given_up.pake("alerts", "dead-letters", "--channel", "hook").stdout == "no dead letters of hook\n"
    assert states(given_up)["log"]["dead"] == 2


def test_what_was_given_up_goes_out_after_all(given_up):
    first, second = sorted(one["notification_id"] for one in given_up.pake("alerts", "dead-letters", "--json").json)
    assert "2 messages would go out again" in given_up.pake("alerts", "dead-letters", "retry", "--dry-run").stdout
    assert states(given_up)["log"]["dead"] == 2
    assert given_up.pake("alerts", "dead-letters", "retry", first, "--json").json == {"again": 1, "dry_run": False}
    assert [one["notification_id"] for one in given_up.pake("alerts", "dead-letters", "--json").json] == [second]
    assert "1 message will go out again" in given_up.pake("alerts", "dead-letters", "retry", "--channel", "log").stdout
    assert states(given_up)["log"]["waiting"] == 2
    assert given_up.pake("alerts", "dead-letters", "retry").stdout == "no dead letters\n"


def test_an_unknown_dead_letter_is_refused_and_nothing_goes_out(given_up):
    done = given_up.pake("alerts", "dead-letters", "retry", "1", "99999")
    assert (done.code, "no dead letter 99999" in done.stderr) == (1, True)
    assert states(given_up)["log"]["dead"] == 2
