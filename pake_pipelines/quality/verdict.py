"""The verdict: the status an item ends with, the flags it carries, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pake_pipelines.config.quality import Actions, VerdictRules
from pake_pipelines.model.judgement import Confidence, Review, ReviewDecision, RuleOutcome, Verdict
from pake_pipelines.model.status import CheckStatus, VerificationStatus

_UNDECIDED: Final = frozenset({CheckStatus.UNKNOWN, CheckStatus.UNAVAILABLE})
# QA-21: what makes an item suspicious. Spam that is certain counts too, where rejecting it is switched off.
_SUSPICIOUS: Final = {
    "spam": frozenset({CheckStatus.WARN, CheckStatus.FAIL}),
    "language_supported": frozenset({CheckStatus.FAIL}),
    "broken_links": frozenset({CheckStatus.FAIL}),
}

_REVIEWED: Final[Mapping[ReviewDecision, VerificationStatus]] = {
    "approved": VerificationStatus.VERIFIED,
    "rejected": VerificationStatus.REJECTED,
    "requeued": VerificationStatus.PENDING,
}
_DECIDED: Final[Mapping[ReviewDecision, str]] = {
    "approved": "approved it",
    "rejected": "rejected it",
    "requeued": "put it back into the queue",
}
# what automation did to the item, which a person has overruled
_AUTOMATIC: Final = frozenset({"auto_rejected", "quarantined"})


@dataclass(frozen=True, slots=True)
class _Findings:
    """The outcomes that matter, each under what it leads to, and the score they meet."""

    spam: tuple[RuleOutcome, ...]
    suspicious: tuple[RuleOutcome, ...]
    invalid: tuple[RuleOutcome, ...]
    undecided: tuple[RuleOutcome, ...]
    duplicate_of: str | None
    score: float


def decide(
    outcomes: Sequence[RuleOutcome],
    confidence: Confidence,
    *,
    is_duplicate: bool,
    canonical: str | None,
    rules: VerdictRules,
    actions: Actions,
) -> Verdict:
    """Return the verdict on one item; the first that applies decides (QA-17 .. QA-22, QA-34, C-04):

    spam is rejected; a decision score below `auto_reject` is rejected; suspicious items are quarantined; items that
    fail another rule, duplicates, items with an open question and scores below `auto_verify` stay pending; the rest is
    verified. `canonical` is the `pake_id` of the item this one repeats; `is_duplicate` is false for the canonical item
    itself (QA-19), whatever the duplicate rule warns of. `actions` switches single steps off; what a switched-off step
    would have caught stays pending and is never verified. `auto_update_confidence` plays no part here: it governs
    whether scores are written.
    """
    duplicate_of = (canonical or "another item") if is_duplicate else None
    found = _findings(outcomes, confidence.deciding, duplicate_of, actions)
    status, flags, reason = _ruling(found, rules, actions)
    if status is not VerificationStatus.REJECTED:
        flags = {**flags, **_ladder_flags(found.score, rules)}
    if found.invalid:
        flags = {**flags, "invalid": _codes(found.invalid)}
    if is_duplicate and actions.auto_flag_duplicates:
        flags = {**flags, "flagged": "potential_duplicate"}
    return Verdict(status, flags, (reason, *(other for other in _remarks(found, rules) if other != reason)))


def reviewed(verdict: Verdict, review: Review) -> Verdict:
    """Return the verdict that a person's `review` makes of the automatic one, whose reasons and flags it keeps.

    What was put back into the queue is pending until a person decides or a new version comes.
    """
    reason = f"{review.actor} {_DECIDED[review.decision]} on {review.decided_at:%Y-%m-%d}"
    said = f"{reason}: {review.reason}" if review.reason else f"{reason}."
    flags = {flag: value for flag, value in verdict.flags.items() if flag not in _AUTOMATIC}
    return Verdict(_REVIEWED[review.decision], {**flags, "reviewed": review.decision}, (said, *verdict.reasons))


def archived(verdict: Verdict, why: str, reason: str) -> Verdict:
    """Return the verdict on an item that is kept out of sight: `why` is a flag's value, `reason` for people."""
    return Verdict(VerificationStatus.ARCHIVED, {**verdict.flags, "archived": why}, (reason, *verdict.reasons))


