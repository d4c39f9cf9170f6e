"""`pake services`: how services stand and what healing makes of it; start, stop and restart by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final, NoReturn, TypeVar

import typer

from pake_pipelines.cli import services_view
from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import err, fail, print_json
from pake_pipelines.cli.health_seen import look
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.health import DOWN, HealthSample, OwnProcess
from pake_pipelines.services import control
from pake_pipelines.services.books import plan_with, read_standings
from pake_pipelines.services.control import Action, Done
from pake_pipelines.services.errors import ServiceError
from pake_pipelines.services.heal import HealResult
from pake_pipelines.services.mechanics import Mechanics
from pake_pipelines.services.plan import HealingPlan
from pake_pipelines.services.standing import Standing
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import health_samples, service_processes
from pake_pipelines.store.database import Connection, Database, addresses, open_database
from pake_pipelines.store.errors import StoreError

app = typer.Typer(
    help="The services that are watched: how they stand, and start, stop, restart, heal.", no_args_is_help=True
)

_ACTS: Final = {"start": control.start, "stop": control.stop, "restart": control.restart}
_ALL: Final = {"start": control.start_all, "stop": control.stop_all, "restart": control.restart_all}

Answer = TypeVar("Answer")
Name = Annotated[
    str | None, typer.Argument(metavar="NAME", help="A service of configs/monitoring.yaml.", show_default=False)
]
All = Annotated[bool, typer.Option("--all", help="All services, in the order of their dependencies.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@app.command()
def status(name: Name = None, as_json: Json = False) -> None:
    """Probe all services (or NAME) and show what healing makes of it; exit code 1 when a critical one is down."""
    settings = get_settings()
    config = load_monitoring(settings.configs)
    services = config.enabled_services()
    if name is not None and name not in services:
        _refuse(config, name)
    now = datetime.now(UTC)
    seen = look(settings, config, now, probing=True)
    try:
        standings, processes = ask(settings, lambda connection: _known(connection, config, now))
    except StoreError as error:
        err.print(f"[yellow]what healing has done and will do is not known: {error}[/]", soft_wrap=True)
        standings, processes = dict.fromkeys(services, Standing()), {}
    fresh = list(seen.samples.values())
    plan = plan_with(services, standings, fresh, now)
    lines = [
        services_view.line(services[one], seen.samples[one], standings[one], processes.get(one), plan, now)
        for one in services
        if name in {None, one}
    ]
    if as_json:
        print_json([asdict(one) for one in lines])
    else:
        services_view.show(lines, now)
    if any(one.critical and seen.samples[one.service].status in DOWN for one in lines):
        raise typer.Exit(1)


@app.command()
def start(name: Name = None, everything: All = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Start NAME, or all, and wait until they serve. What depends on something that is down is not started."""
    _act("start", name, everything, dry_run, as_json)


@app.command()
def stop(name: Name = None, everything: All = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Stop NAME, or all; healing leaves it alone until somebody starts it again."""
    _act("stop", name, everything, dry_run, as_json)


@app.command()
def restart(name: Name = None, everything: All = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Restart NAME, or all."""
    _act("restart", name, everything, dry_run, as_json)


@app.command()
def heal(name: Name = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Restart what is down (or only NAME) within the bounds of healing; `--dry-run` shows the plan.

    Exit code 1 when something could not be healed.
    """
    settings = get_settings()
    config = load_monitoring(settings.configs)
    if name is not None and name not in config.enabled_services():
        _refuse(config, name)
    now = datetime.now(UTC)
    fresh = list(look(settings, config, now, probing=True).samples.values())
    if dry_run:
        standings, _ = ask(settings, lambda connection: _known(connection, config, now))
        # the second look, which makes a fault of it, is taken by healing itself
        _show_plan(plan_with(config.enabled_services(), standings, fresh, now, rule=1), name, now, as_json=as_json)
        return
    result = _in_database(settings, lambda database: _heal(database, config, settings, name, fresh))
    if as_json:
        print_json([asdict(one) for one in result.outcomes])
    else:
        services_view.show_outcomes(result.outcomes)
    if not result.ok:
        raise typer.Exit(1)


async def _heal(
    database: Database, config: MonitoringConfig, settings: Settings, name: str | None, fresh: list[HealthSample]
) -> HealResult:
    from pake_pipelines.services.heal import heal

    async with database.transaction() as connection:
        await health_samples.save(connection, fresh)
    return await heal(database, config, settings, [name] if name else None, actor=at_the_terminal())


def _show_plan(plan: HealingPlan, name: str | None, now: datetime, *, as_json: bool) -> None:
    decided = [one for one in plan.decided if name in {None, one.service}]
    if as_json:
        print_json([{"decision": type(one).__name__.lower(), **asdict(one)} for one in decided])
    else:
        services_view.show_plan(decided, now)


def _act(action: Action, name: str | None, everything: bool, dry_run: bool, as_json: bool) -> None:
    settings = get_settings()
    config = load_monitoring(settings.configs)
    if (name is None) != everything:
        fail("name a service, or say --all", hint=f"`pake services {action} NAME`; `pake services status` shows them")
    if name is not None and name not in config.enabled_services():
        _refuse(config, name)

    async def act(database: Database) -> list[Done]:
        mechanics = Mechanics(database, config, settings)
        if dry_run:
            return [
                _would(mechanics, one, action) for one in control.order(mechanics, [name] if name else None, action)
            ]
        if name is None:
            return await _ALL[action](mechanics, actor=at_the_terminal())
        return [await _ACTS[action](mechanics, name, actor=at_the_terminal())]

    done = _in_database(settings, act)
    if as_json:
        print_json([asdict(one) for one in done])
    else:
        services_view.show_done(done, dry_run=dry_run)
        _tell_of_children(config, name, action)
    if any(one.state == "failed" for one in done):
        raise typer.Exit(1)


def _would(mechanics: Mechanics, name: str, action: Action) -> Done:
    service = mechanics.service(name)
    if not control.can(mechanics, name, action):
        return Done(name, action, "watched", "it has no command for that")
    command = {"start": service.start, "stop": service.stop, "restart": service.restart}[action]
    instead = "what was started for it is ended" if action == "stop" else "stop, then start"
    return Done(name, action, "done", " ".join(command) if command else instead)


def _tell_of_children(config: MonitoringConfig, name: str | None, action: Action) -> None:
    services = config.enabled_services()
    children = [one for one, service in services.items() if name is not None and name in service.depends_on]
    if children and action == "stop":
        err.print(f"[dim]{', '.join(children)} depend{'s' if len(children) == 1 else ''} on {name}[/]")


def _in_database(settings: Settings, work: Callable[[Database], Awaitable[Answer]]) -> Answer:
    async def opened() -> Answer:
        async with open_database(addresses(settings).knowledge) as database:
            return await work(database)

    try:
        return asyncio.run(opened())
    except ServiceError as error:
        fail(str(error))


async def _known(
    connection: Connection, config: MonitoringConfig, now: datetime
) -> tuple[dict[str, Standing], dict[str, OwnProcess]]:
    services = config.enabled_services()
    return await read_standings(connection, services, services, now), await service_processes.processes(connection)


def _refuse(config: MonitoringConfig, name: str) -> NoReturn:
    if name in config.services:
        fail(f"{name} is switched off", hint=f"set services.{name}.enabled in configs/monitoring.yaml")
    fail(f"no service {name!r}", hint=f"there are {', '.join(config.enabled_services())}")
