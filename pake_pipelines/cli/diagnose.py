"""`pake diagnose`: one bundle with everything that somebody needs who is to help, and without secrets."""

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.filesize import decimal
from rich.markup import escape

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.diagnosis import machine, standing
from pake_pipelines.cli.diagnosis.bundle import Bundle
from pake_pipelines.cli.diagnosis.log_tails import TAIL_BYTES, log_files, tail
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.settings import Settings, SettingsError, find_home, get_settings

_QUESTIONS: Final[dict[str, standing.Question]] = {
    "health.json": standing.health,
    "alerts.json": standing.alerts,
    "incidents.json": standing.open_incidents,
    "errors.json": standing.errors,
    "visits.json": standing.visits,
    "maintenance.json": standing.maintenance,
    "backups.json": standing.kept_backups,
}


def diagnose(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Write one bundle (tar.gz, at most 5 MB) for whoever is to help: nothing is started, secrets are taken out."""
    now = datetime.now(UTC)
    bundle = Bundle(now)
    settings = _settings(bundle)
    collect(bundle, settings)
    path = output or Path.cwd() / f"pake-diagnose-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    try:
        written = bundle.write(path)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}", hint="choose another place with --output")
    if as_json:
        print_json({"path": str(path), "bytes": written, "contents": bundle.contents(), "missing": bundle.missing})
        return
    for one in bundle.contents():
        out.print(f"{decimal(one['bytes']):>10}  {escape(one['name'])}", soft_wrap=True)
    for name, cause in bundle.missing.items():
        out.print(f"   [yellow]missing[/]  {escape(name)}: {escape(' '.join(cause.split()))}", soft_wrap=True)
    out.print(
        f"\n{escape(str(path))} ({decimal(written)}), without secrets as far as they are known or look like one",
        soft_wrap=True,
    )


def _settings(bundle: Bundle) -> Settings:
    try:
        return get_settings()
    except SettingsError as error:
        bundle.missing["environment"] = f"it cannot be used, defaults are taken instead: {error}"
        home = find_home(Path.cwd())
        defaults = {name: field.get_default() for name, field in Settings.model_fields.items() if name != "home"}
        return Settings(**{**defaults, "home": home, "data_dir": os.environ.get("PAKE_DATA_DIR") or None})


def collect(bundle: Bundle, settings: Settings) -> None:
    """Add every part that can be had to `bundle`."""
    bundle.add("versions.json", machine.versions)
    bundle.add("settings.json", partial(machine.settings_of, settings))
    bundle.add("configuration.json", partial(machine.configuration, settings))
    for file in machine.configuration_files(settings):
        bundle.add(f"configs/{file.name}", partial(machine.configuration_text, file))
    bundle.add("disk.json", partial(machine.disk, settings))
    bundle.add("database.json", partial(standing.database, settings))
    bundle.add("dagster_database.json", partial(standing.dagster_database, settings))
    for name, question in _QUESTIONS.items():
        # one that does not answer would be waited for seven times
        if "database.json" in bundle.missing:
            bundle.missing[name] = "the database does not answer"
        else:
            bundle.add(name, partial(standing.answers, settings, question))
    bundle.add("dagster.json", partial(standing.dagster, settings))
    bundle.add("runs.json", partial(standing.dagster_runs, settings))
    _add_logs(bundle, settings.data / "logs")


def _add_logs(bundle: Bundle, logs: Path) -> None:
    try:
        files = list(log_files(logs))
    except OSError as error:
        bundle.missing["logs"] = f"{logs} cannot be read: {error.strerror}"
        return
    if not files:
        bundle.missing["logs"] = f"{logs} has none"
    for name, file in files:
        if bundle.room < TAIL_BYTES:
            bundle.missing[f"logs/{name}"] = "there is no room left"
        else:
            bundle.add(f"logs/{name}", partial(tail, file))
