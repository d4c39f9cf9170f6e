"""What is known of backups (`backups`). The manifests and proofs beside the dumps rule; this is their cache."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.store.database import Connection

_COLUMNS: Final = (
    "name, target, created_at, run_id, bytes, seconds, encrypted, migration, state, proved_at, proof_seconds, detail, "
    "removed_at"
)


@dataclass(frozen=True, slots=True)
class BackupRow:
    """A backup; sizes in bytes, `detail` is what the last proof had to say, or why it was removed."""

    name: str
    target: str
    created_at: datetime
    run_id: str
    bytes: int
    seconds: float
    encrypted: bool
    migration: str
    state: ProofState
    proved_at: datetime | None
    proof_seconds: float | None
    detail: str
    removed_at: datetime | None


async def save(
    connection: Connection,
    *,
    name: str,
    target: str,
    created_at: datetime,
    run_id: str,
    size: int,
    seconds: float,
    encrypted: bool,
    migration: str,
    manifest: Mapping[str, Any],
) -> None:
    """Write that a backup was made; nothing is known of it yet. What had its name, in another target, is forgotten."""
    await connection.execute(
        """
        INSERT INTO backups (name, target, created_at, run_id, bytes, seconds, encrypted, migration, manifest)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (name) DO UPDATE SET
            (target, created_at, run_id, bytes, seconds, encrypted, migration, manifest, state, proved_at,
             proof_seconds, detail, removed_at)
            = (excluded.target, excluded.created_at, excluded.run_id, excluded.bytes, excluded.seconds,
               excluded.encrypted, excluded.migration, excluded.manifest, 'unproven', NULL, NULL, '', NULL)
        """,
        name,
        target,
        created_at,
        run_id,
        size,
        seconds,
        encrypted,
        migration,
        dict(manifest),
    )


async def set_proof(
    connection: Connection,
    name: str,
    state: ProofState,
    proved_at: datetime,
    seconds: float,
    detail: str,
) -> None:
    """Write what the last proof of a backup found, and how many seconds it took."""
    await connection.execute(
        "UPDATE backups SET state = $2, proved_at = $3, proof_seconds = $4, detail = $5 WHERE name = $1",
        name,
        state,
        proved_at,
        seconds,
        detail,
    )


async def set_removed(connection: Connection, names: Sequence[str], removed_at: datetime, detail: str) -> int:
    """Write that backups are no longer there, and why; return how many were thought to be."""
    status: str = await connection.execute(
        "UPDATE backups SET removed_at = $2, detail = $3 WHERE name = ANY ($1::text[]) AND removed_at IS NULL",
        list(names),
        removed_at,
        detail,
    )
    return int(status.rpartition(" ")[2])


async def listed(connection: Connection, *, removed: bool = False) -> list[BackupRow]:
    """Return the backups that are there, newest first; with `removed` those that were, too."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM backups WHERE removed_at IS NULL OR $1 ORDER BY created_at DESC, name DESC", removed
    )
    return [BackupRow(**{**row, "state": ProofState(row["state"])}) for row in rows]
