"""Slack, or what takes the same form: text and attachments with a colour and fields (NOT-05)."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from pake_pipelines.alerts.channels.identifier import identifier
from pake_pipelines.alerts.channels.posting import post_json
from pake_pipelines.alerts.text import fields, in_detail, one_line, remarks, sections, short, subject
from pake_pipelines.config.alerting import SlackChannel
from pake_pipelines.model.alert import AlertLine, Message, Severity, is_gone

COLOURS: Final = {
    Severity.INFO: "#439fe0",
    Severity.WARNING: "#daa038",
    Severity.ERROR: "#d0672b",
    Severity.CRITICAL: "#a30200",
}
RESOLVED: Final = "#2eb886"
_MOST_SHORT: Final = 150
_LONGEST_TEXT: Final = 30_000
_WIDE: Final = 40


class Slack:
    """Posts to one incoming webhook."""

    def __init__(self, config: SlackChannel, url: str) -> None:
        """Post to `url`, which is a secret."""
        self._config = config
        self._url = url

    async def send(self, message: Message, accepted: Collection[str]) -> str | None:
        """See `Channel.send`."""
        import orjson

        await post_json(
            self._url,
            orjson.dumps(payload(message)),
            headers={"Idempotency-Key": identifier(message.key)},
            seconds=self._config.timeout_seconds,
            allow_private=self._config.allow_private,
        )
        return None


def payload(message: Message) -> dict[str, Any]:
    """Return what is posted for `message`; an attachment for each alert in detail, and one for the others."""
    heading, title = subject(message), one_line(message.title)
    said = [] if title in heading else [_escaped(title)]
    text = "\n".join([f"*{_escaped(heading)}*", *said, *remarks(message)])
    attachments = [one for heading, lines in sections(message) for one in _attachments(message, heading, lines)]
    if message.body:
        attachments.insert(0, {"color": COLOURS[message.severity], "text": _escaped(message.body)[:_LONGEST_TEXT]})
    return {"text": text, "attachments": attachments}


def _attachments(message: Message, heading: str, lines: tuple[AlertLine, ...]) -> Iterator[dict[str, Any]]:
    detailed = in_detail(message)
    for line in lines[:detailed]:
        yield {
            "color": _colour(line),
            "fallback": _escaped(short(line)),
            "pretext": heading if line is lines[0] else "",
            "title": _escaped(one_line(line.summary)),
            "fields": [
                {"title": name, "value": _escaped(value), "short": len(value) < _WIDE}
                for name, value in fields(line)
                if name != "Message"
            ],
            "ts": int((line.resolved_at or line.started_at).timestamp()),
        }
    if others := lines[detailed:]:
        listed = [short(line) for line in others[:_MOST_SHORT]]
        if len(others) > _MOST_SHORT:
            listed.append(f"and {len(others) - _MOST_SHORT} more: pake alerts list")
        text = "\n".join(listed)
        yield {
            "color": RESOLVED if all(_colour(line) == RESOLVED for line in others) else COLOURS[message.severity],
            "fallback": heading,
            "title": heading,
            "text": _escaped(text)[:_LONGEST_TEXT],
        }


def _colour(line: AlertLine) -> str:
    is_good = line.resolved_at and not is_gone(line.resolved_because)
    return RESOLVED if is_good else COLOURS[line.severity]


def _escaped(text: str) -> str:
    """Return `text` with the three characters escaped by which Slack knows mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
