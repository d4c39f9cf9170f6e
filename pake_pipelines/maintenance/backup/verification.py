"""The tasks that prove backups: the newest after it is made, the newest or all of them from time to time (BAK-10)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from pake_pipelines.maintenance.backup.proof import prove
from pake_pipelines.maintenance.backup.proof_record import Proof
from pake_pipelines.maintenance.backup.targets import Target, target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, ProofState, TaskState

_SCOPES: Final = ("latest", "all")


async def prove_newest(place: Workplace) -> Outcome:
    """Prove the newest backup, unless the configuration wants no proof after each backup."""
    if not place.config.backup.proof.enabled:
        return Outcome(
            TaskState.SKIPPED, "the configuration wants no proof after each backup (backup.proof.enabled: false)"
        )
    return await verify(place, "latest")


async def run(place: Workplace) -> Outcome:
    """Prove the newest backup (option `scope: latest`), all of them (`all`) or one (option `name`).

    Raises MaintenanceError.
    """
    return await verify(place, str(place.options.get("scope", "latest")), place.options.get("name"))


async def verify(place: Workplace, scope: str = "latest", name: str | None = None) -> Outcome:
    """Prove the backup `name`, or those of `scope`, and say how it stands with each.

    Failed when any is damaged, unavailable when any could not be tried or there is none. Raises MaintenanceError.
    """
    target = target_of(place)
    names = await asyncio.to_thread(_chosen, target, scope, name)
    if not names:
        return Outcome(
            TaskState.UNAVAILABLE, f"there is no backup at {target.shown} to prove: `pake backup create` makes one"
        )
    if place.dry_run:
        return Outcome(TaskState.DONE, f"would restore and compare {', '.join(names)}", {"names": list(names)})
    proofs = [await prove(place, target, one) for one in names]
    return outcome(proofs)


def _chosen(target: Target, scope: str, name: str | None) -> Sequence[str]:
    if scope not in _SCOPES:
        raise MaintenanceError(f"no scope {scope!r}: {', '.join(_SCOPES)}")
    try:
        names = target.names()
    except OSError as error:
        raise MaintenanceError(f"{target.shown} cannot be read: {error}") from error
    if name is None:
        return names if scope == "all" else names[-1:]
    if name not in names:
        raise MaintenanceError(f"no backup {name!r} at {target.shown}: `pake backup list` shows them")
    return [name]


def outcome(proofs: Sequence[Proof]) -> Outcome:
    """Return how a task ends that has made `proofs`: as badly as the worst of them."""
    damaged = [proof for proof in proofs if proof.state is ProofState.DAMAGED]
    missing = [proof for proof in proofs if proof.state not in {ProofState.DAMAGED, ProofState.PROVEN}]
    if damaged:
        state, words = TaskState.FAILED, f"{damaged[-1].name} is damaged: {damaged[-1].detail}"
    elif missing or not proofs:
        state = TaskState.UNAVAILABLE
        words = f"{missing[-1].name} could not be tried: {missing[-1].cause}" if missing else "nothing was tried"
    else:
        state, words = TaskState.DONE, f"{proofs[-1].name}: {proofs[-1].detail}"
    others = f" ({len(damaged)} damaged, {len(missing)} not tried of {len(proofs)})" if len(proofs) > 1 else ""
    return Outcome(state, words + others, _details(proofs, len(damaged), len(missing)))


def _details(proofs: Sequence[Proof], damaged: int, missing: int) -> dict[str, object]:
    return {
        "proven": len(proofs) - damaged - missing,
        "damaged": damaged,
        "unavailable": missing,
        "seconds": round(sum(proof.seconds for proof in proofs), 3),
        "backups": [
            {"name": proof.name, "state": proof.state.value, "seconds": proof.seconds, "detail": proof.detail}
            for proof in proofs
        ],
        "databases": [
            {
                "backup": proof.name, "database": one.role, "tables": one.tables, "rows": one.rows,
                "restore_seconds": one.restore_seconds, "compare_seconds": one.compare_seconds, "amcheck": one.indexes,
            }
            for proof in proofs for one in proof.databases
        ],
        "faults": [{"backup": proof.name, "fault": fault} for proof in proofs for fault in proof.faults],
    }  # fmt: skip
