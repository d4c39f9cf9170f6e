"""The last gate of every message: nothing leaves for a channel before secrets are taken out of it."""

from dataclasses import replace

from pake_pipelines.model.alert import AlertLine, Message
from pake_pipelines.redaction import redact


def redacted(message: Message) -> Message:
    """Return `message` without secrets; what it is told apart by (key, group, ids) stays as it is."""
    return replace(
        message,
        title=redact(message.title),
        body=redact(message.body),
        firing=tuple(_line(one) for one in message.firing),
        resolved=tuple(_line(one) for one in message.resolved),
        labels={name: redact(value) for name, value in message.labels.items()},
    )


def _line(line: AlertLine) -> AlertLine:
    return replace(
        line,
        summary=redact(line.summary),
        labels={name: redact(value) for name, value in line.labels.items()},
        recommendations=tuple(redact(one) for one in line.recommendations),
        resolved_because=line.resolved_because and redact(line.resolved_because),
    )
