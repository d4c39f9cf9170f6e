"""A report goes into the outbox of each channel once for each run, with its beginning and its page."""

from pathlib import Path

import pytest

from pake_pipelines.alerts.channels.mail import compose
from pake_pipelines.alerts.channels.slack import payload
from pake_pipelines.alerts.digest import EXCERPT, Outgoing, audience, excerpt, message_of, put_report
from pake_pipelines.alerts.text import subject
from pake_pipelines.config.alerting import AppriseChannel, EmailChannel, LogChannel, SlackChannel
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.settings import Settings
from pake_pipelines_tests.conftest import NOW

TEXT = "**Good.** All serve.\n\n| figure | value |\n|---|---|\n| Uptime | 99 % |\n"
REPORT = Outgoing("health_report", "Health report", TEXT, Path("kept/health.html"))
CHANNELS = {
    "email": EmailChannel(sender="pake@example.org", recipients=("me@example.org",), username_env=None),
    "second": EmailChannel(recipients=("you@example.org",)),
    "nobody": EmailChannel(),
    "off": EmailChannel(enabled=False, recipients=("me@example.org",)),
    "slack": SlackChannel(),
    "phone": AppriseChannel(url_env="PHONE_URL"),
    "log": LogChannel(),
}


@pytest.fixture
def ask(tmp_path):
    alerting = load_monitoring(tmp_path).alerting.model_copy(update={"channels": CHANNELS})

    def of(named, **environ):
        return audience(alerting, named, Settings(home=tmp_path), environ)

    return of


def test_where_no_channel_is_named_every_mail_that_is_switched_on_and_has_somebody_gets_it(ask):
    who = ask(None)
    assert who.channels == ("email", "second")
    assert who.left_out == {"nobody": "it has no recipients"}


def test_it_is_said_which_of_the_named_channels_do_not_take_it_and_what_others_lack(ask):
    who = ask(["email", "slack", "phone", "off", "gone"], SLACK_WEBHOOK_URL="https://hooks.example/x")
    assert who.channels == ("email", "slack", "phone")
    assert who.left_out == {"off": "it is switched off", "gone": "there is no such channel"}
    assert who.lacking == {"phone": "the environment variable PHONE_URL is not set"}


async def test_the_same_run_puts_it_in_once_however_often_it_is_tried_and_another_run_again(database):
    async def put(run):
        return await put_report(database, REPORT, ["email", "slack"], run, NOW)

    assert await put("run-1") == ("email", "slack")
    assert await put("run-1") == ()
    assert await put("run-2") == ("email", "slack")
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT key, channel, kind FROM notifications ORDER BY notification_id")
    assert [(row["key"], row["channel"]) for row in rows[:2]] == [
        ("report:health_report:run-1", "email"), ("report:health_report:run-1", "slack"),
    ]  # fmt: skip
    assert len(rows) == 4
    assert {row["kind"] for row in rows} == {"digest"}


def test_a_mail_has_the_page_attached_unless_that_is_too_large_or_gone(tmp_path):
    page = tmp_path / "health.html"
    page.write_text("<p>" + "x" * 2_000_000)
    message = message_of(Outgoing("health_report", "Health report", "text", page), "run", NOW)
    assert subject(message) == "PAKE+: Health report of 2026-11-22 12:00 UTC"
    mail = compose(message, "a@example.org", ["b@example.org"], 10)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["health.html"]
    small = compose(message, "a@example.org", ["b@example.org"], 1)
    assert list(small.iter_attachments()) == []
    assert "Not attached: health.html, too large for a mail" in small.get_body(("plain",)).get_content()
    page.unlink()
    gone = compose(message, "a@example.org", ["b@example.org"], 10)
    assert "Not attached: health.html, no such file" in gone.get_body(("plain",)).get_content()


def test_a_chat_gets_the_beginning_of_the_report_and_where_the_rest_lies():
    posted = payload(message_of(REPORT, "run", NOW))
    assert posted["text"] == "*PAKE+: Health report of 2026-11-22 12:00 UTC*"
    (attachment,) = posted["attachments"]
    assert attachment["text"] == "Good. All serve.\n\n- Uptime: 99 %\n\nThe whole report: kept/health.html"


def test_a_mailed_page_leads_to_the_web_only_and_says_the_rest_in_words(tmp_path):
    page = tmp_path / "health.html"
    page.write_text(
        '<a href="#s">S</a> <a href="http://127.0.0.1:3000/x">x</a> '
        '<a href="../../../docs/runbooks/disk.md"><bdi>docs/runbooks/disk.md</bdi></a> <a href="kept/a.html">then</a>'
    )
    message = message_of(Outgoing("health_report", "Health report", "text", page), "run", NOW)
    (part,) = compose(message, "a@example.org", ["b@example.org"], 10).iter_attachments()
    assert part.get_content() == (
        '<a href="#s">S</a> <a href="http://127.0.0.1:3000/x">x</a> <bdi>docs/runbooks/disk.md</bdi> then'
    )


def test_a_long_report_is_cut_between_paragraphs():
    text = "\n\n".join(["word " * 100] * 50)
    cut = excerpt(text)
    assert len(cut) < EXCERPT
    assert cut.endswith("word\n\n(more on the page)")
    assert excerpt("short\n") == "short"
    assert excerpt("x" * 10_000).startswith("x" * EXCERPT)
