"""How backups stand: is the newest fresh and of a sane size, are there enough, is one proven. Nothing is read here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.config.backups import Backups
from pake_pipelines.maintenance.backup.sizes import in_words
from pake_pipelines.model.maintenance import ProofState


@dataclass(frozen=True, slots=True)
class Known:
    """A backup as it lies in the target; `fault` is why its manifest cannot be used, then size and rows are 0.

    `state` is what its proof says; only a proof of exactly this manifest counts.
    """

    name: str
    created_at: datetime
    bytes: int = 0
    rows: int = 0
    state: ProofState = ProofState.UNPROVEN
    proved_at: datetime | None = None
    fault: str | None = None

    @property
    def is_proven(self) -> bool:
        """Whether it was restored and found equal, and its manifest can still be read."""
        return self.state is ProofState.PROVEN and self.fault is None

    @property
    def is_damaged(self) -> bool:
        """Whether its manifest cannot be used or its proof found damage."""
        return self.state is ProofState.DAMAGED or self.fault is not None


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found, in one sentence. `name` is that of the asset check."""

    name: str
    ok: bool
    said: str


def assess(backups: Sequence[Known], now: datetime, rules: Backups) -> tuple[Check, ...]:
    """Return the checks `backup_fresh`, `backup_size`, `backup_redundancy` and `backup_proven`, in this order.

    A damaged backup counts for none of them. No backup at all passes none.
    """
    usable = sorted((one for one in backups if not one.is_damaged), key=lambda one: (one.created_at, one.name))
    return _fresh(usable, now, rules), _size(usable, rules), _redundancy(usable, rules), _proven(usable)


def _fresh(usable: Sequence[Known], now: datetime, rules: Backups) -> Check:
    if not usable:
        return Check("backup_fresh", ok=False, said="there is no backup")
    age = now - usable[-1].created_at
    hours = age / timedelta(hours=1)
    said = f"the newest backup, {usable[-1].name}, is {hours:.1f} h old; {rules.max_age_hours:g} h are allowed"
    # one from the future tells of a wrong clock, not of a backup that was just made
    return Check("backup_fresh", ok=timedelta(minutes=-5) <= age <= timedelta(hours=rules.max_age_hours), said=said)


def _size(usable: Sequence[Known], rules: Backups) -> Check:
    if not usable:
        return Check("backup_size", ok=False, said="there is no backup")
    newest = usable[-1]
    if newest.bytes == 0 or newest.rows == 0:
        return Check("backup_size", ok=False, said=f"{newest.name} is empty")
    if len(usable) == 1:
        return Check("backup_size", ok=True, said=f"{in_words(newest.bytes)}; there is none before it to compare with")
    share = newest.bytes / usable[-2].bytes if usable[-2].bytes else 1.0
    said = f"{in_words(newest.bytes)}, {share:.0%} of the one before; less than {rules.shrink_warning:.0%} is suspect"
    return Check("backup_size", ok=share >= rules.shrink_warning, said=said)


def _redundancy(usable: Sequence[Known], rules: Backups) -> Check:
    said = f"{len(usable)} usable backups; at least {rules.redundancy} are wanted"
    return Check("backup_redundancy", ok=len(usable) >= rules.redundancy, said=said)


def _proven(usable: Sequence[Known]) -> Check:
    proven = [one for one in usable if one.is_proven]
    if not proven:
        return Check("backup_proven", ok=False, said="no backup has been proved by restoring it")
    if proven[-1] is usable[-1]:
        return Check("backup_proven", ok=True, said=f"the newest backup, {usable[-1].name}, is proven")
    said = f"the newest backup, {usable[-1].name}, is not proven; the last proven one is {proven[-1].name}"
    return Check("backup_proven", ok=False, said=said)
