"""Typed form of `alerting` in `monitoring.yaml`: rules, routes, channels, escalation, windows, incidents."""

import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from pake_pipelines.config.section import Faults, Section
from pake_pipelines.config.services import EnvironmentName
from pake_pipelines.config.source_kinds import web_address
from pake_pipelines.model.alert import Severity
from pake_pipelines.model.incident import IncidentSeverity

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Seconds = Annotated[float, Field(ge=0)]


def _texts(value: Any) -> Any:
    return {key: str(one).lower() if isinstance(one, bool) else str(one) for key, one in value.items()}


Matchers = Annotated[dict[str, str], BeforeValidator(_texts)]
"""Label -> value, all of which must fit: `*` and `?` are wildcards, a leading `!` says that it must not fit."""

_ANY_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)

# input -> the labels that its series have; a rule may match on them and name them in its summary
INPUT_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("service", "kind", "critical"),
    "metric": ("metric",),  # and those of the metric itself
    "slo": ("slo", "window", "severity"),
    "check": ("asset", "check", "error_severity"),
    "run": ("job",),
    "tick": ("name", "kind"),
    "freshness": ("asset",),
    "partitions": ("asset",),
    "source": ("source",),
    "incident": ("incident", "severity"),
    "healing": ("service",),
    "recovery": ("recovery",),
    "channel": ("channel",),
    "rule": ("rule",),
}
Input = Literal[
    "service", "metric", "slo", "check", "run", "tick", "freshness", "partitions", "source",
    "incident", "healing", "recovery", "channel", "rule",
]  # fmt: skip
# fields that every summary may name beside the labels of its input
SUMMARY_FIELDS: Final = ("value", "threshold", "detail", "severity")


class Action(Section):
    """What a firing rule asks for by itself: once in `cooldown_minutes`, at most `max_per_day` times a day (D-48)."""

    recovery: Name
    cooldown_minutes: float = Field(60, gt=0)
    max_per_day: int = Field(4, ge=1)


class Rule(Section):
    """When an alert is raised, and what it says (MON-36).

    A series is bad where its input says so or where its value is `above`, `below` the bound. It becomes pending at
    once, firing when it was bad `after` times in a row and for `for_seconds`, and is resolved when it has been good for
    `keep_firing_seconds`. `stale_seconds`: a value older than that is unknown. `summary` may name {fields}.
    """

    enabled: bool = True
    input: Input
    match: Matchers = Field(default_factory=dict)
    metric: str | None = None
    above: float | None = None
    below: float | None = None
    slo: Name | None = None
    for_seconds: Seconds = 0
    after: int = Field(1, ge=1)
    keep_firing_seconds: Seconds = 60
    stale_seconds: float = Field(900, gt=0)
    severity: Severity
    labels: Matchers = Field(default_factory=dict)
    summary: str
    recommendations: tuple[str, ...] = ()
    runbook: str | None = None
    channels: tuple[Name, ...] | None = Field(None, description="instead of those of the routes (NOT-14)")
    group_by: tuple[str, ...] = ("rule",)
    action: Action | None = None

    def faults(self) -> Faults:
        """Yield what only the whole rule can tell."""
        measures = self.input == "metric"
        if measures != (self.metric is not None):
            yield ("metric",), "a rule on metrics names its metric, any other does not"
        if (self.above is not None) + (self.below is not None) != measures:
            yield ("above",), "a rule on metrics gives one bound, above or below; any other gives none"
        if (self.input == "slo") != (self.slo is not None):
            yield ("slo",), "a rule on objectives names its slo, any other does not"
        yield from self._label_faults()
        yield from self._template_faults(("summary",), self.summary)
        for number, one in enumerate(self.recommendations):
            yield from self._template_faults(("recommendations", number), one)

    def _label_faults(self) -> Faults:
        if self.input == "metric":
            return  # a metric's own labels are not known before it is sampled
        own = INPUT_LABELS[self.input]
        for label in self.match:
            if label not in own:
                yield ("match", label), f"series of {self.input} have no such label: expected one of {', '.join(own)}"
        for number, label in enumerate(self.group_by):
            if label not in {"rule", *own, *self.labels}:
                yield ("group_by", number), f"no label {label!r}: expected rule or one of {', '.join(own)}"

    def _template_faults(self, path: tuple[str | int, ...], template: str) -> Faults:
        known = {*SUMMARY_FIELDS, *INPUT_LABELS[self.input], *self.labels}
        try:
            named = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        except ValueError as error:
            yield path, f"not a template: {error}"
            return
        for name in named:
            if name not in known and (self.input != "metric" or not name.isidentifier()):
                yield path, f"unknown field {{{name}}}: expected one of {', '.join(sorted(known))}"


