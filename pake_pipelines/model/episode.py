"""What is remembered of alerts between two evaluations: series that are not quiet, episodes, and what was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pake_pipelines.model.alert import AlertLine, AlertState, Condition, Severity


@dataclass(frozen=True, slots=True)
class Series:
    """A series that is bad, or was within the last 21 readings; a quiet one is not remembered at all.

    `condition` is ok or bad: an unknown reading changes nothing. It has been so since `since`, `in_a_row` times (not
    counted on beyond what the rule asks for). `history` has the last 21 readings as bits, 1 is bad, the newest lowest.
    `closed_by_hand` keeps it from opening another episode until it was good once.
    """

    fingerprint: str
    rule: str
    labels: Mapping[str, str]
    condition: Condition
    since: datetime
    in_a_row: int
    read_at: datetime
    history: int = 0
    flapping: bool = False
    closed_by_hand: bool = False
    value: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert, from the first bad reading of a series until it is resolved: a row of `alerts` (MON-36).

    `labels` are those of the series and of the rule. `group_key` is given when it fires and kept, so that a change of
    the configuration cannot make it be told twice. `last_seen_at` is renewed every few minutes while it is bad.
    """

    alert_id: str
    fingerprint: str
    rule: str
    severity: Severity
    labels: Mapping[str, str]
    state: AlertState
    summary: str
    started_at: datetime
    last_seen_at: datetime
    value: float | None = None
    recommendations: tuple[str, ...] = ()
    runbook: str | None = None
    metrics_snapshot: Mapping[str, str | float | None] = field(default_factory=dict)
    fired_at: datetime | None = None
    flapping: bool = False
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    resolved_because: str | None = None
    group_key: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is pending or firing."""
        return self.state is not AlertState.RESOLVED

    def matchable(self) -> dict[str, str]:
        """Return the labels that routes, silences and inhibitions match: also its rule and how grave it is."""
        return {**self.labels, "rule": self.rule, "severity": self.severity.value}

    def line(self) -> AlertLine:
        """Return it as it stands in messages."""
        return AlertLine(
            alert_id=self.alert_id,
            rule=self.rule,
            severity=self.severity,
            summary=self.summary,
            labels=self.labels,
            started_at=self.started_at,
            resolved_at=self.resolved_at,
            value=self.value,
            recommendations=self.recommendations,
            runbook=self.runbook,
            resolved_because=self.resolved_because,
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an episode's state; `from_state` is None when it begins."""

    alert_id: str
    from_state: AlertState | None
    to_state: AlertState
    at: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel knows of an episode whose fire it was told: whether it flaps, and the escalations it was sent."""

    flapping: bool = False
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupState:
    """What one channel was told of one group.

    `told` are the episodes whose fire it was told and whose resolve it was not. `waiting_since` is when the group began
    to wait for others before it is told for the first time. `messages` counts what was sent.
    """

    group_key: str
    channel: str
    told: Mapping[str, Told] = field(default_factory=dict)
    waiting_since: datetime | None = None
    last_told_at: datetime | None = None
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that fit all `matchers` are not told from `starts_at` until before `ends_at`."""

    silence_id: int
    matchers: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str = ""
