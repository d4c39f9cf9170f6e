"""What a maintenance task leaves behind: how it ended, one sentence, figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TaskState(StrEnum):
    """How a task ended. Only `done` is good: what is `unavailable` could not be looked at."""

    DONE = "done"
    SKIPPED = "skipped"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


class ProofState(StrEnum):
    """What is known of a backup: nothing yet, restored and equal, damaged, or that it could not be tried."""

    UNPROVEN = "unproven"
    PROVEN = "proven"
    DAMAGED = "damaged"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a task: `summary` is one sentence for people, `details` are figures and lists for metadata and JSON.

    A list of flat mappings in `details` is shown as a table.
    """

    state: TaskState
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)
