"""`pake analytics run`: analyses by hand, now."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_maintenance, load_monitoring, load_reports, load_sources
from pake_pipelines.foresight.analyses import ANALYSES, forget_old
from pake_pipelines.foresight.finding import Finding, Place, Rules
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store.database import addresses, open_database

Progress = Callable[[str, Finding, float], None]
_RUN: Final = "terminal"


def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=f"Of {', '.join(ANALYSES)}; all without.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Carry out analyses now, and keep what they find."""
    unknown = [name for name in names or () if name not in ANALYSES]
    if unknown:
        fail(f"no analysis {unknown[0]!r}", hint=f"there are {', '.join(ANALYSES)}")
    chosen = [name for name in ANALYSES if not names or name in names]
    findings = asyncio.run(_carry_out(get_settings(), chosen, (lambda *_: None) if as_json else _say))
    if as_json:
        print_json({name: asdict(one) for name, one in findings.items()})


async def _carry_out(settings: Settings, names: Sequence[str], say: Progress) -> dict[str, Finding]:
    rules, now = _rules(settings), datetime.now(UTC)
    found: dict[str, Finding] = {}
    async with open_database(addresses(settings).knowledge) as database:
        for name in names:
            began = time.perf_counter()
            found[name] = await ANALYSES[name].load()(Place(database, rules, _RUN, now))
            say(name, found[name], time.perf_counter() - began)
        await forget_old(database, rules.reports.analytics.keep_days, now)
    return found


def _rules(settings: Settings) -> Rules:
    configs = settings.configs
    return Rules(load_reports(configs), load_monitoring(configs), load_maintenance(configs), load_sources(configs))


def _say(name: str, finding: Finding, seconds: float) -> None:
    head = Text.assemble((name, "bold"), f" {finding.summary}", (f"  {seconds:.1f} s", "dim"))
    out.print(head, soft_wrap=True)
    for check, verdict in finding.checks.items():
        mark = ("✓ ", "green") if verdict.passed else ("! ", "yellow")
        out.print(Text.assemble("  ", mark, f"{check}: {verdict.says}"), soft_wrap=True)
    if finding.rows:
        out.print(finding_table(finding))
    out.print()


def finding_table(finding: Finding) -> Rows:
    """Return the rows of a finding as a table."""
    table = Rows(*finding.columns, folding=finding.columns)
    for row in finding.rows:
        table.add_row(*map(_cell, row))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
