"""Planted bugs: each breaks one promise of engine or delivery on purpose, as alert tools have broken it before."""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from pake_pipelines.alerts import courier, evaluate, inhibition, lives, telling
from pake_pipelines.alerts.conditions import Observation
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.alert import Condition, Message
from pake_pipelines.model.episode import GroupState, Series
from pake_pipelines.store import alert_groups, alert_rounds, alert_series, notifications
from pake_pipelines.store.database import Connection
from pake_pipelines.store.notifications import Claimed

Patch = pytest.MonkeyPatch
_numbers = itertools.count()


async def _commit(connection: Connection) -> None:
    """End the transaction that the caller is in and open another: what was written so far stands alone."""
    await connection.execute("COMMIT")
    await connection.execute("BEGIN")


def claim_before_send(patch: Patch) -> None:
    """A message counts as sent as soon as it is taken up (Healthchecks: at most once)."""
    claim = notifications.claim

    async def planted(connection: Connection, *given: Any, **more: Any) -> Claimed | None:
        claimed = await claim(connection, *given, **more)
        if claimed:
            await notifications.mark_sent(connection, claimed, given[1].now, None)
        return claimed

    patch.setattr(notifications, "claim", planted)


def resolve_on_unknown(patch: Patch) -> None:
    """What is not known counts as good."""
    advance = lives.advance

    def planted(*given: Any) -> Any:
        *others, seen, now = given
        unknown = isinstance(seen, Observation) and seen.condition is Condition.UNKNOWN
        return advance(*others, replace(seen, condition=Condition.OK) if unknown else seen, now)

    patch.setattr(lives, "advance", planted)


def counter_reset(patch: Patch) -> None:
    """How often a series was bad in a row is not kept from one evaluation to the next."""
    save = alert_series.save

    async def planted(connection: Connection, series: Iterable[Series]) -> None:
        await save(connection, [replace(one, in_a_row=1) for one in series])

    patch.setattr(alert_series, "save", planted)


def no_inhibition(patch: Patch) -> None:
    """A dead parent holds nothing back."""
    patch.setattr(inhibition, "held_by_parents", lambda *_: {})


def told_apart(patch: Patch) -> None:
    """What a channel was told is committed before the message about it is."""
    save, put = alert_groups.save, notifications.put

    async def planted_save(connection: Connection, groups: Iterable[GroupState]) -> None:
        await save(connection, groups)
        await _commit(connection)

    async def planted_put(connection: Connection, *given: Any) -> bool:
        evaluate.point(CrashPoint.ALERTS_WRITTEN)
        return await put(connection, *given)

    patch.setattr(alert_groups, "save", planted_save)
    patch.setattr(notifications, "put", planted_put)


def failed_resolve_dropped(patch: Patch) -> None:
    """A resolve whose sending fails is not sent again (Gatus)."""
    retry_later = notifications.retry_later

    async def planted(connection: Connection, claimed: Claimed, due_at: datetime, error: str, *more: Any) -> bool:
        if claimed.message["kind"] == "resolve":
            return await notifications.mark_dead(connection, claimed, due_at, error)
        return await retry_later(connection, claimed, due_at, error, *more)

    patch.setattr(notifications, "retry_later", planted)


def no_idempotency_key(patch: Patch) -> None:
    """A message that is sent again has another key."""
    message_of = courier.message_of

    def planted(stored: Mapping[str, Any]) -> Message:
        message = message_of(stored)
        return replace(message, key=f"{message.key}-{next(_numbers)}")

    patch.setattr(courier, "message_of", planted)


def told_in_memory(patch: Patch) -> None:
    """What channels were told is known by the process alone, and a restart tells all of it again (Gatus #679)."""
    by_process: dict[int, dict[Any, GroupState]] = {}
    load, save = alert_groups.load, alert_groups.save

    async def planted_load(connection: Connection) -> dict[Any, GroupState]:
        known = by_process.setdefault(await _process(connection), {})
        return {key: one for key, one in (await load(connection)).items() if key in known}

    async def planted_save(connection: Connection, groups: Iterable[GroupState]) -> None:
        made = list(groups)
        known = by_process.setdefault(await _process(connection), {})
        known |= {(one.group_key, one.channel): one for one in made}
        await save(connection, made)

    patch.setattr(alert_groups, "load", planted_load)
    patch.setattr(alert_groups, "save", planted_save)


async def _process(connection: Connection) -> int:
    # a daemon of these tests has one connection for its evaluations, for as long as it lives
    pid: int = await connection.fetchval("SELECT pg_backend_pid()")
    return pid


def leases_ignored(patch: Patch) -> None:
    """A message that another daemon is sending is sent by this one, too; sending takes long enough to be met at it."""
    claim, attempt = notifications.claim, courier._attempt

    async def lingering(*given: Any) -> str | None:
        await asyncio.sleep(0.3)
        return await attempt(*given)

    async def planted(connection: Connection, *given: Any, **more: Any) -> Claimed | None:
        claimed = await claim(connection, *given, **more)
        await connection.execute("UPDATE notifications SET leased_until = NULL WHERE state = 'waiting'")
        return claimed

    patch.setattr(notifications, "claim", planted)
    patch.setattr(courier, "_attempt", lingering)


def everybody_evaluates(patch: Patch) -> None:
    """Two daemons count one state of the world twice."""

    async def planted(_: Connection) -> bool:
        return True

    patch.setattr(alert_rounds, "try_lock", planted)
    patch.setattr(evaluate, "CLOSEST", timedelta())


def clock_believed(patch: Patch) -> None:
    """Stored moments are believed even when they are yet to come."""
    patch.setattr(telling, "rebased", lambda group, _: group)


PLANTS: Final[Mapping[str, Callable[[Patch], None]]] = {
    plant.__name__: plant
    for plant in (
        claim_before_send, resolve_on_unknown, counter_reset, no_inhibition, told_apart,
        failed_resolve_dropped, no_idempotency_key, told_in_memory, leases_ignored, everybody_evaluates, clock_believed,
    )
}  # fmt: skip
