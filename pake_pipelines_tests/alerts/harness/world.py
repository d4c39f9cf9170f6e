"""The world that a script plays in: what probes would find, the clock, the configuration file. It outlives restarts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines_tests.alerts.harness.receiver import Mood, Receiver
from pake_pipelines_tests.alerts.harness.script import (
    Answers,
    Blind,
    ClockJumps,
    OfTheWorld,
    Reads,
    Reloads,
    Script,
)
from pake_pipelines_tests.conftest import NOW

ALERTING: Final[Mapping[str, Any]] = {
    "rules": {
        "down": {
            "input": "service",
            "severity": "critical",
            "summary": "{service} is down",
            "keep_firing_seconds": 0,
        }
    },
    "routes": [{"channels": ["hook"]}],
    "grouping": {"wait_seconds": 30, "interval_seconds": 60, "repeat_seconds": 3600},
    "flapping": {"enabled": False},
    "delivery": {"first_retry_seconds": 10, "max_retry_seconds": 60, "lease_seconds": 45},
}


@dataclass
class World:
    """Everything outside of the daemon's process and database."""

    script: Script
    channels: Mapping[str, str]
    at: float = 0
    shift: float = 0
    conditions: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    alerting: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write the configuration file."""
        hooks = {name: hook(url) for name, url in self.channels.items()}
        self.alerting = merged(merged(ALERTING, {"channels": hooks}), self.script.alerting)

    @property
    def now(self) -> datetime:
        """What the machine's clock says."""
        return NOW + timedelta(seconds=self.at + self.shift)

    def config(self) -> MonitoringConfig:
        """Read the configuration file."""
        file = {"services": self.script.services, "kpis": {}, "recoveries": {}, "alerting": self.alerting}
        config = MonitoringConfig.model_validate(file)
        assert not list(config.faults())
        return config

    def readings(self) -> list[Readings]:
        """Probe."""
        if self.error is not None:
            return [Readings("service", error=self.error)]
        series = tuple(
            Reading({"service": name, "kind": "tcp", "critical": "true"}, condition=Condition(condition))
            for name, condition in self.conditions.items()
        )
        return [Readings("service", series, complete=True)]

    def change(self, action: OfTheWorld, receiver: Receiver) -> None:
        """Let something happen."""
        match action:
            case Reads(services, None):
                self.conditions = {name: one for name, one in self.conditions.items() if name not in services}
            case Reads(services, condition):
                self.conditions |= dict.fromkeys(services, condition)
            case Blind(error):
                self.error = error
            case Reloads(changes):
                self.alerting = merged(self.alerting, changes)
            case Answers(mood, channel):
                receiver.moods[channel] = Mood(mood)
            case ClockJumps(seconds):
                self.shift += seconds


def hook(url: str) -> dict[str, Any]:
    """Return the configuration of a channel that leads to `url`."""
    return {"kind": "webhook", "url": url, "allow_private": True, "per_minute": 1000}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` laid over it, mappings key by key; None takes a key away."""
    both = dict(base)
    for key, value in over.items():
        if value is None:
            both.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(both.get(key), Mapping):
            both[key] = merged(both[key], value)
        else:
            both[key] = value
    return both
