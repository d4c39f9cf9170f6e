"""What all channels are told at one moment, group by group, and what that means for incidents."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from pake_pipelines.alerts import notify, wording
from pake_pipelines.alerts.grouping import rebased
from pake_pipelines.alerts.holding import Held
from pake_pipelines.alerts.routing import channels_of, escalated_to
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import AlertState, GroupFired, Message, MessageKind
from pake_pipelines.model.episode import Episode, GroupState


def tell(
    config: MonitoringConfig,
    episodes: Collection[Episode],
    held: Held,
    groups: Mapping[tuple[str, str], GroupState],
    over: Mapping[str, Episode],
    now: datetime,
) -> tuple[dict[tuple[str, str], GroupState], tuple[tuple[str, Message], ...]]:
    """Return the groups in which something is left to remember, and the messages with their channels.

    `episodes` are the open ones, `over` those by id that were resolved and of which a channel may have to be told.
    """
    channels = config.alerting.channels
    members = _members(config, episodes, held, now)
    firing: dict[str, list[Episode]] = {}
    for one in episodes:
        if one.group_key is not None:
            firing.setdefault(one.group_key, []).append(one)
    kept: dict[tuple[str, str], GroupState] = {}
    outbox: list[tuple[str, Message]] = []
    for key in sorted(groups.keys() | members.keys()):
        group, channel = rebased(groups.get(key) or GroupState(*key), now), channels.get(key[1])
        if channel is None or not channel.enabled:
            # it is told of resolves when it is switched on again
            kept |= {key: group} if group.told else {}
            continue
        asked = members.get(key, {})
        everyone = [
            asked.get(one.alert_id) or notify.Member(one, wanted=False, held=one.alert_id in held.alerts)
            for one in firing.get(key[0], ())
        ]
        told = notify.plan(group, everyone, over, config.alerting.grouping, now, send_resolved=channel.send_resolved)
        if told.group is not None:
            kept[key] = told.group
        outbox += [(key[1], message) for message in told.messages]
    return kept, tuple(outbox)


def _members(
    config: MonitoringConfig, episodes: Iterable[Episode], held: Held, now: datetime
) -> dict[tuple[str, str], dict[str, notify.Member]]:
    """Return (group, channel) -> the firing episodes that ask for the channel, by their ids."""
    rules = config.alerting.rules
    found: dict[tuple[str, str], dict[str, notify.Member]] = {}
    for one in episodes:
        if one.state is not AlertState.FIRING or one.group_key is None:
            continue
        rule = rules.get(one.rule)
        wanted = channels_of(rule, one.severity, one.matchable(), config.alerting)
        steps = escalated_to(one, config.alerting, now)
        is_parent = rule is not None and rule.input == "service"
        behind = held.behind.get(one.labels.get("service", ""), frozenset()) if is_parent else frozenset()
        for channel in dict.fromkeys((*wanted, *steps)):
            found.setdefault((one.group_key, channel), {})[one.alert_id] = notify.Member(
                one, channel in wanted, one.alert_id in held.alerts, steps.get(channel, ()), behind
            )
    return found


def fired(outbox: Collection[tuple[str, Message]], episodes: Iterable[Episode]) -> tuple[GroupFired, ...]:
    """Return the groups of which a channel is told something new."""
    new: dict[str, dict[str, None]] = {}
    for _, message in outbox:
        if message.kind in {MessageKind.FIRE, MessageKind.ESCALATION}:
            new.setdefault(message.group, {}).update(dict.fromkeys(line.alert_id for line in message.firing))
    if not new:
        return ()
    by_id = {one.alert_id: one for one in episodes}
    groups = []
    for key, alerts in new.items():
        told = wording.in_order(by_id[alert] for alert in alerts)
        groups.append(
            GroupFired(
                group_key=key,
                title=wording.named(told),
                severity=wording.gravest(told),
                alert_ids=tuple(one.alert_id for one in told),
                runbook=next((one.runbook for one in told if one.runbook), None),
                summary="; ".join(one.summary for one in told[:5]),
            )
        )
    return tuple(groups)
