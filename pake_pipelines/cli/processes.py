"""Dagster's three processes: code server, webserver, daemon; started in sessions of their own, ended in order.

A session of its own keeps the terminal's Ctrl-C away from them, so that they end when and as we say.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import psutil

from pake_pipelines.cli.dagster_api import LOCATION
from pake_pipelines.maintenance.cleanup.rotation import rotate
from pake_pipelines.settings import Settings, environment_for_children
from pake_pipelines.store.database import addresses
from pake_pipelines.store.embedded import socket_directory

_GRACE_SECONDS: Final = 20.0


def dagster_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which Dagster's own programs find this project's instance."""
    return {
        **environment_for_children(settings),
        "DAGSTER_HOME": str(settings.home),
        "PAKE_DAGSTER_URL": addresses(settings).dagster,
        "PAKE_DAGSTER_STORAGE": str(settings.data / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


@dataclass
class Child:
    """One running process and where it writes what it has to say."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    sink: IO[bytes] = field(repr=False)

    def last_words(self) -> str:
        """Return the last line that it wrote."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"


class DagsterProcesses:
    """Code server, webserver and daemon of one project."""

    def __init__(self, settings: Settings, port: int) -> None:
        """Describe them; nothing is started before `start`."""
        self._settings = settings
        self._port = port
        self._logs = settings.data / "logs"
        self._run = settings.data / "run"
        self._socket = socket_directory(settings.data).parent / "code.sock"
        if socket_directory(settings.data).parent != self._run:
            self._socket = socket_directory(settings.data).with_suffix(".code.sock")
        self._workspace = self._run / "workspace.yaml"
        self.children: list[Child] = []

    def end_orphans(self) -> int:
        """End what an earlier stack left running when it was killed; return how many processes that were.

        They are told by their command lines: a stack that is killed between a start and a note of it leaves no note.
        """
        left = [process for process in psutil.process_iter() if self._is_of_this_project(process)]
        family = list({one.pid: one for process in left for one in (process, *_descendants(process))}.values())
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs(family, timeout=_GRACE_SECONDS)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(family)

    def _is_of_this_project(self, process: psutil.Process) -> bool:
        try:
            command = process.cmdline()
        except psutil.Error:
            return False
        ours = {str(self._workspace), str(self._socket)}.intersection(command)
        return bool(ours) and any(word.startswith("dagster") for word in command)

    def start(self) -> None:
        """Start the three. The webserver and the daemon wait for the code server by themselves."""
        (self._settings.data / "dagster").mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        self._run.mkdir(parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        self._workspace.write_text(
            f"load_from:\n  - grpc_server:\n      socket: {self._socket}\n      location_name: {LOCATION}\n"
        )
        env = dagster_environment(self._settings)
        self._spawn(
            "code-server",
            [
                "dagster",
                "code-server",
                "start",
                "-m",
                "pake_pipelines.definitions",
                "--location-name",
                LOCATION,
                "--socket",
                str(self._socket),
            ],
            env,
        )
        shared = ["-w", str(self._workspace)]
        host = ["-h", self._settings.host, "-p", str(self._port)]
        self._spawn("webserver", ["dagster_webserver", *host, "--log-level", "warning", *shared], env)
        self._spawn("daemon", ["dagster._daemon", "run", *shared], env)

    def _spawn(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        log = self._logs / f"dagster-{name}.log"
        rotate(log)
        sink = os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self._settings.home,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.children.append(Child(name, process, log, sink))

    def dead(self) -> Child | None:
        """Return a child that has ended, None while all run."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def stop(self) -> None:
        """End daemon, webserver and code server; kill whatever is still there after its grace."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGINT if child.name == "webserver" else signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        for child in reversed(self.children):
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            child.sink.close()
        self._socket.unlink(missing_ok=True)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