class BurnWindow(Section):
    """An alert when the error budget burns `factor` times too fast over the long and over the short window."""

    long_minutes: float = Field(gt=0)
    short_minutes: float = Field(gt=0)
    factor: float = Field(gt=0)
    severity: Severity


class Slo(Section):
    """A service level objective over two metrics that count: `good` events among `total` (SRE workbook, chapter 5).

    With fewer than `min_events` in a long window nothing is said of it. Counters may start anew. An alert is as grave
    as its window says, whatever its rule says.
    """

    good: str
    total: str
    objective: float = Field(gt=0, lt=1)
    days: int = Field(30, ge=1)
    min_events: int = Field(20, ge=1)
    windows: tuple[BurnWindow, ...] = Field(min_length=1)


class Route(Section):
    """Channels for alerts that fit; the first route that fits is taken (NOT-13)."""

    match: Matchers = Field(default_factory=dict)
    min_severity: Severity = Severity.INFO
    channels: tuple[Name, ...]


class Escalation(Section):
    """Further channels for what nobody has acknowledged after so many minutes."""

    after_minutes: float = Field(gt=0)
    min_severity: Severity
    channels: tuple[Name, ...] = Field(min_length=1)


class Grouping(Section):
    """The rhythm of messages, as in Prometheus' Alertmanager; all in seconds.

    A new group waits `wait_seconds` for others that belong to it; changes of a group are told at most every
    `interval_seconds`; what goes on firing unacknowledged is told again after `repeat_seconds`.
    """

    wait_seconds: Seconds = 30
    interval_seconds: Seconds = 300
    repeat_seconds: float = Field(14400, gt=0)


class Flapping(Section):
    """Flap detection over the last 21 states (Nagios): percent of weighted changes; above `high` it begins, below `low`
    it ends. While a series flaps, its episode stays open and nothing is sent of it but that it flaps."""

    enabled: bool = True
    high_percent: float = Field(30, gt=0, le=100)
    low_percent: float = Field(15, ge=0, lt=100)


class Inhibition(Section):
    """Alerts that fit `target` are not told while one that fits `source` is open, if they agree in `equal`."""

    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ()


class MaintenanceWindow(Section):
    """A silence that comes again: from every tick of `cron` (UTC) for `minutes`."""

    cron: str
    minutes: float = Field(gt=0)
    match: Matchers = Field(default_factory=dict)
    comment: str = ""


class Channel(Section):
    """What all channels have in common: at most `per_minute` messages, the rest as one summary of N more."""

    enabled: bool = True
    per_minute: int = Field(10, ge=1)
    send_resolved: bool = True
    timeout_seconds: float = Field(15, gt=0)


class LogChannel(Channel):
    """Lines of JSON in `data/logs/alerts.jsonl`, and what Dagster's UI shows of the sensor's log."""

    kind: Literal["log"] = "log"


class EmailChannel(Channel):
    """E-mail over SMTP (NOT-01); the password comes from the environment. `recipients` empty: not configured."""

    kind: Literal["email"] = "email"
    server: str = "smtp.gmail.com"
    server_env: EnvironmentName | None = "EMAIL_SMTP_SERVER"
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username_env: EnvironmentName | None = "EMAIL_USERNAME"
    password_env: EnvironmentName | None = "EMAIL_PASSWORD"  # noqa: S105  # the name of a variable
    sender: str = ""
    recipients: tuple[str, ...] = ()
    max_attachment_mb: float = Field(10, gt=0)


class SlackChannel(Channel):
    """A Slack incoming webhook; its address is a secret (NOT-05, NOT-10)."""

    kind: Literal["slack"] = "slack"
    url_env: EnvironmentName = "SLACK_WEBHOOK_URL"
    allow_private: bool = False


class WebhookChannel(Channel):
    """A POST of JSON (NOT-03), signed as standardwebhooks.com says when `secret_env` is given. 2xx is ok."""

    kind: Literal["webhook"] = "webhook"
    url: Annotated[str, AfterValidator(web_address)] | None = None
    url_env: EnvironmentName | None = None
    secret_env: EnvironmentName | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    allow_private: bool = Field(False, description="may lead to an address in a private network")

    def faults(self) -> Faults:
        """Yield what is wrong with the address."""
        if (self.url is None) == (self.url_env is None):
            yield ("url",), "give either url or url_env"


