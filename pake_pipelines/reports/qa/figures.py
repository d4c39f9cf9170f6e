"""The figures of the QA report, put together from what the store counted."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.status import CheckStatus, VerificationStatus
from pake_pipelines.store import qa_statistics
from pake_pipelines.store.database import Connection
from pake_pipelines.store.qa_findings import RuleCount, RuleSample, SourceFault
from pake_pipelines.store.qa_statistics import DayVerdicts, ReviewCount, Tenth, Totals

# what automation settled by itself; pending and quarantined items it left to a person
_SETTLED: Final = frozenset({"verified", "rejected", "archived"})
_DECIDED_AS: Final = {"approved": "verified", "rejected": "rejected", "requeued": "pending"}


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of QA-25 under the guides' names, and what they leave out.

    `quality_score` is the percentage of verified items, 0 without any; `avg_confidence` (the mean confidence) is then
    None. `pass_rate` is the percentage of the items that no rule failed among those that were judged (C-37).
    """

    total_items: int
    verified_items: int
    pending_items: int
    rejected_items: int
    quarantined_items: int
    archived_items: int
    potential_duplicates: int
    avg_confidence: float | None
    high_confidence_items: int
    low_confidence_items: int
    quality_score: float
    pass_rate: float | None = None

    @property
    def by_status(self) -> dict[str, int]:
        """Items of each status."""
        return {status.value: getattr(self, f"{status.value}_items") for status in VerificationStatus}


async def read_statistics(connection: Connection, rules: QualityConfig) -> Statistics:
    """Return the figures of QA-25 and QA-26 as the database has them now."""
    lines = rules.verdict
    return compute_statistics(
        await qa_statistics.totals(connection, high=lines.high_confidence, low=lines.low_confidence_report)
    )


def compute_statistics(totals: Totals) -> Statistics:
    """Return the figures of QA-25 and QA-26."""
    return Statistics(
        total_items=totals.total,
        verified_items=totals.verified,
        pending_items=totals.pending,
        rejected_items=totals.rejected,
        quarantined_items=totals.quarantined,
        archived_items=totals.archived,
        potential_duplicates=totals.duplicates,
        avg_confidence=totals.average,
        high_confidence_items=totals.high,
        low_confidence_items=totals.low,
        quality_score=round(100 * totals.verified / totals.total, 1) if totals.total else 0.0,
        pass_rate=round(100 * totals.passed / totals.judged, 1) if totals.judged else None,
    )


@dataclass(frozen=True, slots=True)
class RuleLine:
    """How many items one rule was content with or not; `not_run` where it is switched off or not configured."""

    code: str
    ok: int = 0
    warn: int = 0
    fail: int = 0
    unknown: int = 0
    not_run: int = 0
    samples: Sequence[RuleSample] = field(default=())

    @property
    def name(self) -> str:
        """The rule's name for people."""
        return self.code.replace("_", " ")

    @property
    def items(self) -> int:
        """How many items it looked at, or passed over."""
        return self.ok + self.warn + self.fail + self.unknown + self.not_run


_ANSWERS: Final = {CheckStatus.OK, CheckStatus.WARN, CheckStatus.FAIL, CheckStatus.UNKNOWN}


def rule_lines(counts: Iterable[RuleCount], samples: Iterable[RuleSample]) -> list[RuleLine]:
    """Return a line for each rule, those that fail most first."""
    found: dict[str, dict[str, int]] = {}
    for one in counts:
        name = one.status if one.status in _ANSWERS else "not_run"
        line = found.setdefault(one.code, {})
        line[name] = line.get(name, 0) + one.items
    shown: dict[str, list[RuleSample]] = {}
    for sample in samples:
        shown.setdefault(sample.code, []).append(sample)
    lines = [RuleLine(code, **line, samples=tuple(shown.get(code, ()))) for code, line in found.items()]
    return sorted(lines, key=lambda line: (-line.fail, -line.unknown, -line.warn, line.code))


def faults_of(faults: Iterable[SourceFault], most: int) -> dict[str, list[SourceFault]]:
    """Return for each source the `most` rules that its items break most."""
    found: dict[str, list[SourceFault]] = {}
    for fault in faults:
        held = found.setdefault(fault.source, [])
        if len(held) < most:
            held.append(fault)
    return found


def daily(verdicts: Iterable[DayVerdicts], last: date, days: int) -> tuple[list[date], dict[str, list[int]]]:
    """Return the `days` up to `last` and, for each status, how many items came to it on each of them."""
    axis = [last - timedelta(days=back) for back in reversed(range(days))]
    return axis, _by_status(((one.status, one.day, one.items) for one in verdicts), axis)


def spread(tenths: Iterable[Tenth]) -> dict[str, list[int]]:
    """Return for each status how many items lie in each tenth of confidence."""
    return _by_status(((one.status, round(one.low * 10), one.items) for one in tenths), range(10))


def _by_status(counts: Iterable[tuple[str, Hashable, int]], axis: Sequence[Hashable]) -> dict[str, list[int]]:
    """Return for each status its items at each place of `axis`; `counts` holds (status, place, items)."""
    import pandas as pd

    table = pd.DataFrame(counts, columns=["status", "place", "items"]).pivot_table(
        index="place", columns="status", values="items", aggfunc="sum"
    )
    statuses = [status.value for status in VerificationStatus]
    whole = table.reindex(index=list(axis), columns=statuses).fillna(0).astype(int)
    return {status: whole[status].tolist() for status in statuses}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What people decided: on items that automation had settled otherwise (`overruled`), or as it had (`agreed`),
    and on items that it had left open.
    """

    approved: int
    rejected: int
    requeued: int
    overruled: int
    agreed: int
    left_open: int

    @property
    def total(self) -> int:
        """All decisions in force."""
        return self.approved + self.rejected + self.requeued


def reviewed(counts: Iterable[ReviewCount]) -> Reviewed:
    """Return what people decided, and how that stands to automation's verdicts."""
    decisions = {"approved": 0, "rejected": 0, "requeued": 0}
    overruled = agreed = left_open = 0
    for one in counts:
        decisions[one.decision] += one.items
        if one.before not in _SETTLED:
            left_open += one.items
        elif one.before == _DECIDED_AS[one.decision]:
            agreed += one.items
        else:
            overruled += one.items
    return Reviewed(**decisions, overruled=overruled, agreed=agreed, left_open=left_open)
