"""One channel's courier: takes what waits for it one after the other, and notes what came of each."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines import crash
from pake_pipelines.alerts.channels.opening import open_channel
from pake_pipelines.alerts.channels.protocol import Channel, ChannelError, NotConfiguredError
from pake_pipelines.alerts.redacted import redacted
from pake_pipelines.alerts.summary import summary_of
from pake_pipelines.config.alerting import AnyChannel, Delivery
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.alert import Message, MessageKind
from pake_pipelines.settings import Settings
from pake_pipelines.store import channel_states, notification_summaries, notifications
from pake_pipelines.store.channel_states import ChannelState
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.notifications import Claimed, Lease, message_of

log: Final = logging.getLogger(__name__)
_SUMMARISED_AT_ONCE: Final = 200
_SUMMARY_ATTEMPTS: Final = 5
_MOST_DOUBLINGS: Final = 32


@dataclass(slots=True)
class Outcome:
    """What came of one channel in one round, in messages; `put_off` are to be tried again, `error` is the last."""

    sent: int = 0
    summarised: int = 0
    put_off: int = 0
    dead: int = 0
    not_configured: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """The time that a round of `seconds` goes by: `clock` for what is stored, `ends_at` by the event loop's own."""

    delivery: Delivery
    clock: Callable[[], datetime]
    seconds: float
    ends_at: float
    lease_seconds: float

    def lease(self) -> Lease:
        """Return a lease from now on."""
        return Lease(self.clock(), self.lease_seconds, self.delivery.max_retry_seconds)

    def left(self) -> float:
        """Return how many seconds the round has left."""
        return max(0.0, self.ends_at - asyncio.get_running_loop().time())


