"""`pake config`: what is in force, and whether the files are right."""

from typing import Annotated

import typer
import yaml
from rich.markup import escape

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.config.loading import LOADERS, ConfigError
from pake_pipelines.config.section import Section
from pake_pipelines.settings import get_settings

app = typer.Typer(help="The configuration: show what is in force, check the files.", no_args_is_help=True)


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="sources, quality, monitoring, maintenance or reports; all otherwise.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
) -> None:
    """Print the configuration in force: the packaged defaults with your files laid over them."""
    if name is not None and name not in LOADERS:
        fail(f"no configuration {name!r}", hint=f"there are {', '.join(LOADERS)}")
    configs = get_settings().configs
    loaded: dict[str, Section] = {one: load(configs) for one, load in LOADERS.items() if name in (None, one)}
    shown = {one: config.model_dump(mode="json") for one, config in loaded.items()}
    if as_json:
        print_json(shown)
    else:
        print(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=110), end="")


@app.command()
def validate(as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON.")] = False) -> None:
    """Check all configuration files and list every fault with its file, line and key."""
    configs, faults = get_settings().configs, []
    for load in LOADERS.values():
        try:
            load(configs)
        except ConfigError as error:
            faults += str(error).splitlines()
    if as_json:
        print_json({"valid": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            out.print(f"[red]✗[/] {escape(fault)}", soft_wrap=True)
    else:
        out.print(f"[green]✓[/] {escape(str(configs))} is valid", soft_wrap=True)
    if faults:
        raise typer.Exit(1)
