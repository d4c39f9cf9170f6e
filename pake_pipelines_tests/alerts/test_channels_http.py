"""Slack and webhook: what is posted, that it is signed, what each answer means, and that no address is given away."""

import json
import logging
import traceback

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from pake_pipelines.alerts.channels.opening import open_channel
from pake_pipelines.alerts.channels.protocol import ChannelError, NotConfiguredError
from pake_pipelines.alerts.channels.slack import COLOURS, RESOLVED
from pake_pipelines.alerts.channels.slack import payload as slack_payload
from pake_pipelines.config.alerting import SlackChannel, WebhookChannel
from pake_pipelines.model.alert import MessageKind, Severity
from pake_pipelines.settings import Settings
from pake_pipelines_tests.alerts.messages import line, message, resolve
from pake_pipelines_tests.alerts.post_office import Receiver, break_off, hang
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.site import Page

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver(site):
    site.pages["/services/T0/B0/s3cret"] = Receiver()
    return site.pages["/services/T0/B0/s3cret"]


@pytest.fixture
def opened(tmp_path, site):
    def opened(kind="webhook", **changes):
        environ = {"URL": site.url("/services/T0/B0/s3cret"), "HOOK_SECRET": SECRET}
        usual = {"kind": kind, "url_env": "URL", "allow_private": True, "timeout_seconds": 2}
        form = {"webhook": WebhookChannel, "slack": SlackChannel}[kind]
        return open_channel("it", form(**usual | changes), Settings(home=tmp_path), environ)

    return opened


async def test_a_webhook_gets_the_six_fields_of_the_guide_and_the_whole_message(opened, receiver):
    await opened().send(message(labels={"team": "a"}, firing=(line(), line("alert-2"))), ())
    [taken] = receiver.taken
    assert {name: taken[name] for name in ("alert_id", "service", "severity", "message", "timestamp", "metadata")} == {
        "alert_id": "alert-1",
        "service": "redis",
        "severity": "critical",
        "message": "redis is down",
        "timestamp": NOW.isoformat(),
        "metadata": {"service": "redis", "team": "a"},
    }
    assert (taken["type"], taken["key"], taken["kind"], len(taken["firing"])) == ("alert.fire", "fire-1", "fire", 2)
    assert taken["firing"][0]["recommendations"] == ["restart it"]


async def test_a_signed_webhook_is_accepted_by_the_standard_and_by_nobody_with_another_secret(opened, receiver):
    await opened(secret_env="HOOK_SECRET").send(message("key with spaces"), ())
    verified = Verifier(SECRET).verify(receiver.body, receiver.headers[0])
    assert verified["key"] == "key with spaces"
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_" + "A" * 32).verify(receiver.body, receiver.headers[0])
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(receiver.body + b" ", receiver.headers[0])


async def test_a_message_has_the_same_key_in_its_headers_however_often_it_is_sent(opened, receiver):
    for key in ("fire-1", "fire-1", "ключ\n: x", "ключ\n: x"):
        await opened().send(message(key), ())
    keys = [headers["Idempotency-Key"] for headers in receiver.headers]
    assert keys == [headers["webhook-id"] for headers in receiver.headers]
    assert keys[:2] == ["fire-1"] * 2
    assert keys[2] == keys[3] != "fire-1"
    assert keys[2].isascii()


async def test_a_webhook_without_a_secret_bears_no_signature_but_headers_of_the_users_own(opened, receiver):
    await opened(headers={"X-Team": "ops", "Webhook-Id": "forged"}).send(message(), ())
    [headers] = receiver.headers
    assert "webhook-signature" not in {name.lower() for name in headers}
    assert (headers["X-Team"], headers["webhook-id"], "Webhook-Id" in headers) == ("ops", "fire-1", False)


def test_a_secret_that_is_none_is_told_before_anything_is_sent(tmp_path):
    config = WebhookChannel(kind="webhook", url="https://hooks.example.org/x", secret_env="HOOK_SECRET")
    for secret, said in (("not base64!", "in base64"), ("", "HOOK_SECRET is not set")):
        with pytest.raises(NotConfiguredError, match=said) as raised:
            open_channel("it", config, Settings(home=tmp_path), {"HOOK_SECRET": secret})
        assert "not base64!" not in str(raised.value)


async def test_slack_gets_text_and_attachments_with_colour_and_fields(opened, receiver):
    await opened("slack").send(message(), ())
    [taken] = receiver.taken
    assert taken["text"] == "*PAKE+ Alert [CRITICAL]: redis*\nredis is down"
    [attachment] = taken["attachments"]
    assert (attachment["color"], attachment["title"]) == (COLOURS[Severity.CRITICAL], "redis is down")
    values = {field["title"]: field["value"] for field in attachment["fields"]}
    assert values["Alert ID"] == "alert-1"
    assert values["Runbook"] == "docs/runbooks/service-down.md"


