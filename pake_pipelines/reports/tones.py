"""Which tone a status, a severity or an outcome has in every report."""

from collections.abc import Mapping
from typing import Final

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.model.incident import IncidentSeverity
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.model.status import CheckStatus, VerificationStatus
from pake_pipelines.reports.document import Tag, Tone

VERDICTS: Final[Mapping[VerificationStatus, Tone]] = {
    VerificationStatus.VERIFIED: Tone.GOOD,
    VerificationStatus.PENDING: Tone.NOTICE,
    VerificationStatus.QUARANTINED: Tone.WARN,
    VerificationStatus.REJECTED: Tone.BAD,
    VerificationStatus.ARCHIVED: Tone.PLAIN,
}
"""What became of an item, in the order in which charts stack it."""

_HEALTH: Final[Mapping[HealthStatus, Tone]] = {
    HealthStatus.HEALTHY: Tone.GOOD,
    HealthStatus.DEGRADED: Tone.WARN,
    HealthStatus.UNHEALTHY: Tone.BAD,
    HealthStatus.CRITICAL: Tone.BAD,
    HealthStatus.NOT_CONFIGURED: Tone.PLAIN,
    HealthStatus.UNKNOWN: Tone.UNKNOWN,
}
_SEVERITIES: Final[Mapping[str, Tone]] = {
    Severity.INFO: Tone.NOTICE,
    Severity.WARNING: Tone.WARN,
    Severity.ERROR: Tone.BAD,
    Severity.CRITICAL: Tone.BAD,
    IncidentSeverity.LOW: Tone.NOTICE,
    IncidentSeverity.MEDIUM: Tone.WARN,
    IncidentSeverity.HIGH: Tone.BAD,
}
_CHECKS: Final[Mapping[CheckStatus, Tone]] = {
    CheckStatus.OK: Tone.GOOD,
    CheckStatus.WARN: Tone.WARN,
    CheckStatus.FAIL: Tone.BAD,
    CheckStatus.UNKNOWN: Tone.UNKNOWN,
    CheckStatus.UNAVAILABLE: Tone.UNKNOWN,
    CheckStatus.SKIPPED: Tone.PLAIN,
    CheckStatus.NOT_CONFIGURED: Tone.PLAIN,
}
# states of runs of maintenance tasks, of restarts and of recoveries; what is none of them says nothing
_OUTCOMES: Final[Mapping[str, Tone]] = {
    "done": Tone.GOOD,
    "verified": Tone.GOOD,
    "recovered": Tone.GOOD,
    "running": Tone.NOTICE,
    "skipped": Tone.PLAIN,
    "unavailable": Tone.UNKNOWN,
    "failed": Tone.BAD,
    "abandoned": Tone.BAD,
    "interrupted": Tone.BAD,
}
_PROOFS: Final[Mapping[ProofState, Tone]] = {
    ProofState.PROVEN: Tone.GOOD,
    ProofState.DAMAGED: Tone.BAD,
    ProofState.UNPROVEN: Tone.UNKNOWN,
    ProofState.UNAVAILABLE: Tone.UNKNOWN,
}
_GRAVITY: Final = (Tone.PLAIN, Tone.GOOD, Tone.NOTICE, Tone.UNKNOWN, Tone.WARN, Tone.BAD)


def of_health(status: HealthStatus) -> Tag:
    """Return how a service, or all of them, stand."""
    return Tag(status.value.replace("_", " "), _HEALTH[status])


def of_severity(severity: Severity | IncidentSeverity) -> Tag:
    """Return how grave an alert or an incident is."""
    return Tag(severity.value, _SEVERITIES[severity.value])


def of_check(status: CheckStatus) -> Tag:
    """Return what a check found."""
    return Tag(status.value.replace("_", " "), _CHECKS[status])


def of_outcome(state: str) -> Tag:
    """Return how a task, a restart or a recovery ended."""
    return Tag(state, _OUTCOMES.get(state, Tone.UNKNOWN))


def of_proof(state: ProofState) -> Tag:
    """Return what is known of a backup."""
    return Tag(state.value, _PROOFS[state])


def worst(*tones: Tone) -> Tone:
    """Return the gravest; what is not known is worse than good and better than a warning."""
    return max(tones, key=_GRAVITY.index, default=Tone.UNKNOWN)
