"""A Redis server: PING, and what INFO tells of it (DB-14)."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.config.services import RedisService
from pake_pipelines.health.probes import reaching
from pake_pipelines.health.probes.answer import Answer, degraded, healthy, milliseconds_since, unhealthy, unknown
from pake_pipelines.health.probes.bounded import BoundedReader, TooLongError
from pake_pipelines.health.surroundings import Surroundings

if TYPE_CHECKING:
    from redis.asyncio import Connection, Redis

# the field of INFO, and what DB-14 calls it
_FACTS: Final = {
    "redis_version": "version",
    "used_memory_human": "memory_usage",
    "connected_clients": "connected_clients",
    "total_commands_processed": "total_commands_processed",
    "uptime_in_seconds": "uptime_seconds",
}


async def probe(service: RedisService, surroundings: Surroundings) -> Answer:
    """Connect, send PING and INFO, and hang up."""
    from redis import exceptions

    try:
        client = _client(service, surroundings)
    except ValueError:
        return unknown(f"{service.url_env} does not hold a redis:// address")
    try:
        return await _ask(client)
    except exceptions.BusyLoadingError:
        return degraded("it is reading its data into memory")
    except (exceptions.AuthenticationError, exceptions.ResponseError) as error:
        return unhealthy(f"it refuses us: {error}")
    except (exceptions.TimeoutError, exceptions.ConnectionError) as error:
        cause = error.__cause__ or error.__context__
        return reaching.failed(cause) if isinstance(cause, OSError) else unhealthy("it closed the connection")
    except exceptions.RedisError as error:
        return unhealthy(f"its answer is not Redis's: {type(error).__name__}")
    except TooLongError:
        return unhealthy(f"it sends more than {surroundings.probing.max_body_bytes} bytes")
    except OSError as error:
        return reaching.failed(error)
    finally:
        await client.connection_pool.disconnect(inuse_connections=True)


def _client(service: RedisService, surroundings: Surroundings) -> "Redis":
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    seconds = service.timeout_seconds or surroundings.probing.timeout_seconds
    options: dict[str, Any] = {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        # one question, one answer: the next round asks again
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "driver_info": None,
        "redis_connect_func": _bounded(surroundings.probing.max_body_bytes),
        "decode_responses": True,
        "encoding_errors": "replace",
    }
    if service.url_env is not None:
        return Redis.from_url(surroundings.environ[service.url_env], **options)
    return Redis(host=service.host, port=service.port, **options)


def _bounded(most: int) -> "Callable[[Connection], Awaitable[None]]":
    async def connected(connection: "Connection") -> None:
        # the library has no bound for an answer, and room is made for as many bytes as a server says that it sends
        reader: Any = connection._reader  # noqa: SLF001
        connection._reader = BoundedReader(reader, most)  # type: ignore[assignment]  # noqa: SLF001
        await connection.on_connect()

    return connected


async def _ask(client: "Redis") -> Answer:
    from redis import exceptions

    host = client.connection_pool.connection_kwargs.get("host")
    if host is not None:
        await reaching.find(host)
    started = time.perf_counter()
    pong = await client.ping()
    response_ms = milliseconds_since(started)
    if pong is not True:
        return unhealthy("it answers PING with something else", response_ms)
    try:
        told = await client.info()
    except exceptions.ResponseError:
        # a server may allow PING and not INFO
        return healthy("answers PING, but tells nothing of itself", response_ms)
    return healthy("answers PING", response_ms, facts_of(told))


def facts_of(told: Mapping[str, Any]) -> dict[str, str | int | float | bool | None]:
    """Return the facts of DB-14 that are in an answer to INFO."""
    return {name: told[field] for field, name in _FACTS.items() if isinstance(told.get(field), str | int | float)}
