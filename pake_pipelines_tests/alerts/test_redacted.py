"""The last gate of messages: no secret reaches a channel, and what a message is known by stays."""

from pake_pipelines.alerts.courier import hand_over
from pake_pipelines.model.alert import AlertLine, Message, MessageKind, Severity
from pake_pipelines_tests.conftest import NOW

SAID = "no answer from postgresql://u:dsnpass@h/db, violet-unicorn"


class Channel:
    """Keeps what it is handed."""

    async def send(self, message, accepted):
        self.message = message


async def test_what_a_channel_is_handed_has_no_secrets(monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "violet-unicorn")
    line = AlertLine("id-1", "rule", Severity.ERROR, SAID, {"service": SAID}, NOW, recommendations=(SAID,))
    message = Message(
        "key-1", MessageKind.FIRE, "group-1", SAID, Severity.ERROR, NOW, (line,), (line,), body=SAID, labels={"a": SAID}
    )
    channel = Channel()
    await hand_over(channel, message, (), 5)
    sent = channel.message
    assert "dsnpass" not in repr(sent)
    assert "violet-unicorn" not in repr(sent)
    assert sent.title == "no answer from postgresql://u:***@h/db, ***"
    assert (sent.key, sent.group, sent.firing[0].alert_id) == ("key-1", "group-1", "id-1")
