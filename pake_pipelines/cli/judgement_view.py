"""A judgement at the terminal: the verdict, the score as a bar, every factor with what it adds, and the rules."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from pake_pipelines.cli.tables import Rows
from pake_pipelines.model.judgement import Factor, RuleOutcome
from pake_pipelines.model.status import CheckStatus

STATUS_STYLES: Final = {
    "verified": "green",
    "pending": "yellow",
    "quarantined": "magenta",
    "rejected": "red",
    "archived": "dim",
}
_CHECK_STYLES: Final[Mapping[str, str]] = {
    CheckStatus.OK: "green",
    CheckStatus.WARN: "yellow",
    CheckStatus.FAIL: "red",
    CheckStatus.UNKNOWN: "magenta",
    CheckStatus.UNAVAILABLE: "magenta",
}
_QUIET: Final = frozenset({CheckStatus.OK, CheckStatus.SKIPPED, CheckStatus.NOT_CONFIGURED})
_BAR: Final = 20


def bar(share: float, width: int = _BAR) -> Text:
    """Return `share` in [0, 1] as a bar of `width` characters."""
    full = round(width * share)
    return Text.assemble(("█" * full, "cyan"), ("░" * (width - full), "dim"))


def factor_table(factors: Sequence[Factor]) -> Rows:
    """Return the factors, one in a line: value, weight, what it adds to the score, and the reason for the value.

    A factor that is not known adds nothing, and the weights of the others grow to make up for it.
    """
    total = math.fsum(one.weight for one in factors if one.value is not None)
    table = Rows("factor", "value", "weight", "adds", "because", right={"value", "weight", "adds"})
    for one in factors:
        adds = "-" if one.value is None else f"{one.value * one.weight / total:.3f}" if total else "0.000"
        value = Text("unknown", style="magenta") if one.value is None else f"{one.value:.2f}"
        table.add_row(_words(one.name), value, f"{one.weight:.2f}", adds, one.reason)
    return table


def rule_table(outcomes: Iterable[RuleOutcome]) -> Rows:
    """Return the rules, one in a line: what each found, and its words."""
    table = Rows("", "", "")
    for one in outcomes:
        status = Text(one.status.value.replace("_", " "), style=_CHECK_STYLES.get(one.status, "dim"))
        table.add_row(status, _words(one.code), one.message)
    return table


def that_matter(outcomes: Iterable[RuleOutcome]) -> list[RuleOutcome]:
    """Return the outcomes that say something against an item, or could not tell."""
    return [one for one in outcomes if one.status not in _QUIET]


def rules_as_json(outcomes: Iterable[RuleOutcome]) -> list[dict[str, Any]]:
    """Return the outcomes as JSON-able data."""
    return [
        {"code": one.code, "status": one.status.value, "message": one.message, "evidence": dict(one.evidence)}
        for one in outcomes
    ]


def factors_as_json(factors: Iterable[Factor]) -> list[dict[str, Any]]:
    """Return the factors as JSON-able data."""
    return [{"name": one.name, "value": one.value, "weight": one.weight, "reason": one.reason} for one in factors]


def _words(code: str) -> str:
    return code.replace("_", " ")
