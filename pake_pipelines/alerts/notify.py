"""What one channel is told of one group at one moment: a pure plan, whose messages go into the outbox.

Guaranteed here, for every channel: it is told the fire of an episode once (in a FIRE, or in an ESCALATION where it
hears of it first) and then its resolve once, also when the alert was silenced, acknowledged or routed elsewhere in
between; an episode that is over before its group speaks is never told; a group of which a member still fires is not
told as over: a RESOLVE that lists `firing` is not the all-clear. What is held back (silenced, inhibited, behind a dead
parent) is not told, repeated or escalated; told it is when it still fires afterwards. That an episode flaps is told
once, in place of all repeats.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pake_pipelines.alerts import wording
from pake_pipelines.alerts.grouping import may_repeat, may_speak
from pake_pipelines.config.alerting import Grouping
from pake_pipelines.model.alert import Message, MessageKind
from pake_pipelines.model.episode import Episode, GroupState, Told


@dataclass(frozen=True, slots=True)
class Member:
    """A firing episode as one channel of its group sees it.

    `wanted` says that it is routed to the channel, `held` that it is held back, `steps` are the escalations to this
    channel that it has reached, `behind` the number of alerts that wait behind it.
    """

    episode: Episode
    wanted: bool
    held: bool = False
    steps: tuple[str, ...] = ()
    behind: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a channel is told now, and what it knows then (None: nothing worth remembering)."""

    group: GroupState | None
    messages: tuple[Message, ...] = ()


def plan(
    group: GroupState,
    members: Sequence[Member],
    over: Mapping[str, Episode],
    grouping: Grouping,
    now: datetime,
    *,
    send_resolved: bool,
) -> Plan:
    """Decide what is told of `group`: `members` are its firing episodes, `over` the resolved ones that were told.

    An episode that was told and is in neither exists no more, and is forgotten.
    """
    firing = {one.episode.alert_id: one for one in members}
    fresh = [one for one in members if one.wanted and not one.held and one.episode.alert_id not in group.told]
    new = {one.episode.alert_id for one in fresh}
    late = [one for one in members if not one.held and _open_steps(one, group) and one.episode.alert_id not in new]
    if fresh and not group.told and group.waiting_since is None:
        group = replace(group, waiting_since=now)
    if not group.told and not fresh and not late:
        return Plan(None)
    if not may_speak(group, grouping, now) and (group.told or not late):
        return Plan(group)
    heard = fresh if may_speak(group, grouping, now) else []
    speech = _Speech(group, now)
    gone = [over[alert] for alert in group.told if alert in over and send_resolved]
    speech.forget(alert for alert in group.told if alert not in firing)
    if heard:
        speech.say(MessageKind.FIRE, heard, gone)
    if late:
        speech.say(MessageKind.ESCALATION, late, [] if heard else gone)
    if gone and not heard and not late:
        speech.say(MessageKind.RESOLVE, [one for alert, one in firing.items() if alert in group.told], gone)
    if flapping := [one for one in members if _newly_flaps(one, group)]:
        speech.say(MessageKind.REPEAT, flapping)
    if not speech.messages and may_repeat(group, grouping, now):
        again = [one for alert, one in firing.items() if alert in group.told and _repeats(one)]
        if again:
            speech.say(MessageKind.REPEAT, again)
    return speech.plan()


class _Speech:
    """Collects the messages of one moment, and what the channel knows after each."""

    def __init__(self, group: GroupState, now: datetime) -> None:
        self.group = group
        self.now = now
        self.told = dict(group.told)
        self.messages: list[Message] = []

    def forget(self, alerts: Iterable[str]) -> None:
        for alert in list(alerts):
            del self.told[alert]

    def say(self, kind: MessageKind, members: Sequence[Member], gone: Collection[Episode] = ()) -> None:
        firing = wording.in_order(one.episode for one in members)
        resolved = wording.in_order(gone)
        behind = frozenset().union(*(one.behind for one in members)) if kind is not MessageKind.RESOLVE else ()
        number = self.group.messages + len(self.messages) + 1
        self.messages.append(
            Message(
                key=_key(kind, self.group, number, [*firing, *resolved]),
                kind=kind,
                group=self.group.group_key,
                title=wording.title(kind, firing, resolved, held_back=len(behind)),
                severity=wording.gravest(firing or resolved),
                created_at=self.now,
                firing=tuple(one.line() for one in firing),
                resolved=tuple(one.line() for one in resolved),
                held_back=len(behind),
                labels=wording.common_labels([*firing, *resolved]),
            )
        )
        if kind is MessageKind.RESOLVE:
            return
        for one in members:
            before = self.told.get(one.episode.alert_id, Told())
            self.told[one.episode.alert_id] = Told(
                before.flapping or one.episode.flapping, tuple(dict.fromkeys((*before.steps, *one.steps)))
            )

    def plan(self) -> Plan:
        messages = tuple(self.messages)
        if not self.told:
            return Plan(None, messages)
        spoken = replace(
            self.group,
            told=self.told,
            waiting_since=None,
            last_told_at=self.now if messages else self.group.last_told_at,
            messages=self.group.messages + len(messages),
        )
        return Plan(spoken, messages)


def _open_steps(member: Member, group: GroupState) -> bool:
    told = group.told.get(member.episode.alert_id, Told())
    return any(step not in told.steps for step in member.steps)


def _newly_flaps(member: Member, group: GroupState) -> bool:
    told = group.told.get(member.episode.alert_id)
    return told is not None and member.episode.flapping and not told.flapping and not member.held


def _repeats(member: Member) -> bool:
    routed = member.wanted or bool(member.steps)
    return routed and not member.held and member.episode.acknowledged_at is None and not member.episode.flapping


def _key(kind: MessageKind, group: GroupState, number: int, episodes: Sequence[Episode]) -> str:
    """Return what is the same only for the same message: its kind, group, channel, number and episodes.

    The episodes make it unlike any other even where the numbers of a group began anew.
    """
    parts = [kind.value, group.group_key, group.channel, str(number), *(one.alert_id for one in episodes)]
    return f"{kind.value}-{hashlib.blake2b(chr(10).join(parts).encode(), digest_size=16).hexdigest()}"