def test_a_resolve_is_green_in_slack():
    assert [one["color"] for one in slack_payload(resolve())["attachments"]] == [RESOLVED]


def test_nothing_in_a_text_mentions_anybody_or_makes_a_link_in_slack():
    said = "<!channel> <https://evil.example|click> & more"
    shown = json.dumps(slack_payload(message(title=said, firing=(line(summary=said, labels={"service": said}),))))
    assert "<" not in shown
    assert "&lt;!channel&gt;" in shown


def test_many_alerts_make_few_attachments_and_no_alert_is_dropped_unsaid():
    many = message(firing=tuple(line(f"a{n}", summary=f"service {n} is down") for n in range(400)))
    shown = slack_payload(many)
    assert len(shown["attachments"]) == 21
    assert shown["attachments"][-1]["text"].endswith("and 230 more: pake alerts list")
    assert len(json.dumps(shown)) < 60_000


def test_a_summary_in_slack_lists_what_it_stands_for():
    shown = slack_payload(message(kind=MessageKind.SUMMARY, body="- fire: one\n- fire: two", title="2 more messages"))
    assert shown["attachments"][0]["text"] == "- fire: one\n- fire: two"
    assert "*PAKE+ Alert [CRITICAL]: 2 more messages*" in shown["text"]


FAULTS = {
    "403": (Page(status=403), True, None),
    "404": (Page(status=404), True, None),
    "redirect": (Page(status=302, headers={"Location": "/services/T0/B0/s3cret/else"}), True, None),
    "408": (Page(status=408), False, None),
    "425": (Page(status=425), False, None),
    "429": (Page(status=429, headers={"Retry-After": "90"}), False, 90),
    "429 that does not say": (Page(status=429), False, 60),
    "429 for ages": (Page(status=429, headers={"Retry-After": "9999999"}), False, 6 * 3600),
    "500": (Page(status=500), False, None),
    "503": (Page(status=503, headers={"Retry-After": "30"}), False, 30),
    "hanging": (hang, False, None),
    "closed": (break_off, False, None),
}


@pytest.mark.parametrize("kind", ["webhook", "slack"])
@pytest.mark.parametrize("name", FAULTS)
async def test_every_failure_says_whether_to_try_again_and_gives_no_secret_away(name, kind, opened, site, caplog):
    caplog.set_level(logging.DEBUG)
    page, permanent, wait = FAULTS[name]
    site.pages["/services/T0/B0/s3cret"] = page
    with pytest.raises(ChannelError) as raised:
        await opened(kind, timeout_seconds=0.3 if name == "hanging" else 2).send(message(), ())
    error = raised.value
    assert error.permanent is permanent
    assert error.retry_after == (wait if wait is None else pytest.approx(wait, abs=2))
    assert str(error).startswith(f"http://127.0.0.1:{site.port}/***: ")
    logged = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert "s3cret" not in "".join([*traceback.format_exception(error), *logged])


@pytest.mark.parametrize("kind", ["webhook", "slack"])
async def test_a_private_address_is_refused_for_good_unless_it_is_allowed(kind, opened, receiver, site):
    with pytest.raises(ChannelError, match=r"not open|allow_private") as raised:
        await opened(kind, allow_private=False).send(message(), ())
    assert raised.value.permanent
    assert site.requests == []


@pytest.mark.parametrize("url", ["ftp://hooks.example.org/s3cret", "s3cret", "http://", "http://[s3cret"])
async def test_what_is_no_address_of_the_web_is_told_without_showing_it(url, tmp_path):
    channel = open_channel("it", SlackChannel(kind="slack"), Settings(home=tmp_path), {"SLACK_WEBHOOK_URL": url})
    with pytest.raises(ChannelError, match="not a web address") as raised:
        await channel.send(message(), ())
    assert raised.value.permanent
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("value", ["", "  "])
def test_a_channel_whose_variable_is_not_set_is_not_configured(value, tmp_path):
    with pytest.raises(NotConfiguredError, match="SLACK_WEBHOOK_URL is not set"):
        open_channel("it", SlackChannel(kind="slack"), Settings(home=tmp_path), {"SLACK_WEBHOOK_URL": value})
    with pytest.raises(NotConfiguredError, match="switched off"):
        open_channel("it", SlackChannel(kind="slack", enabled=False), Settings(home=tmp_path), {})