def _findings(outcomes: Sequence[RuleOutcome], score: float, duplicate_of: str | None, actions: Actions) -> _Findings:
    failed = [outcome for outcome in outcomes if outcome.status is CheckStatus.FAIL]
    spam = tuple(outcome for outcome in failed if outcome.code == "spam" and actions.auto_reject_spam)
    suspicious = tuple(
        outcome
        for outcome in outcomes
        if actions.quarantine_suspicious and outcome.status in _SUSPICIOUS.get(outcome.code, ()) and outcome not in spam
    )
    invalid = tuple(outcome for outcome in failed if outcome not in spam and outcome not in suspicious)
    undecided = tuple(outcome for outcome in outcomes if outcome.status in _UNDECIDED)
    return _Findings(spam, suspicious, invalid, undecided, duplicate_of, score)


def _ruling(
    found: _Findings, rules: VerdictRules, actions: Actions
) -> tuple[VerificationStatus, Mapping[str, str], str]:
    """Return the status, the flag that goes with it and its reason."""
    if found.spam:
        return VerificationStatus.REJECTED, {"auto_rejected": "spam_detected"}, _spam_remark(found)
    if found.score < rules.auto_reject:
        return VerificationStatus.REJECTED, {"auto_rejected": "low_confidence"}, _low_remark(found, rules)
    if found.suspicious:
        return VerificationStatus.QUARANTINED, {"quarantined": _codes(found.suspicious)}, _suspicious_remark(found)
    hindrance = next(_hindrances(found), None)
    if hindrance is not None:
        return VerificationStatus.PENDING, {}, hindrance
    if found.score < rules.auto_verify:
        return VerificationStatus.PENDING, {}, _low_remark(found, rules)
    if not actions.auto_verify_high_confidence:
        reason = f"The score {found.score:.3f} would verify the item, but automatic verification is switched off."
        return VerificationStatus.PENDING, {}, reason
    reason = f"The item is valid and its score {found.score:.3f} reaches {rules.auto_verify}, which verifies it."
    return VerificationStatus.VERIFIED, {}, reason


def _remarks(found: _Findings, rules: VerdictRules) -> Iterator[str]:
    """Yield everything that can be said against the item, gravest first."""
    if found.spam:
        yield _spam_remark(found)
    if found.score < rules.auto_reject:
        yield _low_remark(found, rules)
    if found.suspicious:
        yield _suspicious_remark(found)
    yield from _hindrances(found)
    if rules.auto_reject <= found.score < rules.auto_verify:
        yield _low_remark(found, rules)


def _hindrances(found: _Findings) -> Iterator[str]:
    """Yield what keeps an item from being verified, whatever its score."""
    if found.invalid:
        yield f"The item is not valid: {_messages(found.invalid)}."
    if found.duplicate_of is not None:
        yield f"The item is a potential duplicate of {found.duplicate_of}, so it is not verified by itself."
    if found.undecided:
        yield f"An open question keeps the item from being verified: {_messages(found.undecided)}."


def _spam_remark(found: _Findings) -> str:
    return f"The item is rejected as spam: {_messages(found.spam)}."


def _suspicious_remark(found: _Findings) -> str:
    return f"The item is suspicious and waits for a person: {_messages(found.suspicious)}."


def _low_remark(found: _Findings, rules: VerdictRules) -> str:
    steps = (
        (rules.auto_reject, "below which an item is rejected"),
        (rules.auto_archive, "below which an item is archived when it has had its time"),
        (rules.low_confidence_flag, "below which an item is flagged"),
    )
    limit, meaning = next(
        (step for step in steps if found.score < step[0]), (rules.auto_verify, "from which on an item is verified")
    )
    return f"The score {found.score:.3f} is below {limit}, {meaning}."


def _ladder_flags(score: float, rules: VerdictRules) -> dict[str, str]:
    limits = {"low_confidence": rules.low_confidence_flag, "archive_candidate": rules.auto_archive}
    return {flag: f"{score:.3f} < {limit}" for flag, limit in limits.items() if score < limit}


def _codes(outcomes: Sequence[RuleOutcome]) -> str:
    return ", ".join(outcome.code for outcome in outcomes)


def _messages(outcomes: Sequence[RuleOutcome]) -> str:
    return "; ".join(outcome.message for outcome in outcomes)
