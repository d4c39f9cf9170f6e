"""Groups: alerts that are told together, and when a group may speak.

The rhythm is that of Alertmanager: a group that nobody knows of waits for others that belong to it; what changes in
one that was told of is told at most every interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from pake_pipelines.config.alerting import Grouping
from pake_pipelines.model.episode import GroupState


def group_key(rule: str, group_by: Sequence[str], labels: Mapping[str, str]) -> str:
    """Return the name of the group that an alert belongs to, as in `rule=service-down&service=redis`.

    `rule` among `group_by` is the rule's name, even where a series has a label that is called so. Without `group_by`
    all alerts are one group.
    """
    values = {**labels, "rule": rule}
    return "&".join(f"{quote(label)}={quote(values.get(label, ''), safe=':/ ')}" for label in group_by) or "all"


def rebased(group: GroupState, now: datetime) -> GroupState:
    """Return `group` without moments after `now`, which a clock that has since stepped back has left."""
    waiting = group.waiting_since and min(group.waiting_since, now)
    told = group.last_told_at and min(group.last_told_at, now)
    return replace(group, waiting_since=waiting, last_told_at=told)


def may_speak(group: GroupState, grouping: Grouping, now: datetime) -> bool:
    """Tell whether changes of a group may be told now; one that is not told of must be waiting."""
    if group.told:
        return _passed(group.last_told_at, grouping.interval_seconds, now)
    return _passed(group.waiting_since, grouping.wait_seconds, now)


def may_repeat(group: GroupState, grouping: Grouping, now: datetime) -> bool:
    """Tell whether what was told before may be told again now."""
    return bool(group.told) and _passed(group.last_told_at, grouping.repeat_seconds, now)


def _passed(since: datetime | None, seconds: float, now: datetime) -> bool:
    return since is None or now - since >= timedelta(seconds=seconds)
