"""What the proof of a backup found, and the file `proof.json` beside it that says so."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from pake_pipelines.maintenance.backup.survey import PROOF
from pake_pipelines.maintenance.backup.targets import Target
from pake_pipelines.model.maintenance import ProofState

_LASTING: Final = frozenset({ProofState.PROVEN, ProofState.DAMAGED})


@dataclass(frozen=True, slots=True)
class ProvenDatabase:
    """A database that was restored: its tables and rows, and how many seconds restoring and comparing took.

    `indexes` is what amcheck said: `sound`, `damaged`, `unavailable` or `not asked`.
    """

    role: str
    tables: int
    rows: int
    restore_seconds: float
    compare_seconds: float
    indexes: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of the backup `name` whose manifest has the SHA-256 `manifest_sha256` ('' when it cannot be read).

    `faults` is all that is damaged, `cause` why it could not be tried. `attempted_at` and `attempt` tell of a later try
    that came to nothing: it does not undo what is known.
    """

    __pydantic_config__ = ConfigDict(extra="ignore", strict=False)

    name: str
    state: ProofState
    proved_at: datetime
    seconds: float
    manifest_sha256: str
    product_version: str
    faults: tuple[str, ...] = ()
    cause: str = ""
    databases: tuple[ProvenDatabase, ...] = ()
    attempted_at: datetime | None = None
    attempt: str = ""

    @property
    def detail(self) -> str:
        """One sentence on what was found."""
        if self.state is ProofState.PROVEN:
            rows, tables = sum(one.rows for one in self.databases), sum(one.tables for one in self.databases)
            return f"restored, and {rows:,} rows in {tables} tables are equal"
        if self.state is ProofState.DAMAGED:
            more = f" and {len(self.faults) - 3} more" if len(self.faults) > 3 else ""
            return "; ".join(self.faults[:3]) + more
        return self.cause


_FORM: Final = TypeAdapter(Proof)


def as_dict(proof: Proof) -> Mapping[str, Any]:
    """Return the proof with plain values only."""
    plain: dict[str, Any] = _FORM.dump_python(proof, mode="json")
    return plain


def read(target: Target, name: str) -> Proof | None:
    """Return the proof beside a backup; None when there is none that can be read. Raises OSError."""
    data = target.read_small(name, PROOF)
    if data is None:
        return None
    try:
        return _FORM.validate_python(orjson.loads(data))
    except (orjson.JSONDecodeError, ValidationError):
        return None


def write(target: Target, proof: Proof) -> Proof:
    """Write the proof beside its backup and return what stands there now. Raises OSError.

    A try that came to nothing leaves an earlier finding on the same manifest as it is and is added to it: whether the
    last proven backup may go is decided by this file.
    """
    standing = _added(read(target, proof.name), proof)
    target.write_small(proof.name, PROOF, orjson.dumps(as_dict(standing), option=orjson.OPT_INDENT_2))
    return standing


def _added(earlier: Proof | None, proof: Proof) -> Proof:
    kept = earlier is not None and earlier.state in _LASTING and earlier.manifest_sha256 == proof.manifest_sha256
    if earlier is None or not kept or proof.state in _LASTING:
        return proof
    return replace(earlier, attempted_at=proof.proved_at, attempt=proof.cause)
