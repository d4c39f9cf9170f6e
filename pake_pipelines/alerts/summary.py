"""One message that stands for many: what it says of each of them."""

from collections.abc import Sequence
from datetime import datetime

from pake_pipelines.alerts.text import moment, one_line
from pake_pipelines.model.alert import AlertLine, Message, MessageKind


def summary_of(channel: str, messages: Sequence[Message], now: datetime) -> Message:
    """Return the summary of `messages` (at least one, in the order in which they would have been sent).

    It lists every message, and every alert that any of them tells of as firing or as resolved, as it was told last.
    """
    firing: dict[str, AlertLine] = {}
    resolved: dict[str, AlertLine] = {}
    for message in messages:
        firing |= {line.alert_id: line for line in message.firing}
        resolved |= {line.alert_id: line for line in message.resolved}
    listed = (f"- {moment(one.created_at)} {one.kind}: {one_line(one.title, 200)}" for one in messages)
    return Message(
        key=f"summary/{channel}/{messages[0].key}/{messages[-1].key}/{len(messages)}",
        kind=MessageKind.SUMMARY,
        group=f"summary/{channel}/{messages[0].key}",
        title=f"{len(messages)} more messages",
        severity=max((one.severity for one in messages), key=lambda severity: severity.rank),
        created_at=now,
        firing=tuple(firing.values()),
        resolved=tuple(resolved.values()),
        held_back=sum(one.held_back for one in messages),
        body="\n".join(listed),
    )
