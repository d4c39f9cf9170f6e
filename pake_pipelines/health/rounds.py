"""A round of probes: all services at once, each within its own time and all of them within the tick's."""

import asyncio
import importlib
import time
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pake_pipelines.config.services import (
    AnyService,
    DagsterService,
    DiskService,
    HeartbeatService,
    HttpService,
    PostgresService,
    ProcessService,
    RedisService,
    TcpService,
)
from pake_pipelines.health import secrecy
from pake_pipelines.health.probes import dagster, disk, heartbeat, http, postgres, process, redis, tcp
from pake_pipelines.health.probes.answer import Answer, unhealthy, unknown
from pake_pipelines.health.surroundings import Surroundings
from pake_pipelines.model.health import HealthSample, HealthStatus

_LIBRARIES: Final = {"http": "aiohttp", "postgres": "asyncpg", "redis": "redis.asyncio", "process": "psutil"}
# for what a probe does when it is told to stop: hang up
_STOPPING_SECONDS: Final = 0.25


async def probe_all(services: Mapping[str, AnyService], surroundings: Surroundings) -> list[HealthSample]:
    """Return how each of `services` stands, in their order; it takes `probing.tick_seconds` and a quarter at most.

    What was not reached within that time, or not asked for the whole of its own, is unknown.
    """
    ends_at = time.perf_counter() + surroundings.probing.tick_seconds
    _import_libraries(services, surroundings)
    places = asyncio.Semaphore(surroundings.probing.concurrency)
    reached: set[str] = set()

    async def in_turn(name: str) -> HealthSample:
        async with places:
            reached.add(name)
            return await probe_one(name, services[name], surroundings)

    tasks = {name: asyncio.create_task(in_turn(name)) for name in _in_turn(services, surroundings)}
    try:
        if tasks:
            await asyncio.wait(tasks.values(), timeout=max(ends_at - time.perf_counter(), 0))
        late = {name for name, task in tasks.items() if not task.done()}
    finally:
        await _stop([task for task in tasks.values() if not task.done()])
    return [
        _cut_short(name, service, surroundings, asked=name in reached) if name in late else tasks[name].result()
        for name, service in services.items()
    ]


def _import_libraries(services: Mapping[str, AnyService], surroundings: Surroundings) -> None:
    # before any service is asked: an import takes as long as a slow answer, and would count as one
    asked = {service.kind for service in services.values() if not _not_set(service, surroundings)}
    for kind in sorted(asked & _LIBRARIES.keys()):
        importlib.import_module(_LIBRARIES[kind])


def _not_set(service: AnyService, surroundings: Surroundings) -> list[str]:
    return [variable for variable in secrecy.variables(service) if not surroundings.environ.get(variable)]


def _in_turn(services: Mapping[str, AnyService], surroundings: Surroundings) -> list[str]:
    """Return the names, critical ones first and the others shuffled by the moment.

    When the time does not do for all of them, it should not be the same ones every time that nobody looks at.
    """
    moment = surroundings.now.isoformat()
    return sorted(services, key=lambda name: (not services[name].critical, zlib.crc32(f"{moment} {name}".encode())))


async def _stop(tasks: "list[asyncio.Task[HealthSample]]") -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_STOPPING_SECONDS)


def _cut_short(name: str, service: AnyService, surroundings: Surroundings, *, asked: bool) -> HealthSample:
    seconds = f"{surroundings.probing.tick_seconds:g} s"
    detail = f"it had not answered when the round's {seconds} were over" if asked else f"not reached within {seconds}"
    return _sample(name, service, surroundings, unknown(detail))


async def probe_one(name: str, service: AnyService, surroundings: Surroundings) -> HealthSample:
    """Return how one service stands, within its own time.

    No answer in that time is unhealthy; an error of the probe itself is no answer of the service, and unknown.
    """
    missing = _not_set(service, surroundings)
    if missing:
        answer = Answer(HealthStatus.NOT_CONFIGURED, f"not set: {', '.join(missing)}")
    else:
        answer = _slow(service, await _within_its_time(name, service, surroundings))
    return _sample(name, service, surroundings, answer)


async def _within_its_time(name: str, service: AnyService, surroundings: Surroundings) -> Answer:
    seconds = service.timeout_seconds or surroundings.probing.timeout_seconds
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            return await _ask(name, service, surroundings)
    except Exception as error:  # noqa: BLE001  # whatever a probe has not foreseen is told, as unknown
        if deadline.expired():
            return unhealthy(f"no answer within {seconds:g} s")
        words = "" if secrecy.has_secret_address(service) else f": {error}"
        return unknown(f"the probe itself failed: {type(error).__name__}{words}")


async def _ask(name: str, service: AnyService, surroundings: Surroundings) -> Answer:
    match service:
        case HttpService():
            return await http.probe(service, surroundings)
        case TcpService():
            return await tcp.probe(service)
        case PostgresService():
            return await postgres.probe(service, surroundings)
        case RedisService():
            return await redis.probe(service, surroundings)
        case ProcessService():
            return await process.probe(name, service, surroundings)
        case DiskService():
            return await disk.probe(service, surroundings)
        case HeartbeatService():
            return await heartbeat.probe(service, surroundings)
        case DagsterService():
            return dagster.judge(service, surroundings.dagster, surroundings.now)


def _slow(service: AnyService, answer: Answer) -> Answer:
    if service.slow_ms is None or answer.response_ms is None or answer.response_ms <= service.slow_ms:
        return answer
    if answer.status is not HealthStatus.HEALTHY:
        return answer
    detail = f"{answer.detail}, but takes {answer.response_ms:.0f} ms, more than {service.slow_ms:g} ms"
    return replace(answer, status=HealthStatus.DEGRADED, detail=detail)


def _sample(name: str, service: AnyService, surroundings: Surroundings, answer: Answer) -> HealthSample:
    def tidy(text: str) -> str:
        return secrecy.shown(text, service, surroundings.environ)

    facts = None
    if answer.facts is not None:
        facts = {key: tidy(value) if isinstance(value, str) else value for key, value in answer.facts.items()}
    return HealthSample(
        service=name,
        kind=service.kind,
        critical=service.critical,
        status=answer.status,
        at=surroundings.now,
        response_ms=answer.response_ms,
        detail=tidy(answer.detail),
        http_status=answer.http_status,
        facts=facts,
    )
