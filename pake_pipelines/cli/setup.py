"""`pake init` and `pake validate`: make a place fit, and tell whether it is."""

from collections import Counter
from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.stack import database_up, prepare
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import LOADERS, ConfigError
from pake_pipelines.health.environment import Finding, inspect_environment
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import Settings, get_settings

_STYLES = {
    CheckStatus.OK: "green",
    CheckStatus.WARN: "yellow",
    CheckStatus.FAIL: "red",
    CheckStatus.UNKNOWN: "magenta",
    CheckStatus.SKIPPED: "dim",
}


def init() -> None:
    """Create the directories and databases, migrate, and insert the two sample nodes; safe to repeat."""
    settings = get_settings()
    for directory in (settings.configs, settings.data, settings.data / "reports", settings.data / "logs"):
        directory.mkdir(parents=True, exist_ok=True)
    with database_up(settings):
        prepare(settings)
    out.print(f"[green]✓[/] {escape(str(settings.home))} is ready; start everything with `pake up`", soft_wrap=True)


def validate(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check whether this machine and the configuration are fit; exit code 1 when something needed is missing."""
    settings = get_settings()
    findings = [*_configuration(settings), *inspect_environment(settings)]
    passed = all(finding.status is not CheckStatus.FAIL for finding in findings)
    if as_json:
        rows = [{"name": one.name, "status": one.status.value, "message": one.message} for one in findings]
        print_json({"passed": passed, "findings": rows})
    else:
        table = Rows("", "", "")
        for finding in findings:
            table.add_row(Text(finding.status.value, style=_STYLES[finding.status]), finding.name, finding.message)
        out.print(table)
        counts = Counter(finding.status.value for finding in findings)
        said = ", ".join(f"{count} {status}" for status, count in counts.items())
        out.print(f"\nEnvironment validation [bold]{'PASSED' if passed else 'FAILED'}[/]: {said}")
    if not passed:
        raise typer.Exit(1)


def _configuration(settings: Settings) -> list[Finding]:
    found = []
    for name, load in LOADERS.items():
        try:
            load(settings.configs)
        except ConfigError as error:
            found.append(Finding(f"{name}.yaml", CheckStatus.FAIL, str(error)))
        else:
            found.append(Finding(f"{name}.yaml", CheckStatus.OK, "valid"))
    return found
