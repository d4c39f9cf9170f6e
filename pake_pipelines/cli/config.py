"""`pake config`: what is in force, and whether the files are right."""

from typing import Annotated

import typer
import yaml

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.config.loading import (
    ConfigError,
    load_maintenance,
    load_monitoring,
    load_quality,
    load_reports,
    load_sources,
)
from pake_pipelines.config.section import Section
from pake_pipelines.settings import get_settings

app = typer.Typer(help="The configuration: show what is in force, check the files.", no_args_is_help=True)
_FILES = {
    "sources": load_sources,
    "quality": load_quality,
    "monitoring": load_monitoring,
    "maintenance": load_maintenance,
    "reports": load_reports,
}


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="sources, quality, monitoring, maintenance or reports; all otherwise.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
) -> None:
    """Print the configuration in force: the packaged defaults with your files laid over them."""
    if name is not None and name not in _FILES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(_FILES)}")
    configs = get_settings().configs
    loaded: dict[str, Section] = {one: load(configs) for one, load in _FILES.items() if name in (None, one)}
    shown = {one: config.model_dump(mode="json") for one, config in loaded.items()}
    if as_json:
        print_json(shown)
    else:
        print(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=110), end="")


@app.command()
def validate(as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON.")] = False) -> None:
    """Check all configuration files and list every fault with its file, line and key."""
    configs, faults = get_settings().configs, []
    for load in _FILES.values():
        try:
            load(configs)
        except ConfigError as error:
            faults += str(error).splitlines()
    if as_json:
        print_json({"valid": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            out.print(f"[red]✗[/] {fault}", markup=True, soft_wrap=True)
    else:
        out.print(f"[green]✓[/] {configs} is valid")
    if faults:
        raise typer.Exit(1)
