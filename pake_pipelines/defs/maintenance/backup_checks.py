"""The checks of backups: is the newest young enough and of a sane size, are there enough, is one proven (BAK-05)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.defs.maintenance.tables import BACKUP, PROOF

if TYPE_CHECKING:
    from pake_pipelines.maintenance.backup.standing import Check
    from pake_pipelines.maintenance.workplace import Workplace

_ERROR, _WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
# asset -> check -> how grave it is when it fails, what it says
_CHECKS: Final[Mapping[str, Mapping[str, tuple[dg.AssetCheckSeverity, str]]]] = {
    BACKUP: {
        "backup_fresh": (_ERROR, "The newest backup is not older than `backup.max_age_hours` (BAK-05)."),
        "backup_size": (
            _WARN,
            "The newest backup is not empty, nor smaller than `backup.shrink_warning` of the one before (BAK-11).",
        ),
        "backup_redundancy": (_WARN, "There are as many usable backups as `backup.redundancy` asks for."),
    },
    PROOF: {
        "backup_proven": (_ERROR, "The newest backup was restored and found equal row by row (BAK-10)."),
    },
}


def backup_check_specs(asset: str) -> list[dg.AssetCheckSpec]:
    """Return the specs of an asset's checks of backups; most assets have none."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=said) for name, (_, said) in _CHECKS.get(asset, {}).items()
    ]


async def backup_checks(place: "Workplace", asset: str) -> list[dg.AssetCheckResult]:
    """Evaluate them, from what lies in the target; a target that cannot be read passes none."""
    try:
        found = await asyncio.to_thread(_assessed, place)
    except OSError as error:
        return [_unknown(asset, name, str(error)) for name in _CHECKS[asset]]
    return [_result(asset, one) for one in found if one.name in _CHECKS[asset]]


def _assessed(place: "Workplace") -> "Sequence[Check]":
    from pake_pipelines.maintenance.backup.standing import assess
    from pake_pipelines.maintenance.backup.survey import survey
    from pake_pipelines.maintenance.backup.targets import target_of

    return assess(survey(target_of(place)), place.clock(), place.config.backup)


def _result(asset: str, check: "Check") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(asset),
        check_name=check.name,
        passed=check.ok,
        severity=_CHECKS[asset][check.name][0],
        description=check.said,
    )


def _unknown(asset: str, name: str, why: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        passed=False,
        severity=_WARN,
        description=f"unknown: the target cannot be read: {why}",
    )
