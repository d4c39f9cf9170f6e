"""The stack: embedded PostgreSQL and Dagster's processes as one thing that is up or down, once per project."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from pake_pipelines.cli.dagster_api import STILL_LOADING, DagsterApi, DagsterError
from pake_pipelines.cli.processes import DagsterProcesses
from pake_pipelines.config.loading import LOADERS, load_maintenance, load_sources
from pake_pipelines.maintenance.backup.wal import archiving
from pake_pipelines.maintenance.cleanup.rotation import rotate
from pake_pipelines.pipeline.fetch import source_rows
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import addresses, create_databases, open_database
from pake_pipelines.store.embedded import EmbeddedServer
from pake_pipelines.store.migrate import migrate
from pake_pipelines.store.nodes import seed_sample_rows
from pake_pipelines.store.sources import sync_sources

_START_SECONDS: Final = 180.0
_RUNS_GRACE_SECONDS: Final = 15.0

Tell = Callable[[str], None]


class StackError(Exception):
    """The stack cannot be started; the message says why and what to do."""


def lock_file(settings: Settings) -> Path:
    """Return the file that the running stack holds locked; it says which process and port."""
    return settings.data / "run" / "up.lock"


def running(settings: Settings) -> tuple[int, str] | None:
    """Return (pid, address of the webserver) of this project's running stack, None when it is down."""
    try:
        with lock_file(settings).open() as file:
            if _try_lock(file):
                return None
            held = json.load(file)
            return int(held["pid"]), str(held["address"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def as_served(settings: Settings) -> Settings:
    """Return `settings` with the port that the running stack has; as they are where none runs."""
    held = running(settings)
    return settings if held is None else settings.model_copy(update={"port": urlsplit(held[1]).port or settings.port})


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def port_is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str) -> int:
    """Return some port on which a server could listen."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def embedded_server(settings: Settings) -> EmbeddedServer | None:
    """Return the project's own server, which keeps its log if it shall; None with a server of the user's.

    Raises ConfigError.
    """
    if not addresses(settings).embedded:
        return None
    return EmbeddedServer(settings.data, archiving(settings, load_maintenance(settings.configs)))


@contextmanager
def database_up(settings: Settings) -> Iterator[None]:
    """Have the database server running: an embedded one that is not up is started, and stopped again afterwards."""
    server = embedded_server(settings)
    started = server.start() if server else False
    try:
        yield
    finally:
        if server and started:
            server.stop()


def _check_configuration(settings: Settings) -> None:
    for load in LOADERS.values():
        load(settings.configs)


def prepare(settings: Settings) -> None:
    """Create the databases, migrate, seed the sample rows and bring the sources in line; the server must be running."""
    _check_configuration(settings)
    asyncio.run(create_databases(settings))
    migrate(addresses(settings).knowledge)

    async def seed() -> None:
        async with open_database(addresses(settings).knowledge) as database, database.transaction() as connection:
            await seed_sample_rows(connection)
            await sync_sources(connection, source_rows(load_sources(settings.configs)))

    asyncio.run(seed())


class Stack:
    """This project's stack, started by this process."""

    def __init__(self, settings: Settings, port: int) -> None:
        """Describe the stack that will serve the UI on `port`."""
        self.settings = settings
        self.api = DagsterApi(f"http://{settings.host}:{port}")
        self.processes = DagsterProcesses(settings, port)
        self._server = embedded_server(settings)
        self._port = port
        self._lock: IO[str] | None = None

    def start(self, tell: Tell) -> None:
        """Start everything, saying each step through `tell`. Raises StackError, StoreError or ConfigError."""
        _check_configuration(self.settings)
        self._take_lock()
        if orphans := self.processes.end_orphans():
            tell(f"{counted(orphans, 'process', 'processes')} of an earlier session ended")
        if not port_is_free(self.settings.host, self._port):
            raise StackError(
                f"port {self._port} is taken by another program: choose another one, "
                f"for example `PAKE_PORT={self._port + 1} make run`"
            )
        began = time.time()
        if self._server:
            tell("starting PostgreSQL")
            if not self._server.is_running():
                rotate(self._server.log)
            self._server.start()
        tell("preparing the database")
        prepare(self.settings)
        tell("starting Dagster")
        self.processes.start()
        self._wait_until_up()
        self._tidy_up_after(began, tell)

    def _take_lock(self) -> None:
        path = lock_file(self.settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
        if not _try_lock(file):
            file.close()
            held = running(self.settings)
            where = f" at {held[1]} (process {held[0]})" if held else ""
            raise StackError(f"this project is up already{where}: stop it there with Ctrl-C, or with `pake down`")
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "address": self.api.address}, file)
        file.flush()
        self._lock = file

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        why = "the webserver does not answer"
        while time.monotonic() < deadline:
            if dead := self.processes.dead():
                raise StackError(f"Dagster's {dead.name} ended: {dead.last_words()} (log: {dead.log})")
            with suppress(DagsterError):
                problem = self.api.location_error()
                if problem is None:
                    return
                why = problem
                if problem != STILL_LOADING:
                    raise StackError(f"the definitions cannot be loaded: {problem.strip()}")
            time.sleep(0.3)
        raise StackError(f"Dagster is not up after {_START_SECONDS:.0f} s: {why}")

    def _tidy_up_after(self, began: float, tell: Tell) -> None:
        """Mark runs as cancelled whose process ended with an earlier stack: nobody else would ever end them."""
        orphans = self.api.orphans(before=began)
        self.api.terminate(orphans, forced=True)
        if orphans:
            tell(f"{counted(len(orphans), 'unfinished run')} of an earlier session marked as cancelled")

    def stop(self) -> None:
        """Stop everything in order: runs, Dagster, PostgreSQL. Whatever was not started is passed over."""
        if self.processes.children:
            self._end_runs()
            self.processes.stop()
        if self._server and self._lock:
            self._server.stop()
        if self._lock:
            self._lock.close()
            self._lock = None

    def _end_runs(self) -> None:
        deadline = time.monotonic() + _RUNS_GRACE_SECONDS
        with suppress(DagsterError):
            self.api.terminate(self.api.started_runs())
            while self.api.started_runs() and time.monotonic() < deadline:
                time.sleep(0.3)


@contextmanager
def stack_up(settings: Settings, tell: Tell) -> Iterator[DagsterApi]:
    """Have Dagster running: this project's stack if it is up, else one of our own for the time being."""
    held = running(settings)
    if held:
        yield DagsterApi(held[1])
        return
    stack = Stack(settings, free_port(settings.host))
    try:
        stack.start(tell)
        yield stack.api
    finally:
        stack.stop()


def take_down(settings: Settings, *, seconds: float = 60) -> int | None:
    """End this project's running stack and return its pid, None when none runs. Raises StackError if it stays."""
    held = running(settings)
    if held is None:
        return None
    os.kill(held[0], signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while running(settings) and time.monotonic() < deadline:
        time.sleep(0.2)
    if running(settings):
        raise StackError(f"process {held[0]} has not ended within {seconds:.0f} s")
    return held[0]
