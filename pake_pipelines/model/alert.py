"""What alert rules look at, and the alerts that come of it: readings, conditions, severities, states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How grave an alert is (C-20), the least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place in that order, from 0."""
        return _RANKS[self]


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Condition(StrEnum):
    """What an input says of one series at one moment. `UNKNOWN` neither fires nor resolves anything."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


class AlertState(StrEnum):
    """The states of an episode, in order."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Reading:
    """One series of an input, told apart by `labels`.

    An input that measures gives the `value` and leaves the condition to the rules (`condition` None); one that judges
    gives the condition. `at` is when it was read, where that is not now: a rule may find it too old. `unavailable` says
    that it cannot be had here (no such extension, no run yet): its condition is unknown, and that is no fault.
    """

    labels: Mapping[str, str]
    value: float | None = None
    condition: Condition | None = None
    detail: str = ""
    at: datetime | None = None
    unavailable: bool = False


@dataclass(frozen=True, slots=True)
class Readings:
    """All series of one input as they are now.

    `complete` says that no other series exists any more, so that one that is missing is gone for good (a service taken
    out of the configuration, a disk without a sample for a day); otherwise a missing one is unknown. With an `error`
    the input could not be read: all of its series are unknown. An input that is not due at a tick is not handed in.
    """

    input: str
    series: tuple[Reading, ...] = ()
    complete: bool = False
    error: str | None = None


SERIES_GONE: Final = "the series is gone"
"""How the reason begins for which an alert ends that nobody measures any more."""


def is_gone(because: str | None) -> bool:
    """Tell whether an alert has ended `because` its series is gone: whether all is good then nobody knows."""
    return because is not None and because.startswith(SERIES_GONE)


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in a message: everything that a person needs to act on it."""

    alert_id: str
    rule: str
    severity: Severity
    summary: str
    labels: Mapping[str, str]
    started_at: datetime
    resolved_at: datetime | None = None
    value: float | None = None
    recommendations: tuple[str, ...] = ()
    runbook: str | None = None
    resolved_because: str | None = None


class MessageKind(StrEnum):
    """Why a message is sent."""

    FIRE = "fire"
    RESOLVE = "resolve"
    REPEAT = "repeat"
    ESCALATION = "escalation"
    SUMMARY = "summary"
    DIGEST = "digest"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one channel. `key` is its idempotency key: the same message sent again has the same.

    `held_back` counts the alerts that wait behind those that fire (dependents of a dead parent). `body` is plain text
    for what is not a list of alerts (a digest, a summary); `attachments` are paths of files, which only e-mail carries.
    """

    key: str
    kind: MessageKind
    group: str
    title: str
    severity: Severity
    created_at: datetime
    firing: tuple[AlertLine, ...] = ()
    resolved: tuple[AlertLine, ...] = ()
    held_back: int = 0
    body: str = ""
    attachments: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupFired:
    """A group of alerts with some that have begun to fire: what an incident may be opened from.

    `severity` is that of the gravest alert that fires, `alert_ids` names at least those that are new, `runbook` is the
    name of a page in docs/runbooks.
    """

    group_key: str
    title: str
    severity: Severity
    alert_ids: tuple[str, ...]
    runbook: str | None = None
    summary: str = ""
