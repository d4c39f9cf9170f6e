"""A tier of the cache does not answer (SVC-26, SVC-27): it is taken out of use, and cached results are believed longer.

It is in use again as soon as it serves, or when the time of the recovery is over.
"""

from pake_pipelines.model.health import DOWN, SERVES, HealthStatus
from pake_pipelines.services.recoveries.case import Acted, Case, Verdict
from pake_pipelines.store.levers import LINK_TTL_FACTOR, tier_off


async def act(case: Case) -> Acted:
    """Switch the tier off."""
    tier = _tier(case)
    return Acted(
        {"switched_off": tier, "believed_longer": case.recovery.ttl_factor},
        {tier_off(tier): 1, LINK_TTL_FACTOR: case.recovery.ttl_factor},
    )


async def verify(case: Case) -> Verdict:
    """Probe the tier."""
    sample = await case.mechanics.probe(_tier(case))
    if sample.status in SERVES:
        return Verdict(True, f"{sample.service} serves again: {sample.detail}")
    if sample.status in DOWN:
        return Verdict(False, f"{sample.service} is still down and out of use: {sample.detail}")
    missing = "is not set up" if sample.status is HealthStatus.NOT_CONFIGURED else "tells nothing"
    return Verdict(None, f"{sample.service} {missing}: {sample.detail}")


def _tier(case: Case) -> str:
    assert case.recovery.tier is not None, "the configuration requires it of this kind"
    return case.recovery.tier
