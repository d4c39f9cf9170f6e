"""A recovery as it is kept: what was done, whether it has helped, and until when it changes anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class RecoveryState(StrEnum):
    """How far a recovery has come: it acts, waits to be verified, and then has helped, failed or was interrupted."""

    ACTING = "acting"
    VERIFYING = "verifying"
    RECOVERED = "recovered"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RecoveryRow:
    """One recovery. What it changed for a while is taken back at `revert_at`, and was at `reverted_at`.

    `details` has what it did, and under `verdict` what the verifier said.
    """

    recovery_id: int
    recovery: str
    kind: str
    cause: str
    state: RecoveryState
    begun_at: datetime
    verify_at: datetime | None
    ended_at: datetime | None
    revert_at: datetime
    reverted_at: datetime | None
    details: Mapping[str, Any]
    run_id: str | None
