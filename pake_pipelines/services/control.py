"""Starting, stopping and restarting by hand: one service, or all of them in order (SVC-09, SVC-10, SVC-14, SVC-16).

What people do holds the same lock as healing and is written down, too; it is bounded by nothing, does not use up
healing's attempts, and says whether healing is to look after the service from then on.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal

from pake_pipelines.config.services import in_order
from pake_pipelines.model.health import SERVES
from pake_pipelines.model.restart import RestartState
from pake_pipelines.services.books import held, known
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.mechanics import RESTART_PAUSE_SECONDS, Launched, Mechanics
from pake_pipelines.store import audit, service_restarts
from pake_pipelines.store.database import Connection

BETWEEN_SECONDS: Final = 2
"""Between one service and the next (SVC-14)."""

Action = Literal["start", "stop", "restart"]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one service: `state` is done, already (it was so before), watched (there is no command) or failed.

    What comes after one that failed is not tried.
    """

    service: str
    action: Action
    state: Literal["done", "already", "watched", "failed", "not tried"]
    detail: str


async def start(mechanics: Mechanics, name: str, *, actor: str) -> Done:
    """Start `name` and wait until it serves. Raises ServiceError, also when something that it depends on is down."""
    async with held(mechanics.database, name) as connection:
        sample = await mechanics.probe(name)
        if sample.status in SERVES:
            await _look_after(mechanics, connection, name)
            return Done(name, "start", "already", sample.detail)
        if await mechanics.runs(name):
            raise ServiceError(f"{name} runs and does not serve ({sample.detail}): `pake services restart {name}`")
        await mechanics.check_dependencies(name)
        return await _bring_up(mechanics, connection, name, "start", actor, lambda: mechanics.launch(name))


async def restart(mechanics: Mechanics, name: str, *, actor: str) -> Done:
    """Restart `name` by its restart command, or else stop it, pause and start it. Raises ServiceError."""
    async with held(mechanics.database, name) as connection:
        await mechanics.check_dependencies(name)
        return await _bring_up(mechanics, connection, name, "restart", actor, lambda: mechanics.relaunch(name))


async def stop(mechanics: Mechanics, name: str, *, actor: str) -> Done:
    """Stop `name`; healing leaves it alone until somebody starts it. Raises ServiceError."""
    if not can(mechanics, name, "stop"):
        raise ServiceError(f"{name} is only watched: give it a `stop` command in configs/monitoring.yaml")
    async with held(mechanics.database, name) as connection:
        sample = await mechanics.probe(name)
        serves, runs = sample.status in SERVES, await mechanics.runs(name)
        # before it is down, or healing might bring it up again
        async with connection.transaction():
            await service_restarts.surrender(
                connection, name, f"stopped by {actor}", mechanics.clock.now(), by_hand=True
            )
            await _record(connection, "stop", name, actor)
        if not serves and not runs:
            return Done(name, "stop", "already", sample.detail)
        try:
            ended = await mechanics.put_down(name)
        except ServiceError:
            await _look_after(mechanics, connection, name)
            raise
        return Done(name, "stop", "done", f"{ended} process{'' if ended == 1 else 'es'} ended" if ended else "")


async def start_all(mechanics: Mechanics, names: Collection[str] | None = None, *, actor: str) -> list[Done]:
    """Start `names` (all services without any), parents first; the first failure ends it."""
    return await _in_order(mechanics, names, "start", actor)


async def restart_all(mechanics: Mechanics, names: Collection[str] | None = None, *, actor: str) -> list[Done]:
    """Restart `names` (all services without any): stop them, children first, and start them, parents first."""
    stopped = await _in_order(mechanics, names, "stop", actor)
    if any(one.state == "failed" for one in stopped):
        return stopped
    if any(one.state == "done" for one in stopped):
        await mechanics.clock.sleep(RESTART_PAUSE_SECONDS)
    return [*stopped, *await _in_order(mechanics, names, "start", actor)]


async def stop_all(mechanics: Mechanics, names: Collection[str] | None = None, *, actor: str) -> list[Done]:
    """Stop `names` (all services without any), children first; the first failure ends it."""
    return await _in_order(mechanics, names, "stop", actor)


def order(mechanics: Mechanics, names: Collection[str] | None, action: Action) -> list[str]:
    """Return `names` (all services without any) in the order of `action`. Raises ServiceError for an unknown one."""
    services = mechanics.config.enabled_services()
    ordered = in_order(services, frozenset(known(services, names)))
    return ordered[::-1] if action == "stop" else ordered


async def _in_order(mechanics: Mechanics, names: Collection[str] | None, action: Action, actor: str) -> list[Done]:
    done: list[Done] = []
    act = {"start": start, "stop": stop, "restart": restart}[action]
    for name in order(mechanics, names, action):
        if any(one.state == "failed" for one in done):
            done.append(Done(name, action, "not tried", "what came before it failed"))
        elif not can(mechanics, name, action):
            done.append(Done(name, action, "watched", "it has no command for that"))
        else:
            if any(one.state == "done" for one in done):
                await mechanics.clock.sleep(BETWEEN_SECONDS)
            try:
                done.append(await act(mechanics, name, actor=actor))
            except ServiceError as error:
                done.append(Done(name, action, "failed", str(error)))
    return done


def can(mechanics: Mechanics, name: str, action: Action) -> bool:
    """Return whether there is a way to do `action` to `name`; what we started can be stopped without a command."""
    service = mechanics.service(name)
    return bool(service.start or (action == "stop" and service.stop) or (action == "restart" and service.restart))


async def _bring_up(
    mechanics: Mechanics,
    connection: Connection,
    name: str,
    action: Action,
    actor: str,
    launch: Callable[[], Awaitable[Launched]],
) -> Done:
    async with connection.transaction():
        await service_restarts.interrupt(connection, name, mechanics.clock.now())
        restart_id = await service_restarts.claim(
            connection,
            service=name,
            cause=f"{action} by hand",
            attempt=1,
            actor=actor,
            by_hand=True,
            run_id=None,
            now=mechanics.clock.now(),
            max_per_hour=0,
        )
        await _record(connection, action, name, actor)
        await service_restarts.end_surrender(connection, name)
    assert restart_id is not None, "nothing bounds what is done by hand"
    try:
        launched = await launch()
        await service_restarts.mark_started(connection, restart_id)
        detail = (await mechanics.await_serving(name, launched)).detail
    except ServiceError as error:
        await service_restarts.settle(connection, restart_id, RestartState.FAILED, str(error), mechanics.clock.now())
        raise ServiceError(str(error) if str(error).startswith(name) else f"{name}: {error}") from error
    await service_restarts.settle(connection, restart_id, RestartState.VERIFIED, detail, mechanics.clock.now())
    return Done(name, action, "done", detail)


async def _look_after(mechanics: Mechanics, connection: Connection, name: str) -> None:
    async with connection.transaction():
        await service_restarts.end_surrender(connection, name)


async def _record(connection: Connection, action: Action, name: str, actor: str) -> None:
    await audit.record(connection, actor=actor, action=f"services.{action}", subject=name, details={})
