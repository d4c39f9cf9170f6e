"""Typed form of `services` in `monitoring.yaml`: what is probed, what depends on what, and how it is started."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from pake_pipelines.config.section import Section
from pake_pipelines.config.source_kinds import web_address

ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Command = Annotated[tuple[str, ...], Field(min_length=1)]
"""A program and its arguments, one element each; no shell reads it."""


class Restarts(Section):
    """How a service is healed: at most `max_per_hour` attempts in any 60 minutes, kept over restarts of ours (C-22).

    After the n-th attempt in a row the next one waits `backoff_seconds` * `backoff_factor`^(n-1), at most
    `backoff_max_seconds`; it counts from the beginning again after `settled_minutes` of health.
    """

    enabled: bool = True
    max_per_hour: int = Field(3, ge=1)
    backoff_seconds: float = Field(10, gt=0)
    backoff_factor: float = Field(2, ge=1)
    backoff_max_seconds: float = Field(300, gt=0)
    settled_minutes: float = Field(10, ge=0)


class Service(Section):
    """What all services have in common (SVC-01, SVC-18). Times in seconds, `slow_ms` in milliseconds.

    `requires_env` names variables without which it is not configured. Without commands it is watched and not healed.
    """

    enabled: bool = True
    title: str = ""
    critical: bool = False
    depends_on: tuple[ServiceName, ...] = ()
    timeout_seconds: float | None = Field(None, gt=0, description="instead of probing.timeout_seconds")
    slow_ms: float | None = Field(None, gt=0, description="slower answers are degraded")
    requires_env: tuple[EnvironmentName, ...] = ()
    start: Command | None = None
    stop: Command | None = None
    restart: Command | None = None
    working_directory: str | None = None
    startup_seconds: float = Field(120, gt=0, description="so long a start may take before it has failed")
    start_grace_seconds: float = Field(30, ge=0, description="so long after a start it is not healed again")
    stop_seconds: float = Field(10, gt=0, description="between TERM and KILL")
    restarts: Restarts = Restarts()


class HttpService(Service):
    """Healthy when it answers a GET with a status below 400, or with `expect_status` and `expect_text` if given."""

    kind: Literal["http"] = "http"
    url: Annotated[str, AfterValidator(web_address)] | None = None
    url_env: EnvironmentName | None = Field(None, description="a variable that holds the address, where it is a secret")
    bearer_env: EnvironmentName | None = None
    expect_status: int | None = Field(None, ge=100, le=599)
    expect_text: str | None = None

    def faults(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield what is wrong with the address."""
        if (self.url is None) == (self.url_env is None):
            yield ("url",), "give either url or url_env"


class TcpService(Service):
    """Healthy when a connection is accepted."""

    kind: Literal["tcp"] = "tcp"
    host: str = "localhost"
    port: Port


class PostgresService(Service):
    """Healthy when it answers SELECT 1; without `url_env` it is the knowledge database."""

    kind: Literal["postgres"] = "postgres"
    url_env: EnvironmentName | None = None


class RedisService(Service):
    """Healthy when it answers PING; tells of memory, clients and uptime (DB-14)."""

    kind: Literal["redis"] = "redis"
    host: str = "localhost"
    port: Port = 6379
    url_env: EnvironmentName | None = Field(None, description="a variable with a redis:// or rediss:// address instead")


class ProcessService(Service):
    """Healthy while a process runs: the one that we started, or any whose command line holds all of `command_line`."""

    kind: Literal["process"] = "process"
    command_line: tuple[str, ...] = ()

    def faults(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield what is missing to find a process."""
        if not self.command_line and self.start is None:
            yield ("command_line",), "give a command line to look for, or the command that starts it"


class DiskService(Service):
    """Degraded above `warn_percent` used (space or inodes), unhealthy above `fail_percent` or below `min_free_gb`."""

    kind: Literal["disk"] = "disk"
    path: str | None = Field(None, description="from home; without it the data directory, wherever that is")
    warn_percent: float = Field(80, gt=0, le=100)
    fail_percent: float = Field(95, gt=0, le=100)
    min_free_gb: float = Field(1, ge=0)


class HeartbeatService(Service):
    """Healthy while something that we do not ask says that it lives: a file that it touches, at least so often."""

    kind: Literal["heartbeat"] = "heartbeat"
    path: str
    period_seconds: float = Field(gt=0)
    grace_seconds: float = Field(60, ge=0)


DagsterPart = Literal["daemons", "code_location", "queue", "partitions", "pools"]


class DagsterService(Service):
    """One part of the Dagster instance.

    `max_queue_minutes` is the age of the oldest queued run, above which the queue is degraded (twice that: unhealthy).
    """

    kind: Literal["dagster"] = "dagster"
    part: DagsterPart
    max_queue_minutes: float = Field(30, gt=0)


AnyService = Annotated[
    HttpService
    | TcpService
    | PostgresService
    | RedisService
    | ProcessService
    | DiskService
    | HeartbeatService
    | DagsterService,
    Field(discriminator="kind"),
]


def dependency_faults(services: Mapping[str, Service]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (key path, message) for dependencies that lead nowhere or in a circle."""
    for name, service in services.items():
        for parent in service.depends_on:
            if parent not in services:
                yield ("services", name, "depends_on"), f"no service {parent!r}"
    try:
        TopologicalSorter({name: service.depends_on for name, service in services.items()}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        yield ("services", circle[0], "depends_on"), f"a circle: {' -> '.join(circle)}"


def ancestors(services: Mapping[str, Service], name: str) -> frozenset[str]:
    """Return everything that `name` depends on, directly or not, as far as it is among `services`."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        new = {one for one in services[ahead.pop()].depends_on if one in services} - found
        found |= new
        ahead += new
    return frozenset(found)


def in_order(services: Mapping[str, Service], names: "frozenset[str] | None" = None) -> list[str]:
    """Return the names of `services` (or those of them in `names`), parents first, else as they are written.

    Raises graphlib.CycleError where `dependency_faults` would have told of a circle.
    """
    place = {name: number for number, name in enumerate(services)}
    sorter = TopologicalSorter(
        {name: [parent for parent in one.depends_on if parent in services] for name, one in services.items()}
    )
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        order.extend(ready)
        sorter.done(*ready)
    return [name for name in order if names is None or name in names]
