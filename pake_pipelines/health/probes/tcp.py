"""A port: it is healthy when a connection is accepted. Whether anybody reads it, a connection alone cannot tell."""

import asyncio
import time

from pake_pipelines.config.services import TcpService
from pake_pipelines.health.probes import reaching
from pake_pipelines.health.probes.answer import Answer, healthy, milliseconds_since


async def probe(service: TcpService) -> Answer:
    """Connect and hang up."""
    try:
        await reaching.find(service.host)
        started = time.perf_counter()
        _, writer = await asyncio.open_connection(service.host, service.port)
    except OSError as error:
        return reaching.failed(error)
    response_ms = milliseconds_since(started)
    # there is nothing to send, and a peer that does not hang up must not keep us
    writer.transport.abort()
    return healthy("accepts connections", response_ms)