def pause(delivery: Delivery, failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row (from 1): 2^(n-1) times the first pause, capped."""
    doublings = min(failures - 1, _MOST_DOUBLINGS)
    return timedelta(seconds=min(delivery.first_retry_seconds * 2.0**doublings, delivery.max_retry_seconds))


def _blames_summary(claimed: Claimed, state: ChannelState, error: ChannelError) -> bool:
    """Tell whether a summary is refused for what it is: a channel that takes others since does not take it."""
    takes_others = state.last_sent_at is not None and state.last_sent_at > claimed.created_at
    return error.permanent or (takes_others and claimed.attempts >= _SUMMARY_ATTEMPTS)


def _read(stored: Mapping[str, Any]) -> Message | None:
    try:
        return message_of(stored)
    except ValueError:
        return None


class Courier:
    """Sends what waits for one channel, one message after the other."""

    def __init__(self, name: str, database: Database, pace: Pace) -> None:
        """Send for the channel `name` at `pace`."""
        self.outcome = Outcome()
        self._name = name
        self._database = database
        self._pace = pace

    async def work(self, config: AnyChannel | None, settings: Settings, environ: Mapping[str, str]) -> None:
        """Send until nothing is due any more, the channel fails, or the time is up."""
        if config is None:
            await self._take_out(f"there is no channel {self._name!r} any more")
            return
        try:
            channel = open_channel(self._name, config, settings, environ)
        except NotConfiguredError as lacking:
            await self._take_out(str(lacking))
            return
        while claimed := await self._next(config):
            if not await self._send(channel, claimed, min(config.timeout_seconds, self._pace.left())):
                return
            # one that had too little time would fail for no fault of the channel
            if self._pace.left() < min(config.timeout_seconds, self._pace.seconds / 2):
                return

    async def _take_out(self, why: str) -> None:
        async with self._database.transaction() as connection:
            taken = await notifications.mark_not_configured(connection, self._name, self._pace.lease(), why)
            await channel_states.forget(connection, self._name)
        self.outcome.not_configured += taken
        self.outcome.error = why

    async def _next(self, config: AnyChannel) -> Claimed | None:
        """Lease the next message, for good before it is sent; the last that a minute has room for is a summary."""
        async with self._database.transaction() as connection:
            lease = self._pace.lease()
            state = await channel_states.lock(connection, self._name, lease.now)
            if state.takes_nothing(lease.now):
                return None
            room = config.per_minute - await notifications.used_this_minute(connection, self._name, lease)
            if room <= 0:
                return None
            if room == 1:
                await self._summarise(connection, lease)
            return await notifications.claim(
                connection, self._name, lease, retries=not state.takes_no_retries(lease.now)
            )

    async def _summarise(self, connection: Connection, lease: Lease) -> None:
        parts = await notification_summaries.summarisable(connection, self._name, lease, _SUMMARISED_AT_ONCE)
        readable = {one.notification_id: message for one in parts if (message := _read(one.message))}
        if len(readable) > 1:
            summary = summary_of(self._name, list(readable.values()), lease.now)
            await notification_summaries.put_summary(connection, self._name, summary, readable, lease.now)
            self.outcome.summarised += len(readable)

    async def _send(self, channel: Channel, claimed: Claimed, seconds: float) -> bool:
        """Send one message and note what came of it; False when the channel is to be left alone for now."""
        try:
            note = await _attempt(channel, claimed, seconds)
        except ChannelError as error:
            self.outcome.error = str(error)
            log.warning("channel %s: %s", self._name, error)
            async with self._database.transaction() as connection:
                await self._note_failure(connection, claimed, error)
            return error.permanent
        async with self._database.transaction() as connection:
            await self._note_success(connection, claimed, note)
        crash.point(CrashPoint.DELIVERY_MARKED)
        return True

    async def _note_success(self, connection: Connection, claimed: Claimed, note: str | None) -> None:
        now = self._pace.clock()
        state = await channel_states.lock(connection, self._name, now)
        if await notifications.mark_sent(connection, claimed, now, note):
            self.outcome.sent += 1
        await channel_states.note_success(connection, self._name, now)
        if state.failures:
            await notifications.hurry(connection, self._name, now)

    async def _note_failure(self, connection: Connection, claimed: Claimed, error: ChannelError) -> None:
        lease, delivery = self._pace.lease(), self._pace.delivery
        now = lease.now
        state = await channel_states.lock(connection, self._name, now)
        if claimed.kind == MessageKind.SUMMARY and _blames_summary(claimed, state, error):
            await notification_summaries.dissolve(connection, claimed, now, str(error))
        if error.permanent:
            self.outcome.dead += await notifications.mark_dead(connection, claimed, now, str(error))
            await channel_states.note_failure(connection, self._name, now, str(error))
            return
        await channel_states.note_failure(
            connection,
            self._name,
            now,
            str(error),
            rests_until=now + pause(delivery, state.failures + 1),
            held_until=None if error.retry_after is None else now + timedelta(seconds=error.retry_after),
        )
        due_at = now + pause(delivery, claimed.attempts)
        self.outcome.put_off += await notifications.retry_later(connection, claimed, due_at, str(error), error.accepted)
        dead = await notifications.give_up(
            connection,
            self._name,
            lease,
            now - timedelta(hours=delivery.give_up_hours),
            f"given up after {delivery.give_up_hours:g} h: {error}",
        )
        self.outcome.dead += dead


async def _attempt(channel: Channel, claimed: Claimed, seconds: float) -> str | None:
    """Send a message within `seconds`; return what is to be noted of it. Raises ChannelError, whatever goes wrong."""
    crash.point(CrashPoint.DELIVERY_CLAIMED)
    message = _read(claimed.message)
    if message is None:
        raise ChannelError("what is stored of the message cannot be read", permanent=True)
    note = await hand_over(channel, message, claimed.accepted, seconds)
    crash.point(CrashPoint.DELIVERY_SENT)
    return note


async def hand_over(channel: Channel, message: Message, accepted: Collection[str], seconds: float) -> str | None:
    """Send `message` within `seconds`; return what is to be noted of it. Raises ChannelError, whatever goes wrong."""
    try:
        async with asyncio.timeout(seconds):
            return await channel.send(redacted(message), accepted)
    except TimeoutError:
        fault = ChannelError(f"no answer within {seconds:.3g} s")
    except ChannelError:
        raise
    except Exception as error:  # noqa: BLE001  # one channel's fault must not end the round
        # neither text nor traceback of an unknown error is known to be free of secrets
        fault = ChannelError(f"internal error: {type(error).__name__}")
    raise fault
