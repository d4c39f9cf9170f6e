"""Validation: one stored item judged anew, as the next scan would, and held against the judgement that is stored.

No judgement is written; signals of the text that were missing are found and kept.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pake_pipelines.model.judgement import RuleOutcome, Verdict
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.pipeline.confidence import Evidence, confidence_version, evidence_of, judge
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.publish import decide_item
from pake_pipelines.quality.change import changes
from pake_pipelines.quality.verdict import decide
from pake_pipelines.store import calibrations, explain, judgements
from pake_pipelines.store.database import Connection
from pake_pipelines.store.explain import Standing
from pake_pipelines.store.judgements import HeldJudgement, Judged, Judgement


@dataclass(frozen=True, slots=True)
class Fresh:
    """An item judged anew; `outdated` says why the stored judgement is no longer the one that would be made."""

    judgement: Judgement
    verdict: Verdict
    held: HeldJudgement | None
    outdated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """Where an item stands and, where it can be judged, what it is judged to be now."""

    standing: Standing
    fresh: Fresh | None

    @property
    def failed(self) -> tuple[RuleOutcome, ...]:
        """The rules it breaks."""
        return self._with(CheckStatus.FAIL)

    @property
    def undecided(self) -> tuple[RuleOutcome, ...]:
        """The rules that could not be answered."""
        return self._with(CheckStatus.UNKNOWN, CheckStatus.UNAVAILABLE)

    @property
    def valid(self) -> bool:
        """Whether it was judged, breaks no rule, and leaves none unanswered."""
        return self.fresh is not None and not self.failed and not self.undecided

    @property
    def issues(self) -> tuple[str, ...]:
        """Everything that can be said against it, gravest first."""
        if self.standing.entry_id is None:
            return ("Its source no longer has it",)
        if self.fresh is None:
            dropped = self.standing.dropped
            return (f"Stopped at the door: {dropped}" if dropped else "Its text was not read yet",)
        found = (*self.failed, *self.undecided, *self._with(CheckStatus.WARN))
        return tuple(one.message for one in found)

    def _with(self, *statuses: CheckStatus) -> tuple[RuleOutcome, ...]:
        outcomes = self.fresh.judgement.outcomes if self.fresh else ()
        return tuple(one for one in outcomes if one.status in statuses)


async def validate_item(kit: Kit, connection: Connection, pake_id: UUID, now: datetime) -> Validation | None:
    """Judge the item anew; None when there is none. Links are taken as they were found last, duplicates as known."""
    standing = await explain.standing(connection, pake_id)
    if standing is None:
        return None
    if standing.entry_id is None or not standing.cleaned or standing.dropped:
        return Validation(standing, None)
    rules, calibration = kit.quality, await calibrations.in_force(connection)
    (evidence,) = await evidence_of(connection, [standing.entry_id], rules)
    judgement = judge(evidence, rules, now, calibration)
    held = (await judgements.load_judgements(connection, [standing.entry_id])).get(standing.entry_id)
    known = await judgements.load_judged(connection, [standing.entry_id])
    verdict = _verdict(kit, evidence, judgement, known[0] if known else None)
    outdated = _outdated(standing, judgement, held, verdict, confidence_version(rules, calibration))
    return Validation(standing, Fresh(judgement, verdict, held, outdated))


def _verdict(kit: Kit, evidence: Evidence, judgement: Judgement, known: Judged | None) -> Verdict:
    rules = kit.quality
    if known is not None:
        return decide_item(replace(known, outcomes=judgement.outcomes, confidence=judgement.confidence), rules)
    return decide(
        judgement.outcomes,
        judgement.confidence,
        is_duplicate=bool(evidence.document.is_copy),
        canonical=None,
        rules=rules.verdict,
        actions=rules.actions,
    )


def _outdated(
    standing: Standing, judgement: Judgement, held: HeldJudgement | None, verdict: Verdict, version: str
) -> tuple[str, ...]:
    if held is None:
        return ("it was not judged yet",)
    found = []
    if standing.version != version:
        found.append("the rules, or the way in which scores are made, have changed since")
    if standing.stale:
        found.append("something it rests on has changed, and it waits for the next scan")
    found += changes(held.outcomes, held.confidence, judgement.outcomes, judgement.confidence)
    if standing.status != verdict.status.value:
        found.append(f"the verdict would be {verdict.status.value}, it stands as {standing.status or 'none'}")
    return tuple(found)
