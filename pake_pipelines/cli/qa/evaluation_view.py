"""How an evaluation looks at the terminal."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.text import Text

from pake_pipelines.cli.console import out
from pake_pipelines.cli.tables import Rows
from pake_pipelines.quality.baselines import Baseline
from pake_pipelines.quality.decisions import Bounded, Decisions, RiskPoint
from pake_pipelines.quality.evaluation import Evaluation, ReliabilityBin, Summary
from pake_pipelines.quality.measured import Figure
from pake_pipelines.reports.amounts import counted

_WIDTH: Final = 41  # of a picture: a column for each 2.5 %


def show_evaluation(found: Evaluation, score: str, notes: Sequence[str]) -> None:
    """Print what was found of `score`."""
    overall = found.overall
    labels = counted(overall.labels, "label")
    out.print(Text.assemble((score, "bold"), f": {labels}, {overall.good} good, {overall.labels - overall.good} bad"))
    for note in notes:
        out.print(Text(note, style="dim"), soft_wrap=True)
    if found.unavailable:
        out.print(Text.assemble(("not measured: ", "yellow"), found.unavailable), soft_wrap=True)
        out.print("[dim]`pake qa label` asks for more of them[/]")
        return
    drawn = "whole sources" if found.resampled == "sources" else "single labels"
    out.print(Text(f"intervals hold 95 %, bootstrapped over {drawn}", style="dim"))
    _show_figures(found)
    _show_table(found.table)
    _show_baselines(found.baselines)
    _show_splits({**(found.by_source or {}), **(found.by_time or {})}, found.undated)
    if found.decisions:
        _show_decisions(found.decisions)
    _show_risk(found.risk_coverage)


def _show_figures(found: Evaluation) -> None:
    overall, parts = found.overall, found.parts
    table = _table("", "value", "interval", "")
    for name, figure, meaning in (
        ("base rate", overall.base_rate, "share of good items"),
        ("ROC-AUC", overall.roc_auc, "a good item scores above a bad one; 0.5 is chance"),
        ("PR-AUC", overall.pr_auc, "precision over all recalls; the base rate is chance"),
        ("Brier", overall.brier, "mean squared error; reliability - resolution + uncertainty"),
        ("  reliability", parts.reliability, "lost to scores that mean another share; 0 is best"),
        ("  resolution", parts.resolution, "gained on the constant base rate; more is better"),
        ("  uncertainty", parts.uncertainty, "Brier of the constant base rate"),
        ("calibration error", overall.calibration_error, "how far scores are from observed shares, debiased"),
    ):
        table.add_row(name, _value(figure), _interval(figure), Text(figure.because or meaning, style="dim"))
    out.print()
    out.print(table)


def _show_table(bins: Sequence[ReliabilityBin]) -> None:
    table = _table("scores", "labels", "said", "observed", "interval", "0 ─ │ said ─ ● observed ─ 1")
    for one in bins:
        table.add_row(
            f"{one.low:.2f} to {one.high:.2f}",
            one.labels,
            f"{one.mean_score:.2f}",
            _value(one.observed, 2),
            _interval(one.observed, 2),
            _picture(one),
        )
    out.print()
    out.print("[bold]reliability[/]", "[dim]in bins of equal mass[/]")
    out.print(table)


def _picture(one: ReliabilityBin) -> Text:
    """Return a line from 0 to 1 with the interval, the observed share and what was said."""
    low, high, observed = one.observed.low or 0.0, one.observed.high or 0.0, one.observed.value or 0.0
    cells = ["─" if _column(low) <= column <= _column(high) else "·" for column in range(_WIDTH)]
    cells[_column(one.mean_score)] = "│"
    cells[_column(observed)] = "●"
    said_rightly = low <= one.mean_score <= high
    return Text("".join(cells), style="green" if said_rightly else "yellow")


def _column(share: float) -> int:
    return round(min(1.0, max(0.0, share)) * (_WIDTH - 1))


def _show_baselines(baselines: Sequence[Baseline]) -> None:
    table = _table("to be beaten", "by", "value", "lead", "interval", "")
    for one in baselines:
        known = {True: Text("beaten", style="green"), False: Text("not beaten", style="red")}
        said = known[one.beaten] if one.beaten is not None else Text("the labels do not tell", style="yellow")
        if one.value.value is None:
            said = Text(one.value.because or "", style="dim")
        names = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC", "brier": "Brier"}
        table.add_row(
            one.name, names[one.measure], _value(one.value), _value(one.lead, sign=True), _interval(one.lead), said
        )
    out.print()
    out.print(table)


def _show_splits(splits: Mapping[str, Summary], undated: int) -> None:
    if not splits:
        return
    table = _table("split", "labels", "base rate", "ROC-AUC", "interval", "Brier", "calibration error", "")
    for name, one in splits.items():
        table.add_row(
            name or "(no source)",
            one.labels,
            _value(one.base_rate, 2),
            _value(one.roc_auc),
            _interval(one.roc_auc),
            _value(one.brier),
            _value(one.calibration_error),
            Text(one.roc_auc.because or "", style="dim"),
        )
    out.print()
    out.print(table)
    if undated:
        out.print(f"[dim]labels without a date, which are in neither half: {undated}[/]")


def _show_decisions(found: Decisions) -> None:
    out.print()
    out.print("[bold]decisions[/]", "[dim]by the score alone; bounds hold on one side with 95 %[/]")
    for said in (
        f"verified from {found.auto_verify:g} on: {found.verified:.1%} of the items",
        f"  good among them: {_bounded(found.precision, 'at least')}",
        f"rejected below {found.auto_reject:g}: {found.rejected:.1%} of the items",
        f"  good among them: {_bounded(found.good_rejected, 'at most')}",
        f"  good items rejected, of all good ones: {_bounded(found.false_rejects, 'at most')}",
    ):
        out.print(Text(said), soft_wrap=True)


def _bounded(one: Bounded, direction: str) -> str:
    if one.value is None or one.bound is None:
        return f"unavailable, {one.because}"
    return f"{one.value:.1%}, {direction} {one.bound:.1%} ({counted(one.labels, 'label')})"


def _show_risk(points: Sequence[RiskPoint]) -> None:
    table = _table("trusted", "from score", "bad among them", "")
    for one in points:
        bar = "█" * round(one.risk * (_WIDTH - 1))
        table.add_row(f"{one.coverage:.0%}", f"{one.threshold:.2f}", f"{one.risk:.1%}", Text(bar, style="red"))
    out.print()
    out.print(table)


def _table(first: str, *columns: str) -> Rows:
    return Rows(first, *columns, right=columns[:-1])


def _value(figure: Figure, digits: int = 3, *, sign: bool = False) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value:{'+' if sign else ''}.{digits}f}"


def _interval(figure: Figure, digits: int = 3) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{figure.low:.{digits}f} to {figure.high:.{digits}f}"
