"""What the QA report recommends (QA-27 .. QA-30): each with the figures that call for it and with what acts on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pake_pipelines.reports.qa_figures import RuleLine, Statistics
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.qa_findings import FactorMean
from pake_pipelines.store.qa_statistics import SourceLine

_MANY_PENDING: Final = 100
_LOW_AVERAGE: Final = 0.6
_MANY_LOW: Final = 0.2
_MANY_REJECTED: Final = 0.1
_NAMED: Final = 3  # sources or rules that are named as the reason
_NAME: Final = 60  # characters of a source's name


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A sentence of the guides, under its requirement's name; `evidence` and what acts on it are ours."""

    code: str
    recommendation: str
    evidence: str
    acts: str


def recommend(
    statistics: Statistics, rules: Sequence[RuleLine], factors: Sequence[FactorMean], sources: Sequence[SourceLine]
) -> list[Recommendation]:
    """Return the recommendations that apply."""
    total, average = statistics.total_items, statistics.avg_confidence
    found = []
    if statistics.pending_items > _MANY_PENDING:
        found.append(_pending(statistics, rules))
    if average is not None and average < _LOW_AVERAGE:
        found.append(_low_average(average, sources))
    if statistics.low_confidence_items > _MANY_LOW * total:
        found.append(_many_low(statistics, factors))
    if statistics.rejected_items > _MANY_REJECTED * total:
        found.append(_many_rejected(statistics, rules))
    return found


def _pending(statistics: Statistics, rules: Sequence[RuleLine]) -> Recommendation:
    said = f"{statistics.pending_items} items are pending, more than {_MANY_PENDING}."
    open_rules = [(line.name, line.unknown) for line in rules if line.unknown]
    if open_rules:
        said += f" Rules that could not be answered: {_named(open_rules)}."
    return Recommendation(
        "QA-27",
        "High number of pending items - consider increasing validation frequency",
        said,
        "The schedules of the scans judge what is queued, `pake qa scan` does it now; what waits for a person is "
        "decided with `pake review`.",
    )


def _low_average(average: float, sources: Sequence[SourceLine]) -> Recommendation:
    weakest = sorted(
        (line.average, line.name) for line in sources if line.average is not None and line.average < _LOW_AVERAGE
    )[:_NAMED]
    named = ", ".join(f"{shown(name, _NAME)} {mean:.2f}" for mean, name in weakest)
    said = f"The mean confidence is {average:.2f}, below {_LOW_AVERAGE}."
    return Recommendation(
        "QA-28",
        "Low average confidence score - review ingestion sources quality",
        f"{said} The weakest sources: {named}." if named else said,
        "`pake sources disable` stops a source, `authority` in configs/sources.yaml says how far it is trusted.",
    )


def _many_low(statistics: Statistics, factors: Sequence[FactorMean]) -> Recommendation:
    share = statistics.low_confidence_items / statistics.total_items
    said = f"{share:.0%} of all items have low confidence, more than {_MANY_LOW:.0%}."
    if factors and factors[0].missed > 0:
        said += f" What holds scores back most: {factors[0].name.replace('_', ' ')}."
    return Recommendation(
        "QA-29",
        "High percentage of low-confidence items - adjust confidence scoring weights",
        said,
        "`confidence.weights` in configs/quality.yaml; `pake qa label` and `pake qa evaluate` tell whether it helped, "
        "`pake qa calibrate` fits the score to what people said.",
    )


def _many_rejected(statistics: Statistics, rules: Sequence[RuleLine]) -> Recommendation:
    share = statistics.rejected_items / statistics.total_items
    said = f"{share:.0%} of all items are rejected, more than {_MANY_REJECTED:.0%}."
    broken = [(line.name, line.fail) for line in rules if line.fail]
    if broken:
        said += f" Rules broken most: {_named(broken)}."
    return Recommendation(
        "QA-30",
        "High rejection rate - review QA rules and ingestion filters",
        said,
        "`spam`, `content`, `verdict` and `ingest` in configs/quality.yaml; `pake review` overrules a single verdict.",
    )


def _named(counts: Sequence[tuple[str, int]]) -> str:
    most = sorted(counts, key=lambda one: -one[1])[:_NAMED]
    return ", ".join(f"{name} {items}" for name, items in most)