class AppriseChannel(Channel):
    """Any service that apprise speaks to; its address is a secret."""

    kind: Literal["apprise"] = "apprise"
    url_env: EnvironmentName


AnyChannel = Annotated[
    LogChannel | EmailChannel | SlackChannel | WebhookChannel | AppriseChannel, Field(discriminator="kind")
]


class Delivery(Section):
    """Retries of messages: 2^n * `first_retry_seconds`, at most `max_retry_seconds` apart, for `give_up_hours`."""

    first_retry_seconds: float = Field(10, gt=0)
    max_retry_seconds: float = Field(900, gt=0)
    give_up_hours: float = Field(72, gt=0)
    lease_seconds: float = Field(60, gt=0)
    keep_days: int = Field(93, ge=1)


def _response_targets() -> dict[IncidentSeverity, float]:
    return {
        IncidentSeverity.CRITICAL: 0,
        IncidentSeverity.HIGH: 60,
        IncidentSeverity.MEDIUM: 240,
        IncidentSeverity.LOW: 1440,
    }


def _with_defaults(value: Any) -> Any:
    return {**_response_targets(), **value} if isinstance(value, Mapping) else value


class Incidents(Section):
    """Incidents are opened from groups of at least `open_at`; targets of response in minutes (MON-30).

    A severity that `target_minutes` does not give keeps its default.
    """

    open_at: Severity = Severity.CRITICAL
    target_minutes: Annotated[
        dict[IncidentSeverity, Annotated[float, Field(ge=0)]], BeforeValidator(_with_defaults)
    ] = Field(default_factory=_response_targets)
    owners: dict[IncidentSeverity, str] = Field(default_factory=dict)


class Heartbeat(Section):
    """The ping out of a dead-man's switch: somebody else raises the alarm when it stays away."""

    url_env: EnvironmentName = "PAKE_HEARTBEAT_URL"
    every_seconds: float = Field(60, gt=0)
    timeout_seconds: float = Field(5, gt=0)
    allow_private: bool = False


class Alerting(Section):
    """Everything about alerts."""

    rules: dict[Name, Rule]
    slos: dict[Name, Slo] = Field(default_factory=dict)
    channels: dict[Name, AnyChannel]
    routes: tuple[Route, ...]
    escalations: tuple[Escalation, ...] = ()
    grouping: Grouping = Grouping()
    flapping: Flapping = Flapping()
    inhibitions: tuple[Inhibition, ...] = ()
    maintenance_windows: tuple[MaintenanceWindow, ...] = ()
    delivery: Delivery = Delivery()
    incidents: Incidents = Incidents()
    heartbeat: Heartbeat = Heartbeat()
    gone_hours: float = Field(24, gt=0, description="a metric's series without a sample for so long is gone")

    def faults(self) -> Faults:
        """Yield references that lead nowhere and rules that contradict themselves."""
        for name, rule in self.rules.items():
            for path, message in rule.faults():
                yield ("rules", name, *path), message
            if rule.slo is not None and rule.slo not in self.slos:
                yield ("rules", name, "slo"), f"no slo {rule.slo!r}"
            yield from self._unknown(("rules", name, "channels"), rule.channels or ())
        for name, channel in self.channels.items():
            for path, message in channel.faults():
                yield ("channels", name, *path), message
        for number, route in enumerate(self.routes):
            yield from self._unknown(("routes", number, "channels"), route.channels)
        for number, step in enumerate(self.escalations):
            yield from self._unknown(("escalations", number, "channels"), step.channels)
        if self.flapping.low_percent >= self.flapping.high_percent:
            yield ("flapping", "low_percent"), "must be less than high_percent"
        yield from self._window_faults()

    def _unknown(self, path: tuple[str | int, ...], channels: tuple[str, ...]) -> Faults:
        for channel in channels:
            if channel not in self.channels:
                yield path, f"no channel {channel!r}: there are {', '.join(self.channels)}"

    def _window_faults(self) -> Faults:
        from cronsim import CronSim, CronSimError

        for number, window in enumerate(self.maintenance_windows):
            try:
                CronSim(window.cron, _ANY_MOMENT)
            except CronSimError as error:
                yield ("maintenance_windows", number, "cron"), f"not a cron expression: {error}"
