"""How a service is started, stopped and restarted, and how one tells that it serves: acts without book-keeping.

Who uses it holds the service's lock and writes down what it does (`control` for people, `heal` for healing).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.services import AnyService, Command
from pake_pipelines.crash import CrashPoint, point
from pake_pipelines.model.health import SERVES, HealthSample, HealthStatus, OwnProcess
from pake_pipelines.services.ending import end_programs, programs_of
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.plan import ancestors, holds_back
from pake_pipelines.services.spawn import Program, ended, spawn
from pake_pipelines.services.standing import Standing, status_of
from pake_pipelines.settings import Settings
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.store import health_samples, service_processes
from pake_pipelines.store.database import Database

RESTART_PAUSE_SECONDS: Final = 5
"""Between stop and start (SVC-10), so that ports are free again."""
_LONGEST_PAUSE: Final = 5.0
"""Between two looks at a service that starts (SVC-09); the first ones follow each other faster."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A program that was started to bring a service up; one that `ends` does so by itself (a restart command)."""

    program: Program
    ends: bool


@dataclass(frozen=True)
class Mechanics:
    """The services that are switched on, and what it takes to handle them."""

    database: Database
    config: MonitoringConfig
    settings: Settings
    clock: Clock = SYSTEM
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def service(self, name: str) -> AnyService:
        """Return the service `name`. Raises ServiceError when there is none that is switched on."""
        if service := self.config.enabled_services().get(name):
            return service
        if name in self.config.services:
            raise ServiceError(f"{name} is switched off: set services.{name}.enabled in configs/monitoring.yaml")
        raise ServiceError(f"no service {name!r}: `pake services status` shows them all")

    async def probe(self, name: str) -> HealthSample:
        """Ask `name` how it stands now. What Dagster tells of itself is taken from the newest sample of the sensor."""
        from pake_pipelines.health.rounds import probe_one
        from pake_pipelines.health.surroundings import Surroundings

        service, now = self.service(name), self.clock.now()
        async with self.database.connection() as connection:
            if service.kind == "dagster":
                stored = (await health_samples.latest(connection)).get(name)
                if stored and status_of(Standing((stored,)), now) is not HealthStatus.UNKNOWN:
                    return stored
            started = await service_processes.processes(connection)
        probing = self.config.probing
        return await probe_one(name, service, Surroundings(self.settings, probing, self.environ, now, None, started))

    async def check_dependencies(self, name: str) -> None:
        """Raise ServiceError unless everything that `name` depends on serves (SVC-09)."""
        for parent in ancestors(self.config.enabled_services(), name):
            sample = await self.probe(parent)
            if holds_back(sample.status):
                raise ServiceError(
                    f"{name} is not started, as it depends on {parent}, which is {sample.status}: {sample.detail}; "
                    f"see to that first: `pake services start {parent}`"
                )

    async def launch(self, name: str) -> Launched:
        """Run the start command of `name`. Raises ServiceError."""
        service = self.service(name)
        if not service.start:
            raise ServiceError(f"{name} cannot be started: give it a `start` command in configs/monitoring.yaml")
        return await self._run_up(name, service, service.start, ends=False)

    async def relaunch(self, name: str) -> Launched:
        """Run the restart command of `name`, or else stop it, pause if there was anything to stop, and start it.

        A stop command that fails is no reason not to start: there may have been nothing to stop. Raises ServiceError.
        """
        service = self.service(name)
        if service.restart:
            return await self._run_up(name, service, service.restart, ends=True)
        stopped = await self._stop_whatever_runs(name, service)
        point(CrashPoint.HEAL_STOPPED)
        if stopped:
            await self.clock.sleep(RESTART_PAUSE_SECONDS)
        return await self.launch(name)

    async def put_down(self, name: str) -> int:
        """Stop `name` by its stop command, or else by ending what we started; return how many processes were ended.

        Raises ServiceError, also when it goes on serving.
        """
        service = self.service(name)
        number = 0
        if service.stop:
            await self._run_through(name, service, service.stop)
        else:
            number = await self._end(name, service)
        await self._await_silence(name, service)
        async with self.database.transaction() as connection:
            await service_processes.forget(connection, name)
        return number

    async def await_serving(self, name: str, launched: Launched) -> HealthSample:
        """Look at `name` until it serves. Raises ServiceError when it does not within `startup_seconds`, or ended."""
        service, program = self.service(name), launched.program
        deadline = self.clock.monotonic() + service.startup_seconds
        if launched.ends:
            await ended(program, service.startup_seconds)
        # a process that runs may end in a moment: of nothing else its health is told by its mere existence
        needed = 2 if service.kind == "process" else 1
        pause, good = 0.1, 0
        while True:
            if how := program.how_it_ended():
                raise ServiceError(how)
            sample = await self.probe(name)
            good = good + 1 if sample.status in SERVES else 0
            if good >= needed and not program.how_it_ended():
                return sample
            left = deadline - self.clock.monotonic()
            if left <= 0:
                raise ServiceError(
                    f"it does not serve {service.startup_seconds:g} s after its start: {sample.detail}; "
                    f"its last words: {program.last_words()} (log: {program.log})"
                )
            pause = min(2 * pause, _LONGEST_PAUSE)
            await self.clock.sleep(min(1.0 if good else pause, left))

    async def runs(self, name: str) -> bool:
        """Return whether anything runs that we started for `name`."""
        return bool(programs_of(name, await self._recorded(name), self.settings))

    async def _run_up(self, name: str, service: AnyService, command: Command, *, ends: bool) -> Launched:
        program = spawn(name, service, command, self.settings, self.environ)
        point(CrashPoint.HEAL_SPAWNED)
        if program.own and not ends:
            async with self.database.transaction() as connection:
                await service_processes.save(connection, name, program.own, str(program.log), self.clock.now())
        return Launched(program, ends)

    async def _run_through(self, name: str, service: AnyService, command: Command) -> None:
        program = spawn(name, service, command, self.settings, self.environ)
        if not await ended(program, service.startup_seconds):
            program.process.kill()
            raise ServiceError(f"`{command[0]}` has not ended within {service.startup_seconds:g} s: {program.log}")
        if how := program.how_it_ended():
            raise ServiceError(how)

    async def _stop_whatever_runs(self, name: str, service: AnyService) -> bool:
        if service.stop:
            try:
                await self._run_through(name, service, service.stop)
            except ServiceError:
                return True
        return bool(await self._end(name, service)) or service.stop is not None

    async def _end(self, name: str, service: AnyService) -> int:
        return await end_programs(name, await self._recorded(name), service.stop_seconds, self.settings)

    async def _recorded(self, name: str) -> OwnProcess | None:
        async with self.database.connection() as connection:
            return (await service_processes.processes(connection)).get(name)

    async def _await_silence(self, name: str, service: AnyService) -> None:
        deadline, pause = self.clock.monotonic() + service.stop_seconds, 0.1
        while (await self.probe(name)).status in SERVES:
            if self.clock.monotonic() >= deadline:
                raise ServiceError(
                    f"{name} still serves {service.stop_seconds:g} s after it was stopped: something else keeps it up; "
                    f"give it a `stop` command in configs/monitoring.yaml that ends that, too"
                )
            await self.clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
