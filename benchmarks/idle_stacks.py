"""Two stacks that have nothing to do: this project's as `pake up` starts it, and an empty Dagster project's."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import yaml

from benchmarks.process_tree import ProcessTree
from benchmarks.scratch import local_samples, scratch_home
from pake_pipelines.cli.dagster_api import LOCATION, DagsterApi, DagsterError
from pake_pipelines.cli.stack import free_port
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.database import Patience, addresses, open_database, wait_for, with_database
from pake_pipelines.store.embedded import EmbeddedServer

_UP_SECONDS: Final = 600.0
_END_SECONDS: Final = 60.0
_EMPTY_PROJECT: Final = "import dagster as dg\n\ndefs = dg.Definitions()\n"
# an empty project keeps Dagster's own defaults in everything but the kind of storage
_EMPTY_INSTANCE: Final = """\
storage: {postgres: {postgres_url: {env: PAKE_DAGSTER_URL}}}
telemetry: {enabled: false}
"""


@contextmanager
def our_stack(environment: Mapping[str, str]) -> Iterator[tuple[ProcessTree, Settings]]:
    """Lend the project's stack after its first ingestion, with nothing due for a day."""
    with scratch_home(_our_sources()) as settings:
        started = {**environment, "PAKE_HOME": str(settings.home), "PAKE_PORT": str(free_port(settings.host))}
        log = settings.home / "up.log"
        with log.open("wb") as sink:
            up = subprocess.Popen(
                [Path(sys.executable).parent / "pake", "up"], env=started, stdout=sink, stderr=subprocess.STDOUT
            )
        try:
            _until(lambda: "Ctrl-C stops everything" in log.read_text(), up, log)
            asyncio.run(_nothing_due(settings))
            yield ProcessTree([up.pid, _postmaster(settings)]), settings
        finally:
            _end([up])


@contextmanager
def empty_stack(environment: Mapping[str, str]) -> Iterator[ProcessTree]:
    """Lend the same processes for a project without any definition, each with Dagster's own defaults."""
    with ExitStack() as stack:
        settings = stack.enter_context(scratch_home("sources: {}\n"))
        home = settings.home
        (home / "dagster.yaml").write_text(_EMPTY_INSTANCE)
        (home / "empty_project.py").write_text(_EMPTY_PROJECT)
        socket = str(home / "code.sock")
        (home / "workspace.yaml").write_text(
            f"load_from:\n  - grpc_server: {{socket: {socket}, location_name: {LOCATION}}}\n"
        )
        server = EmbeddedServer(settings.data)
        server.start()
        stack.callback(server.stop)
        asyncio.run(_create_dagster_database(settings))
        started = {
            **environment,
            "DAGSTER_HOME": str(home),
            "PAKE_DAGSTER_URL": addresses(settings).dagster,
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        host, port = settings.host, free_port(settings.host)
        commands = (
            ["dagster", "code-server", "start", "-m", "empty_project", "--location-name", LOCATION, "--socket", socket],
            [
                "dagster_webserver",
                "-h",
                settings.host,
                "-p",
                str(port),
                "--log-level",
                "warning",
                "-w",
                "workspace.yaml",
            ],
            ["dagster._daemon", "run", "-w", "workspace.yaml"],
        )
        with (home / "stack.log").open("wb") as sink:
            children = [_start(command, started, home, sink.fileno()) for command in commands]
        stack.callback(_end, children)
        _until(lambda: _loaded(DagsterApi(f"http://{host}:{port}")), children[0], home / "stack.log")
        yield ProcessTree([*(child.pid for child in children), _postmaster(settings)])


async def runs_launched(settings: Settings, since: datetime) -> list[str]:
    """Return the jobs of all runs that our stack has launched since then."""
    connection = await wait_for(addresses(settings).dagster, Patience())
    try:
        rows = await connection.fetch(
            "SELECT pipeline_name FROM runs WHERE create_timestamp >= $1 ORDER BY id", since.replace(tzinfo=None)
        )
    finally:
        await connection.close()
    return [row["pipeline_name"] for row in rows]


def _our_sources() -> str:
    """Return the project's own schedules, all on, over its samples on disk."""
    shipped = yaml.safe_load((PACKAGE_HOME / "configs" / "sources.yaml").read_text())["schedules"]
    samples = yaml.safe_load(local_samples())["sources"]
    for schedule in shipped.values():
        schedule["enabled"] = True
        if schedule["sources"] != "all_enabled":
            schedule["sources"] = list(samples)[: len(schedule["sources"])]
    return yaml.safe_dump({"sources": samples, "schedules": shipped})


async def _nothing_due(settings: Settings) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with open_database(addresses(settings).knowledge) as database, database.transaction() as connection:
        await connection.execute("UPDATE source_state SET due_at = $1, due_because = 'of the measurement'", tomorrow)


async def _create_dagster_database(settings: Settings) -> None:
    url = addresses(settings).dagster
    connection = await wait_for(with_database(url, "postgres"), Patience())
    try:
        await connection.execute("CREATE DATABASE dagster")
    finally:
        await connection.close()


def _start(command: Sequence[str], environment: Mapping[str, str], home: Path, sink: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env=dict(environment),
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=subprocess.STDOUT,
    )


def _postmaster(settings: Settings) -> int:
    return int((EmbeddedServer(settings.data).cluster / "postmaster.pid").read_text().splitlines()[0])


def _loaded(api: DagsterApi) -> bool:
    with suppress(DagsterError):
        return api.location_error() is None
    return False


def _until(reached: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait for `reached`; raises RuntimeError with what `process` said when it ends before."""
    deadline = time.monotonic() + _UP_SECONDS
    while not reached():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the stack does not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.5)


def _end(children: Sequence["subprocess.Popen[bytes]"]) -> None:
    for child in children:
        child.send_signal(signal.SIGINT)
    for child in children:
        try:
            child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
