"""Which backups stay and which go (BAK-14, C-25). Decides, reads nothing.

A backup goes when it is old and something better stays: never one of the last proven ones, never anything newer than
those unless it is known to be damaged, never one of which nothing can be said, and nothing at all where none is proven.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.maintenance.backup.standing import Known


@dataclass(frozen=True, slots=True)
class Decision:
    """A backup and why it stays or goes."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What stays and what goes, oldest first; `guards` are the proven ones for whose sake the others may go."""

    keep: tuple[Decision, ...]
    remove: tuple[Decision, ...]
    guards: tuple[str, ...]


def plan(known: Sequence[Known], now: datetime, keep_days: int, keep_proven: int) -> Plan:
    """Return what is to become of each backup. The `keep_proven` newest proven ones stay, however old."""
    ordered = sorted(known, key=lambda one: (one.created_at, one.name))
    guards = [one for one in ordered if one.is_proven][-max(1, keep_proven) :]
    keep, remove = [], []
    for one in ordered:
        reason = _why_kept(one, guards, now, keep_days)
        if reason is None:
            age = (now - one.created_at).days
            remove.append(Decision(one.name, f"{age} days old, of {keep_days} for which backups are kept"))
        else:
            keep.append(Decision(one.name, reason))
    return Plan(tuple(keep), tuple(remove), tuple(one.name for one in guards))


def _why_kept(one: Known, guards: Sequence[Known], now: datetime, keep_days: int) -> str | None:
    if one in guards:
        return "one of the last proven backups"
    if one.fault is not None:
        return f"not touched, as nothing certain is known of it: {one.fault}"
    if not guards:
        return "no backup is proven yet, so none may go"
    if now - one.created_at <= timedelta(days=keep_days):
        return f"younger than {keep_days} days"
    if one.created_at > guards[-1].created_at and not one.is_damaged:
        return "newer than the last proven backup"
    return None
