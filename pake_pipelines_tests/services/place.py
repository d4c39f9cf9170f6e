"""A place with services that are real programs on loopback, for the tests of what starts, stops and heals them."""

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
from pydantic import TypeAdapter

from pake_pipelines.config.loading import load
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.services import AnyService
from pake_pipelines.model.health import HealthSample, HealthStatus
from pake_pipelines.services import spawn
from pake_pipelines.services.ending import programs_of
from pake_pipelines.services.mechanics import Mechanics
from pake_pipelines.settings import Settings
from pake_pipelines.sources.clock import Clock
from pake_pipelines.store import health_samples
from pake_pipelines_tests.conftest import NOW

PROGRAM = Path(__file__).with_name("program.py")
_SERVICES = TypeAdapter(dict[str, AnyService])


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def sample(name, status, at, *, detail="no answer"):
    return HealthSample(name, "http", True, HealthStatus(status), at, 1.0, detail)


def gone(process):
    """Whether a process has ended; one that nobody has reaped has."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Hands:
    """A clock that a test sets: `now` is what it says, and runs on with the real time."""

    def __init__(self, now=NOW):
        self.slept = []
        self.set(now)

    def set(self, now):
        self._now, self._since = now, time.monotonic()

    def forward(self, **span):
        self.set(self.now() + timedelta(**span))

    def now(self):
        return self._now + timedelta(seconds=time.monotonic() - self._since)

    @property
    def clock(self):
        async def sleep(seconds):
            import asyncio

            self.slept.append(seconds)
            await asyncio.sleep(min(seconds, 0.05))

        return Clock(now=self.now, sleep=sleep)


class Place:
    """A project directory with services; `trace` has a line for every program that was started."""

    def __init__(self, home, database_url):
        self.home = home
        (home / "configs").mkdir(parents=True, exist_ok=True)
        self.settings = Settings(home=home, database_url=database_url)
        self.config = None
        self.ports = {}
        self.hands = Hands()
        self.environ = {**os.environ}

    def trace(self, name):
        return self.home / f"{name}.trace"

    def starts(self, name):
        return len(self.trace(name).read_text().split()) if self.trace(name).exists() else 0

    def command(self, name, *options):
        port = self.ports.setdefault(name, free_port())
        return [sys.executable, "-I", "-S", str(PROGRAM), str(port), str(self.trace(name)), *options]

    def server(self, name, *options, **fields):
        """Return the configuration of a web server that answers on a port of its own."""
        command = self.command(name, *options)
        return {
            "kind": "http",
            "url": f"http://127.0.0.1:{self.ports[name]}/",
            "timeout_seconds": 1,
            "startup_seconds": 5,
            "stop_seconds": 2,
            "start": command,
            **fields,
        }

    def configure(self, recoveries=None, **services):
        """Let there be `services`, and nothing else that is watched."""
        packaged = load(MonitoringConfig, self.home / "nothing.yaml", "monitoring.yaml")
        named = {name.replace("_", "-"): fields for name, fields in services.items()}
        update = {"services": _SERVICES.validate_python(named)}
        if recoveries is not None:
            kind = type(next(iter(packaged.recoveries.values())))
            update["recoveries"] = {name: kind.model_validate(fields) for name, fields in recoveries.items()}
        self.config = packaged.model_copy(update=update)
        return self.config

    def mechanics(self, database):
        return Mechanics(database, self.config, self.settings, self.hands.clock, self.environ)

    async def seen(self, database, status, *names, times=2, every=30):
        """Store that each of `names` stood so at the last `times` looks."""
        now = self.hands.now()
        made = [
            sample(name, status, now - timedelta(seconds=every * number + 1))
            for name in names
            for number in range(times)
        ]
        async with database.transaction() as connection:
            await health_samples.save(connection, made)

    def await_answer(self, name):
        """Wait until somebody listens on the port of `name`."""
        for _ in range(500):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[name]), 1):
                return
            time.sleep(0.02)
        raise AssertionError(f"nobody listens on the port of {name}")

    def programs(self, name):
        return programs_of(name, None, self.settings)

    def kill(self, *names):
        """Kill everything that was started for `names` as the kernel would, and wait until it is gone."""
        for name in names:
            while found := self.programs(name):
                for process in found:
                    with suppress(psutil.NoSuchProcess):
                        process.send_signal(signal.SIGKILL)
                time.sleep(0.01)

    def end(self):
        self.kill(*(self.config.services if self.config else ()))
        spawn._reap()
