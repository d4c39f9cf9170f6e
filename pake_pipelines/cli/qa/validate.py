"""`pake qa validate`: one stored item judged anew, rule by rule, beside the judgement that is stored."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.padding import Padding
from rich.text import Text

from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.items import item_named
from pake_pipelines.cli.judgement_view import (
    STATUS_STYLES,
    bar,
    factor_table,
    factors_as_json,
    rule_table,
    rules_as_json,
)
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.validation import Fresh, Validation, validate_item
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import open_database

_INVALID: Final = 1
_UNDECIDED: Final = 2


def validate(
    identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="The pake_id, the beginning of it, or part of the title.", show_default=False
        ),
    ] = None,
    pake_id: Annotated[
        str | None, typer.Option("--pake-id", metavar="ID", help="The same.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge a stored item anew by every rule, and say whether it is valid and the stored judgement still holds.

    Links count as they were found last, duplicates as they are known; nothing is asked and no verdict changes.

    Exit code 0: it breaks no rule. 1: it breaks one, or there is no such item. 2: it breaks none, but a rule could not
    be answered.
    """
    if (identifier is None) == (pake_id is None):
        fail("name one item", hint="`pake qa validate ID`, or --pake-id ID")
    found = asyncio.run(_validated(Kit.of(get_settings()), identifier or pake_id or ""))
    if as_json:
        print_json(_as_json(found))
    else:
        _show(found)
    if not found.valid:
        raise typer.Exit(_UNDECIDED if found.undecided and not found.failed else _INVALID)


async def _validated(kit: Kit, named: str) -> Validation:
    async with open_database(kit.database) as database, database.transaction() as connection:
        found = await validate_item(kit, connection, await item_named(connection, named), datetime.now(UTC))
    if found is None:
        fail(f"no item fits {named!r}")
    return found


def _as_json(found: Validation) -> dict[str, Any]:
    standing, fresh = found.standing, found.fresh
    held = fresh.held if fresh else None
    return {
        "pake_id": standing.pake_id,
        "valid": found.valid,
        "issues": list(found.issues),
        "qa_metadata": {
            "title": standing.title,
            "entry_id": standing.entry_id,
            "dropped": standing.dropped,
            "undecided": [one.code for one in found.undecided],
            **(_judged(fresh) if fresh else {}),
            "stored": {
                "status": standing.status,
                "score": held.confidence.score if held else None,
                "decision_score": held.confidence.decision_score if held else None,
                "up_to_date": fresh is not None and not fresh.outdated,
                "outdated_because": list(fresh.outdated) if fresh else [],
            },
        },
    }


def _judged(fresh: Fresh) -> dict[str, Any]:
    confidence, verdict = fresh.judgement.confidence, fresh.verdict
    return {
        "checks": rules_as_json(fresh.judgement.outcomes),
        "spam_score": fresh.judgement.spam_score,
        "score": confidence.score,
        "decision_score": confidence.decision_score,
        "probability": confidence.probability,
        "factors": factors_as_json(confidence.factors),
        "verdict": {"status": verdict.status.value, "flags": dict(verdict.flags), "reasons": list(verdict.reasons)},
    }


def _show(found: Validation) -> None:
    standing, fresh = found.standing, found.fresh
    answer = ("valid", "bold green") if found.valid else ("not valid", "bold red")
    if found.undecided and not found.failed:
        answer = ("cannot be told", "bold magenta")
    out.print(Text.assemble(answer, "  ", (standing.title or "", "bold"), f"  {standing.pake_id}"), soft_wrap=True)
    if fresh is None:
        for issue in found.issues:
            out.print(Text(f"  - {issue}"))
        return
    out.print(Padding(rule_table(fresh.judgement.outcomes), (0, 0, 0, 2)))
    confidence, status = fresh.judgement.confidence, fresh.verdict.status.value
    decides = f"  score {confidence.score:.3f}, for the decision {confidence.decision_score:.3f}"
    if confidence.probability is not None:
        decides += f", calibrated {confidence.probability:.3f}"
    out.print(Text.assemble("  ", bar(confidence.deciding), decides))
    out.print(Padding(factor_table(confidence.factors), (0, 0, 0, 2)))
    out.print(Text.assemble("  verdict: ", (status, STATUS_STYLES[status])))
    for reason in fresh.verdict.reasons:
        out.print(Padding(Text(f"- {reason}"), (0, 0, 0, 2)))
    if not fresh.outdated:
        out.print("  [dim]the stored judgement says the same[/]")
        return
    out.print("  [yellow]the stored judgement is outdated; the next scan (`pake qa scan`) makes it anew[/]")
    for why in fresh.outdated:
        out.print(Padding(Text(f"- {why}", style="yellow"), (0, 0, 0, 2)))
