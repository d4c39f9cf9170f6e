"""How an item comes out, and how several looks make one: the worst speaks, and unknown is never a pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pake_pipelines.reports.document import Verdict

_GRAVITY: Final = (Verdict.PASS, Verdict.MANUAL, Verdict.UNKNOWN, Verdict.FAIL)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what it was read from."""

    verdict: Verdict
    evidence: str


def passed(evidence: str) -> Judged:
    """Return a pass."""
    return Judged(Verdict.PASS, evidence)


def failed(evidence: str) -> Judged:
    """Return a failure."""
    return Judged(Verdict.FAIL, evidence)


def unknown(why: str) -> Judged:
    """Return that nothing can be said, and why."""
    return Judged(Verdict.UNKNOWN, why)


def together(looks: Iterable[Judged]) -> Judged:
    """Return the worst of several looks: it alone speaks, or all of them where all are a pass."""
    found = list(looks)
    if not found:
        return unknown("nothing was looked at")
    worst = max((one.verdict for one in found), key=_GRAVITY.index)
    return Judged(worst, "; ".join(one.evidence for one in found if one.verdict is worst))
