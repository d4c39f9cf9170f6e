"""What a script is made of: what happens in the world, and what must be told of it.

All times are seconds since the script's beginning. The daemon ticks every `tick` seconds: it evaluates, then delivers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pake_pipelines_tests.alerts.harness.receiver import Mood


@dataclass(frozen=True)
class Reads:
    """From now on the probes find the `services` so; condition None: they are gone from what is read."""

    services: tuple[str, ...]
    condition: str | None


@dataclass(frozen=True)
class Blind:
    """From now on the probes cannot be read at all, or can again."""

    error: str | None


@dataclass(frozen=True)
class Silences:
    """Somebody silences the alerts of `service` for `seconds`."""

    service: str
    seconds: float


@dataclass(frozen=True)
class Acknowledges:
    """Somebody acknowledges the open alert of `service`."""

    service: str


@dataclass(frozen=True)
class Closes:
    """Somebody resolves the open alert of `service` by hand."""

    service: str


@dataclass(frozen=True)
class Reloads:
    """The configuration is changed and read again; `changes` are merged over what `alerting` says."""

    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Answers:
    """From now on the receiver of `channel` is in that mood."""

    mood: Mood
    channel: str = "hook"


@dataclass(frozen=True)
class ClockJumps:
    """The machine's clock is set by so many seconds, for good."""

    seconds: float


ByHand = Silences | Acknowledges | Closes
OfTheWorld = Reads | Blind | Reloads | Answers | ClockJumps
Action = ByHand | OfTheWorld


@dataclass(frozen=True)
class Step:
    """Something that happens at a second of the script."""

    at: float
    action: Action


@dataclass(frozen=True)
class Expected:
    """A message that must come in between two seconds."""

    kind: str
    earliest: float
    latest: float
    firing: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()
    channel: str = "hook"
    held_back: int = 0

    def __str__(self) -> str:
        """Return it as a line for people."""
        told = [f"firing {', '.join(sorted(self.firing))}"] if self.firing else []
        told += [f"resolved {', '.join(sorted(self.resolved))}"] if self.resolved else []
        told += [f"{self.held_back} held back"] if self.held_back else []
        return f"{self.earliest:g} to {self.latest:g} s {self.channel}: {self.kind} {'; '.join(told)}"


@dataclass(frozen=True)
class Script:
    """A script: `alerting` and `services` go over the harness's own configuration (`world.CONFIG`)."""

    name: str
    steps: tuple[Step, ...]
    expects: tuple[Expected, ...]
    until: float
    tick: float = 30
    alerting: Mapping[str, Any] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)
    duplicates: int = 0
    """How many messages come in a second time, with the same key, by what happens in the script itself."""


def bad(at: float, *services: str) -> Step:
    """From `at` on the probes of `services` fail."""
    return Step(at, Reads(services, "bad"))


def good(at: float, *services: str) -> Step:
    """From `at` on the probes of `services` succeed."""
    return Step(at, Reads(services, "ok"))


def unknown(at: float, *services: str) -> Step:
    """From `at` on nothing can be told of `services`."""
    return Step(at, Reads(services, "unknown"))


def fire(at: float, *services: str, until: float | None = None, **more: Any) -> Expected:
    """A message that `services` fire, at `at`, or up to `until`."""
    return Expected("fire", at, at if until is None else until, frozenset(services), **more)


def resolve(at: float, *services: str, until: float | None = None, **more: Any) -> Expected:
    """A message that `services` are resolved."""
    return Expected("resolve", at, at if until is None else until, resolved=frozenset(services), **more)


def repeat(at: float, *services: str, until: float | None = None, **more: Any) -> Expected:
    """A message that `services` fire still."""
    return Expected("repeat", at, at if until is None else until, frozenset(services), **more)


def escalation(at: float, *services: str, **more: Any) -> Expected:
    """A message that nobody has acknowledged `services`."""
    return Expected("escalation", at, at, frozenset(services), **more)
