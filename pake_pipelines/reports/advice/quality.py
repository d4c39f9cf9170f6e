"""Rules on the quality of what is known (QA-27..30)."""

from collections.abc import Sequence
from typing import Final

from pake_pipelines.reports.advice.rule import NAMED, Rule
from pake_pipelines.reports.advice.situation import Knowledge, Situation
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.strangers import shown

_NAME: Final = 60  # characters of a source's name


def is_pending(now: Situation) -> bool:
    """Tell whether too many items are pending."""
    return now.knowledge is not None and now.knowledge.statistics.pending_items > now.bounds.advising.pending_items


def is_low_average(now: Situation) -> bool:
    """Tell whether the mean confidence is too low; without any item there is none."""
    average = now.knowledge.statistics.avg_confidence if now.knowledge else None
    return average is not None and average < now.bounds.advising.low_average


def is_often_low(now: Situation) -> bool:
    """Tell whether too many items have low confidence."""
    held = now.knowledge.statistics if now.knowledge else None
    return held is not None and held.low_confidence_items > now.bounds.advising.low_confidence_share * held.total_items


def is_often_rejected(now: Situation) -> bool:
    """Tell whether too many items are rejected."""
    held = now.knowledge.statistics if now.knowledge else None
    return held is not None and held.rejected_items > now.bounds.advising.rejected_share * held.total_items


def _pending(now: Situation) -> str | None:
    if now.knowledge is None or not is_pending(now):
        return None
    pending = counted(now.knowledge.statistics.pending_items, "item is", "items are")
    said = f"{pending} pending, more than {now.bounds.advising.pending_items:,}."
    unanswered = [(line.name, line.unknown) for line in now.knowledge.rules if line.unknown]
    return f"{said} Rules that could not be answered: {_most(unanswered)}." if unanswered else said


def _low_average(now: Situation) -> str | None:
    if now.knowledge is None or not is_low_average(now):
        return None
    bound = now.bounds.advising.low_average
    means = [(one.average, one.name) for one in now.knowledge.sources if one.average is not None]
    weakest = sorted(one for one in means if one[0] < bound)[:NAMED]
    said = f"The mean confidence is {now.knowledge.statistics.avg_confidence:.2f}, below {bound}."
    sources = ", ".join(f"{shown(name, _NAME)} {mean:.2f}" for mean, name in weakest)
    return f"{said} The weakest sources: {sources}." if sources else said


def _often_low(now: Situation) -> str | None:
    if now.knowledge is None or not is_often_low(now):
        return None
    said = _share(now.knowledge, now.knowledge.statistics.low_confidence_items, "have low confidence")
    said += f", more than {now.bounds.advising.low_confidence_share:.0%}."
    factors = now.knowledge.factors
    if factors and factors[0].missed > 0:
        said += f" What holds scores back most: {factors[0].name.replace('_', ' ')}."
    return said


def _often_rejected(now: Situation) -> str | None:
    if now.knowledge is None or not is_often_rejected(now):
        return None
    said = _share(now.knowledge, now.knowledge.statistics.rejected_items, "are rejected")
    said += f", more than {now.bounds.advising.rejected_share:.0%}."
    broken = [(line.name, line.fail) for line in now.knowledge.rules if line.fail]
    return f"{said} Rules broken most: {_most(broken)}." if broken else said


def _share(held: Knowledge, items: int, what: str) -> str:
    return f"{items / held.statistics.total_items:.0%} of all items {what}"


def _most(counts: Sequence[tuple[str, int]]) -> str:
    most = sorted(counts, key=lambda one: -one[1])[:NAMED]
    return ", ".join(f"{name} {items}" for name, items in most)


QUALITY: Final = (
    Rule(
        "many-pending", "QA-27", Tone.NOTICE,
        "High number of pending items - consider increasing validation frequency",
        "more items are pending than `advice.pending_items` of configs/reports.yaml",
        "The schedules of the scans judge what is queued, `pake qa scan` does it now; what waits for a person is "
        "decided with `pake review list`.",
        _pending, runbook="pending-items",
    ),
    Rule(
        "low-average-confidence", "QA-28", Tone.NOTICE,
        "Low average confidence score - review ingestion sources quality",
        "the mean confidence is below `advice.low_average`",
        "`pake sources disable` stops a source, `authority` in configs/sources.yaml says how far it is trusted.",
        _low_average, runbook="low-confidence",
    ),
    Rule(
        "many-low-confidence", "QA-29", Tone.NOTICE,
        "High percentage of low-confidence items - adjust confidence scoring weights",
        "a larger share of all items than `advice.low_confidence_share` has low confidence",
        "`confidence.weights` in configs/quality.yaml; `pake qa label` and `pake qa evaluate` tell whether it helped, "
        "`pake qa calibrate` fits the score to what people said.",
        _often_low, runbook="low-confidence",
    ),
    Rule(
        "many-rejected", "QA-30", Tone.NOTICE,
        "High rejection rate - review QA rules and ingestion filters",
        "a larger share of all items than `advice.rejected_share` is rejected",
        "`spam`, `content`, `verdict` and `ingest` in configs/quality.yaml; `pake review approve` overrules a single "
        "verdict.",
        _often_rejected, runbook="many-rejected",
    ),
)  # fmt: skip
