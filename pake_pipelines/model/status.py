"""The vocabularies of outcomes: what a check found and what became of an item."""

from enum import StrEnum


class CheckStatus(StrEnum):
    """What one check found. `UNKNOWN` means it could not run, and never counts as `OK`."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    UNAVAILABLE = "unavailable"
    NOT_CONFIGURED = "not_configured"


class VerificationStatus(StrEnum):
    """What became of a knowledge node (the guides' three, plus the two that their own settings call for)."""

    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    ARCHIVED = "archived"
