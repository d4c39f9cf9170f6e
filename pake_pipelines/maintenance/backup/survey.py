"""Looking over a target: every backup in it, by its manifest and its proof."""

from datetime import datetime
from typing import Final

import orjson

from pake_pipelines.maintenance.backup.manifest import Manifest, checksum
from pake_pipelines.maintenance.backup.standing import Known
from pake_pipelines.maintenance.backup.targets import Target, named_time
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.model.maintenance import ProofState

PROOF: Final = "proof.json"


def survey(target: Target) -> list[Known]:
    """Return every backup of `target`, oldest first. Raises OSError when the target cannot be read."""
    return [known(target, name) for name in target.names()]


def known(target: Target, name: str) -> Known:
    """Return what is known of one backup. Raises OSError."""
    try:
        manifest = target.read_manifest(name)
    except MaintenanceError as error:
        return Known(name, named_time(name), fault=str(error))
    short = [file.name for file in manifest.files if target.size(name, file.name) != file.bytes]
    if short:
        fault = f"{', '.join(short)} of {name} is missing or not of its size"
        return Known(name, manifest.created_at, manifest.bytes, manifest.rows, ProofState.DAMAGED, fault=fault)
    state, proved_at = _proof(target, manifest)
    return Known(name, manifest.created_at, manifest.bytes, manifest.rows, state, proved_at)


def newest_manifest(target: Target) -> Manifest | None:
    """Return the manifest of the newest backup that has a usable one, None when there is none. Raises OSError."""
    for name in reversed(target.names()):
        try:
            return target.read_manifest(name)
        except MaintenanceError:
            continue
    return None


def _proof(target: Target, manifest: Manifest) -> tuple[ProofState, datetime | None]:
    """Return what the proof says; one that cannot be read, or is of another manifest, proves nothing."""
    data = target.read_small(manifest.name, PROOF)
    if data is None:
        return ProofState.UNPROVEN, None
    try:
        said = orjson.loads(data)
        if said["manifest_sha256"] != checksum(manifest):
            return ProofState.UNPROVEN, None
        return ProofState(said["state"]), datetime.fromisoformat(said["proved_at"])
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError):
        return ProofState.UNPROVEN, None
