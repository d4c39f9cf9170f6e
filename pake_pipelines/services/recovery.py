"""Recoveries (SVC-25..31, D-49): what helps is done, verified later, and taken back when its time is over.

Nobody sleeps in between: a recovery that has acted is a row with the moment of its verification, which `follow_up`
settles. Its levers end by themselves, whether or not anybody lives to take them back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.monitoring import MonitoringConfig, Recovery
from pake_pipelines.crash import CrashPoint, point
from pake_pipelines.model.health import SERVES
from pake_pipelines.model.recovery import RecoveryRow, RecoveryState
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.mechanics import Mechanics
from pake_pipelines.services.recoveries import KINDS
from pake_pipelines.services.recoveries.case import Acted, Case, Verdict
from pake_pipelines.services.standing import Standing, status_of
from pake_pipelines.settings import Settings
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.store import health_samples, levers, recoveries
from pake_pipelines.store.database import Connection, Database

# what is measured every five minutes has been measured at least twice by then
PATIENCE: Final = timedelta(minutes=15)
_OVER: Final = frozenset({RecoveryState.RECOVERED, RecoveryState.FAILED, RecoveryState.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """How a recovery stands; `state` and `recovery_id` are None where it did not begin, and `detail` says why."""

    recovery: str
    state: RecoveryState | None
    detail: str
    recovery_id: int | None = None
    details: Mapping[str, object] | None = None


async def recover(
    database: Database,
    config: MonitoringConfig,
    settings: Settings,
    name: str,
    *,
    cause: str,
    run_id: str | None = None,
    clock: Clock = SYSTEM,
    environ: Mapping[str, str] | None = None,
    wait: bool = False,
) -> RecoveryResult:
    """Carry out the recovery `name`; `wait` until it can be verified, or leave that to `follow_up`.

    Nothing is done while another of its kind acts or waits for its verification. Raises ServiceError for a name that
    there is not, and what the act itself raises (then it has failed).
    """
    recovery = _configured(config, name)
    if not recovery.enabled:
        return RecoveryResult(name, None, f"it is switched off (recoveries.{name}.enabled)")
    mechanics = Mechanics(database, config, settings, clock, *(() if environ is None else (environ,)))
    async with database.connection() as connection:
        if not await recoveries.lock(connection, recovery.kind):
            return RecoveryResult(name, None, f"another recovery of kind {recovery.kind} is at work")
        try:
            now = clock.now()
            async with connection.transaction():
                recovery_id = await recoveries.begin(
                    connection,
                    recovery=name,
                    kind=recovery.kind,
                    cause=cause,
                    revert_at=now + timedelta(minutes=recovery.revert_minutes),
                    run_id=run_id,
                    now=now,
                )
            if recovery_id is None:
                return RecoveryResult(name, None, f"another recovery of kind {recovery.kind} is not verified yet")
            point(CrashPoint.RECOVERY_BEGUN)
            await _act(Case(recovery, mechanics, now), recovery_id)
        finally:
            await recoveries.unlock(connection, recovery.kind)
    if wait:
        await clock.sleep(recovery.verify_seconds)
        await follow_up(database, config, settings, clock=clock, environ=environ)
    async with database.connection() as connection:
        return _result(await recoveries.get(connection, recovery_id))


async def due(database: Database, config: MonitoringConfig, now: datetime) -> list[RecoveryRow]:
    """Return the recoveries that `follow_up` would look at: to be verified, or to be taken back. One query mostly."""
    async with database.connection() as connection:
        return [
            row
            for row in await recoveries.unfinished(connection)
            if _is_to_be_settled(row, now) or await _is_to_be_taken_back(config, connection, row, now)
        ]


async def follow_up(
    database: Database,
    config: MonitoringConfig,
    settings: Settings,
    *,
    clock: Clock = SYSTEM,
    environ: Mapping[str, str] | None = None,
) -> list[RecoveryResult]:
    """Verify what is due, take back what is over; return the recoveries that changed. One query when there are none."""
    async with database.connection() as connection:
        unfinished = await recoveries.unfinished(connection)
    if not unfinished:
        return []
    async with database.transaction() as connection:
        await recoveries.interrupt_dead(connection, clock.now())
    mechanics = Mechanics(database, config, settings, clock, *(() if environ is None else (environ,)))
    changed = []
    for row in unfinished:
        verified = await _verify(mechanics, row)
        reverted = await _take_back(mechanics, row.recovery_id)
        if verified or reverted:
            async with database.connection() as connection:
                changed.append(_result(await recoveries.get(connection, row.recovery_id)))
    return changed


def _configured(config: MonitoringConfig, name: str) -> Recovery:
    if name not in config.recoveries:
        raise ServiceError(f"no recovery {name!r}; known: {', '.join(config.recoveries) or 'none'}")
    return config.recoveries[name]


async def _act(case: Case, recovery_id: int) -> None:
    now = case.begun_at
    try:
        acted: Acted = await KINDS[case.recovery.kind].act(case)
    except Exception as error:
        async with case.database.transaction() as connection:
            words = f"{type(error).__name__}: {error}"
            await recoveries.settle(connection, recovery_id, RecoveryState.FAILED, words, case.mechanics.clock.now())
        raise
    point(CrashPoint.RECOVERY_ACTED)
    done = case.mechanics.clock.now()
    async with case.database.transaction() as connection:
        verify_at = done + timedelta(seconds=case.recovery.verify_seconds)
        details = {**acted.details, "levers": dict(acted.levers)}
        if not await recoveries.await_verification(connection, recovery_id, verify_at, details):
            return  # taken for dead meanwhile, as the lock was lost: nobody would take the levers back in time
        for lever, value in acted.levers.items():
            until = now + timedelta(minutes=case.recovery.revert_minutes)
            await levers.pull(connection, lever, value, recovery_id, until)
    point(CrashPoint.RECOVERY_WAITING)


async def _verify(mechanics: Mechanics, row: RecoveryRow) -> bool:
    """Settle a recovery whose verification is due; return whether it is settled now."""
    now = mechanics.clock.now()
    if row.state is not RecoveryState.VERIFYING or not _is_to_be_settled(row, now):
        return False
    recovery = mechanics.config.recoveries.get(row.recovery)
    if recovery is None or recovery.kind != row.kind:
        verdict = Verdict(False, "it is not configured any more")
    else:
        verdict = await KINDS[row.kind].verify(Case(recovery, mechanics, row.begun_at))
    # nothing known is no success, but may be known soon
    if verdict.good is None and not _is_due((row.verify_at or row.begun_at) + PATIENCE, row, now):
        return False
    state = RecoveryState.RECOVERED if verdict.good else RecoveryState.FAILED
    async with mechanics.database.transaction() as connection:
        return await recoveries.settle(connection, row.recovery_id, state, verdict.says, now)


async def _take_back(mechanics: Mechanics, recovery_id: int) -> bool:
    """Release the levers of a recovery whose time is over, or whose tier serves again; return whether it is now."""
    now = mechanics.clock.now()
    async with mechanics.database.transaction() as connection:
        row = await recoveries.get(connection, recovery_id)
        if not await _is_to_be_taken_back(mechanics.config, connection, row, now):
            return False
        await levers.release(connection, recovery_id)
        return await recoveries.mark_reverted(connection, recovery_id, now)


def _is_to_be_settled(row: RecoveryRow, now: datetime) -> bool:
    """Return whether it is time to ask what came of a recovery; one that acts for so long may be of the dead."""
    if row.state is RecoveryState.ACTING:
        return _is_due(row.begun_at + PATIENCE, row, now)
    return row.state is RecoveryState.VERIFYING and _is_due(row.verify_at or row.begun_at, row, now)


async def _is_to_be_taken_back(
    config: MonitoringConfig, connection: Connection, row: RecoveryRow, now: datetime
) -> bool:
    if row.reverted_at is not None:
        return False
    if _is_due(row.revert_at, row, now):
        return True
    return row.state in _OVER and await _tier_serves(config, connection, row, now)


async def _tier_serves(config: MonitoringConfig, connection: Connection, row: RecoveryRow, now: datetime) -> bool:
    """Return whether the recovery was for a tier that the newest sample since its beginning finds serving."""
    recovery = config.recoveries.get(row.recovery)
    if recovery is None or recovery.tier is None:
        return False
    if row.state is RecoveryState.RECOVERED:
        return True
    sample = (await health_samples.latest(connection, now)).get(recovery.tier)
    return sample is not None and sample.at > row.begun_at and status_of(Standing((sample,)), now) in SERVES


def _is_due(moment: datetime, row: RecoveryRow, now: datetime) -> bool:
    """Return whether `moment` has come; what began after now was written by a clock that has been set back."""
    return moment <= now or row.begun_at > now


def _result(row: RecoveryRow) -> RecoveryResult:
    detail = str(row.details.get("verdict", f"to be verified at {row.verify_at:%H:%M:%S}" if row.verify_at else ""))
    return RecoveryResult(row.recovery, row.state, detail, row.recovery_id, row.details)
