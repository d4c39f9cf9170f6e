"""`pake models`: are the models there and fit, and how to get the one that finds named entities."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.model_install import Installed, InstallError, install_model
from pake_pipelines.cli.tables import Rows
from pake_pipelines.health.models import ModelStatus, embedding_model, language_model, language_profiles
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.pipeline.embedder import PACKAGED_MODEL, ModelError, packaged_weights
from pake_pipelines.settings import Settings, get_settings

app = typer.Typer(help="The models: are they there and fit, install the language model.", no_args_is_help=True)
_STYLES = {
    CheckStatus.OK: "green",
    CheckStatus.WARN: "yellow",
    CheckStatus.UNAVAILABLE: "yellow",
    CheckStatus.UNKNOWN: "magenta",
    CheckStatus.FAIL: "red",
}


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show what each model is, what its state means and the way out; exit code 1 when something needed is broken."""
    found = inspect_models(get_settings())
    passed = all(one.status is not CheckStatus.FAIL for one in found)
    if as_json:
        print_json({"passed": passed, "models": [asdict(one) for one in found]})
    else:
        _show(found)
    if not passed:
        raise typer.Exit(1)


@app.command()
def install(
    model: Annotated[
        str | None, typer.Argument(help="A name, a wheel or the folder of a model; otherwise PAKE_SPACY_MODEL.")
    ] = None,
) -> None:
    """Install a spaCy model, which finds named entities: from where spaCy publishes it, or from a file."""
    settings = get_settings()
    try:
        installed = install_model(model or settings.spacy_model)
    except InstallError as error:
        fail(str(error), hint=error.hint)
    _tell(installed, settings)


def inspect_models(settings: Settings) -> list[ModelStatus]:
    """Return the state of every model that the settings name."""
    return [language_model(settings.spacy_model), _embedding_model(settings.embedding_model), language_profiles()]


def _embedding_model(name: str) -> ModelStatus:
    try:
        weights, problem = packaged_weights() if name == PACKAGED_MODEL else None, None
    except (ModelError, OSError) as error:
        weights, problem = None, str(error)
    return embedding_model(name, PACKAGED_MODEL, weights, problem)


def _show(found: list[ModelStatus]) -> None:
    table = Rows("", "", "", "")
    for one in found:
        model = f"{one.model} {one.version}" if one.version else one.model
        said = Text(one.message)
        if one.way_out:
            said.append(f"\n{one.way_out}", style="dim")
        table.add_row(Text(one.status.value, style=_STYLES[one.status]), one.role, model, said)
    out.print(table)


def _tell(installed: Installed, settings: Settings) -> None:
    named = "it finds named entities" if installed.ner else "it has no component `ner` and finds no named entities"
    out.print(f"[green]✓[/] {installed.name} {installed.version} is installed; {named}")
    if installed.name != settings.spacy_model:
        out.print(
            f"To use it, set PAKE_SPACY_MODEL={installed.name}; now it is {settings.spacy_model}.", soft_wrap=True
        )
    out.print(
        "Runs from now on measure new items with it. What is stored is measured again by the weekly deep scan, or at "
        "once by a run of `documents` with `everywhere: true`.",
        soft_wrap=True,
    )
