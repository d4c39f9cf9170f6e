"""E-mail: what it looks like, how it gets to the server, and what each refusal means."""

import socket

import pytest

from pake_pipelines.alerts.channels.mail import compose
from pake_pipelines.alerts.channels.opening import open_channel
from pake_pipelines.alerts.channels.protocol import ChannelError, NotConfiguredError
from pake_pipelines.config.alerting import EmailChannel
from pake_pipelines.model.alert import MessageKind
from pake_pipelines.settings import Settings
from pake_pipelines_tests.alerts.mail_server import PASSWORD, USER, MailServer
from pake_pipelines_tests.alerts.messages import line, message, resolve
from pake_pipelines_tests.alerts.post_office import PostOffice
from pake_pipelines_tests.imap_server import certify

A, B, C = "a@example.org", "b@example.org", "c@example.org"


@pytest.fixture
async def server():
    async with MailServer() as opened:
        yield opened


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certify(tmp_path_factory.mktemp("certificate"))


def config(server, /, **changes):
    usual = {
        "kind": "email", "server": "127.0.0.1", "port": server.port, "security": "none", "username_env": None,
        "sender": "PAKE+ <pake@example.org>", "recipients": (A,), "timeout_seconds": 5,
    }  # fmt: skip
    return EmailChannel(**usual | changes)


def email(tmp_path, server, environ=None, /, **changes):
    return open_channel("email", config(server, **changes), Settings(home=tmp_path), environ or {})


async def failure(channel, accepted=()):
    with pytest.raises(ChannelError) as raised:
        await channel.send(message(), accepted)
    return raised.value


async def test_a_mail_has_the_subject_of_the_guide_and_text_and_html(tmp_path, server):
    assert await email(tmp_path, server, recipients=(A, f"Bea <{B}>")).send(message(), ()) is None
    [(recipients, mail)] = server.mails
    assert recipients == [A, B]
    assert (mail["Subject"], mail["To"], mail["Auto-Submitted"]) == (
        "PAKE+ Alert [CRITICAL]: redis", f"{A}, Bea <{B}>", "auto-generated",
    )  # fmt: skip
    text = mail.get_body(("plain",)).get_content()
    for said in ("Service: redis", "Severity: critical", "Message: redis is down", "Timestamp: 2026-11-22 12:00:00 UTC",
                 "Alert ID: alert-1", 'Metadata: {"rule": "service-down", "service": "redis"}', "To do: restart it",
                 "Runbook: docs/runbooks/service-down.md"):  # fmt: skip
        assert said in text
    assert "<td>redis is down</td>" in mail.get_body(("html",)).get_content()


async def test_the_same_message_has_the_same_id_and_those_of_a_group_belong_together(tmp_path, server):
    channel = email(tmp_path, server)
    for one in (message(), message(), resolve()):
        await channel.send(one, ())
    ids = [mail["Message-ID"] for _, mail in server.mails]
    assert ids[0] == ids[1] == "<fire-1@example.org>"
    assert ids[2] == "<resolve-1@example.org>"
    assert len({mail["References"] for _, mail in server.mails}) == 1


INJECTION = "x\r\nBcc: thief@evil.example\r\n\r\n<script>alert(1)</script>\x00"


async def test_no_text_adds_a_header_or_markup(tmp_path, server):
    said = message(
        f"key {INJECTION}", title=INJECTION, labels={"service": INJECTION}, group=INJECTION, body=INJECTION,
        firing=(line(summary=INJECTION, alert_id=INJECTION, recommendations=(INJECTION,)),),
    )  # fmt: skip
    await email(tmp_path, server).send(said, ())
    [(recipients, mail)] = server.mails
    assert (recipients, mail["Bcc"]) == ([A], None)
    assert "\n" not in mail["Subject"]
    assert "<script" not in mail.get_body(("html",)).get_content()


async def test_words_of_any_language_arrive(tmp_path, server):
    await email(tmp_path, server).send(message(title="キャッシュ ist übel", labels={"service": "キャッシュ"}), ())
    [(_, mail)] = server.mails
    assert mail["Subject"] == "PAKE+ Alert [CRITICAL]: キャッシュ"
    assert "キャッシュ ist übel" in mail.get_body(("plain",)).get_content()


