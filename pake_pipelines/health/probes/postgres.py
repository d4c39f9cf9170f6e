"""A PostgreSQL server: a connection and SELECT 1, and for the knowledge database what is in it (DB-13)."""

from dataclasses import asdict
from urllib.parse import parse_qs, urlsplit

from pake_pipelines.config.services import PostgresService
from pake_pipelines.health.probes import reaching
from pake_pipelines.health.probes.answer import Answer, healthy, unhealthy, unknown
from pake_pipelines.health.surroundings import Surroundings
from pake_pipelines.model.health import HealthStatus
from pake_pipelines.store.database import addresses
from pake_pipelines.store.database_facts import look
from pake_pipelines.store.errors import MissingDatabaseError, StoreError


async def probe(service: PostgresService, surroundings: Surroundings) -> Answer:
    """Connect and ask."""
    own = service.url_env is None
    url = addresses(surroundings.settings).knowledge if own else surroundings.environ[service.url_env or ""]
    try:
        host = _host(url)
    except ValueError:
        return unknown(f"{service.url_env or 'PAKE_DATABASE_URL'} does not hold a postgresql:// address")
    try:
        if host is not None:
            await reaching.find(host)
        found = await look(url, knowledge=own)
    except OSError as error:
        return reaching.failed(error)
    except StoreError as error:
        return _failed(error, own=own)
    told = {name: value for name, value in asdict(found).items() if value is not None and name != "response_ms"}
    return healthy(f"answers, PostgreSQL {found.version}", found.response_ms, told)


def _host(url: str) -> str | None:
    """Return the host whose name is looked up; None for a socket, or where libpq's own rules find it."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("not an address of PostgreSQL")
    if "," in parts.netloc or "host" in parse_qs(parts.query):
        return None
    # reading it finds a port that is no number
    _ = parts.port
    return parts.hostname


def _failed(error: StoreError, *, own: bool) -> Answer:
    cause = error.__cause__
    if isinstance(cause, OSError):
        network = reaching.failed(cause)
        if not own or network.status is HealthStatus.UNKNOWN:
            return network
    if own:
        return unhealthy(str(error))
    # the message holds the address, which is a secret where it comes from a variable
    if isinstance(error, MissingDatabaseError):
        return unhealthy("it has no such database")
    return unhealthy(f"no connection: {type(cause).__name__ if cause else 'no reason given'}")