async def test_attachments_go_along_up_to_their_limit_and_what_is_left_out_is_named(tmp_path, server):
    for name, size in (("report.html", 600_000), ("large.csv", 600_000), ("small.csv", 10)):
        (tmp_path / name).write_bytes(b"x" * size)
    paths = tuple(str(tmp_path / name) for name in ("report.html", "large.csv", "small.csv", "gone.csv", "."))
    digest = message(kind=MessageKind.DIGEST, title="Health Check Alert", firing=(), attachments=paths)
    await email(tmp_path, server, max_attachment_mb=1).send(digest, ())
    [(_, mail)] = server.mails
    attached = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert {name: len(content) for name, content in attached.items()} == {"report.html": 600_000, "small.csv": 10}
    text = mail.get_body(("plain",)).get_content()
    assert "Not attached: large.csv, too large for a mail" in text
    assert "Not attached: gone.csv, no such file" in text
    assert mail["Subject"] == "PAKE+: Health Check Alert"


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_login_inside_tls(security, tmp_path, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    environ = {"EMAIL_USERNAME": USER, "EMAIL_PASSWORD": PASSWORD, "EMAIL_SMTP_SERVER": "localhost"}
    async with MailServer(*certificate, tls=security == "tls", login=True) as server:
        channel = email(
            tmp_path, server, environ, security=security, username_env="EMAIL_USERNAME", server="nowhere.invalid"
        )
        await channel.send(message(), ())
        wrong = {**environ, "EMAIL_PASSWORD": "wr0ng-Passw0rd"}
        error = await failure(email(tmp_path, server, wrong, security=security, username_env="EMAIL_USERNAME"))
    assert len(server.mails) == 1
    assert (error.permanent, "535" in str(error), "wr0ng" in str(error)) == (False, True, False)


async def test_a_server_that_cannot_show_who_it_is_gets_no_password(tmp_path, certificate):
    environ = {"EMAIL_USERNAME": USER, "EMAIL_PASSWORD": PASSWORD}
    async with MailServer(*certificate, login=True) as server:
        error = await failure(email(tmp_path, server, environ, security="starttls", username_env="EMAIL_USERNAME"))
    assert "certificate" in str(error).lower()
    assert (server.mails, error.permanent) == ([], False)


async def test_starttls_that_is_not_offered_is_not_done_without(tmp_path, server):
    error = await failure(email(tmp_path, server, security="starttls"))
    assert (server.mails, error.permanent) == ([], False)


@pytest.mark.parametrize(
    ("place", "answer", "permanent"),
    [(A, "550 no such user", True), (A, "450 greylisted", False), ("MAIL", "553 not you", True),
     ("MAIL", "451 later", False), ("DATA", "552 too large", True), ("DATA", "452 disk full", False)],
)  # fmt: skip
async def test_5xx_is_for_good_and_4xx_is_for_now(place, answer, permanent, tmp_path, server):
    server.refusals[place] = answer
    error = await failure(email(tmp_path, server))
    assert (error.permanent, answer.split(" ", 1)[1] in str(error)) == (permanent, True)


async def test_a_server_that_is_away_or_silent_is_tried_again(tmp_path, server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = await failure(email(tmp_path, server, port=closed.getsockname()[1]))
    server.silent = True
    silent = await failure(email(tmp_path, server, timeout_seconds=0.3))
    assert (away.permanent, silent.permanent) == (False, False)


async def test_who_has_it_already_does_not_get_it_again_while_others_wait_for_it(database, tmp_path, server):
    office = PostOffice(database, tmp_path, {"email": config(server, recipients=(A, B, C))})
    server.refusals = {B: "450 greylisted", C: "550 no such user"}
    await office.put("email", message())
    assert (await office.deliver()).channels["email"].put_off == 1
    server.refusals = {}
    office.later(minutes=1)
    assert (await office.deliver()).sent == 1
    assert [recipients for recipients, _ in server.mails] == [[A], [B]]
    [sent] = await office.listed()
    assert "550 no such user" in sent.last_error


async def test_a_recipient_that_is_refused_for_good_is_noted_at_the_message_that_the_others_got(tmp_path, server):
    server.refusals = {B: "550 no such user"}
    note = await email(tmp_path, server, recipients=(A, B)).send(message(), ())
    assert note == "refused: b@example.org (550 no such user)"


@pytest.mark.parametrize(
    ("changes", "environ", "said"),
    [({"recipients": ()}, {}, "no recipients"), ({"username_env": "EMAIL_USERNAME"}, {}, "EMAIL_USERNAME is not set"),
     ({"username_env": "U"}, {"U": "me"}, "EMAIL_PASSWORD is not set"), ({"sender": ""}, {}, "sender '' is no address"),
     ({"recipients": ("a@example.org\nBcc: x@y.z",)}, {}, "is no address"), ({"recipients": ("x",)}, {}, "no address")],
)  # fmt: skip
async def test_what_is_missing_is_told_before_anything_is_sent(changes, environ, said, tmp_path, server):
    with pytest.raises(NotConfiguredError, match=said):
        email(tmp_path, server, environ, **changes)


def test_a_mail_of_many_alerts_is_bounded_and_says_so():
    many = message(firing=tuple(line(f"a{n}", summary="s" * 1000) for n in range(1000)))
    mail = compose(many, "pake@example.org", [A], 1)
    assert "and 780 more: pake alerts list" in mail.get_body(("plain",)).get_content()
    assert len(mail.as_bytes()) < 400_000
