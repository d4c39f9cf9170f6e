"""The verdict: which finding decides, what the switches change, and that every end is within reach."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.quality import Actions, QualityConfig, VerdictRules
from pake_pipelines.model.judgement import Confidence, Review, ReviewDecision, RuleOutcome, Verdict
from pake_pipelines.model.status import CheckStatus, VerificationStatus
from pake_pipelines.quality.verdict import archived, decide, reviewed

_RULES = VerdictRules(
    auto_verify=0.9,
    high_confidence=0.8,
    low_confidence_report=0.4,
    low_confidence_flag=0.3,
    auto_archive=0.2,
    auto_reject=0.1,
    archive_after_days=7,
)
_ALL_ON = Actions(
    auto_reject_spam=True,
    auto_verify_high_confidence=True,
    auto_flag_duplicates=True,
    auto_update_confidence=True,
    quarantine_suspicious=True,
)
_SPAM = RuleOutcome("spam", CheckStatus.FAIL, "Spam score too high: 0.52 > 0.3")
_SUSPICIOUS = RuleOutcome("spam", CheckStatus.WARN, "Spam score suspicious: 0.20 >= 0.15")
_FOREIGN = RuleOutcome("language_supported", CheckStatus.FAIL, "Unsupported language: de")
_DEAD_LINKS = RuleOutcome("broken_links", CheckStatus.FAIL, "All links are broken: 3")
_FORBIDDEN = RuleOutcome("forbidden_patterns", CheckStatus.FAIL, "Content contains forbidden pattern: click here")
_UNKNOWN = RuleOutcome("duplicate", CheckStatus.UNKNOWN, "Duplicates were not sought")
_FINE = RuleOutcome("content_length_min", CheckStatus.OK, "Content is long enough: 900")


def _decide(*outcomes: RuleOutcome, score: float = 0.95, duplicate_of: str | None = None, **switched: bool) -> Verdict:
    return decide(
        [_FINE, *outcomes],
        Confidence(score, score, ()),
        is_duplicate=duplicate_of is not None,
        canonical=duplicate_of,
        rules=_RULES,
        actions=_ALL_ON.model_copy(update=switched),
    )


@pytest.mark.parametrize(
    ("outcomes", "score", "status", "flags"),
    [
        ((_SPAM, _FOREIGN), 0.95, "rejected", {"auto_rejected": "spam_detected"}),
        ((_FOREIGN,), 0.09, "rejected", {"auto_rejected": "low_confidence"}),
        ((_SUSPICIOUS,), 0.95, "quarantined", {"quarantined": "spam"}),
        ((_FOREIGN, _DEAD_LINKS), 0.95, "quarantined", {"quarantined": "language_supported, broken_links"}),
        (
            (_FOREIGN, _FORBIDDEN),
            0.95,
            "quarantined",
            {"quarantined": "language_supported", "invalid": "forbidden_patterns"},
        ),
        ((_FORBIDDEN,), 0.95, "pending", {"invalid": "forbidden_patterns"}),
        ((_UNKNOWN,), 0.95, "pending", {}),
        ((), 0.15, "pending", {"low_confidence": "0.150 < 0.3", "archive_candidate": "0.150 < 0.2"}),
        ((), 0.25, "pending", {"low_confidence": "0.250 < 0.3"}),
        ((), 0.3, "pending", {}),
        ((), 0.89, "pending", {}),
        ((), 0.9, "verified", {}),
    ],
)
def test_the_gravest_finding_decides(
    outcomes: tuple[RuleOutcome, ...], score: float, status: str, flags: dict[str, str]
) -> None:
    verdict = _decide(*outcomes, score=score)
    assert (verdict.status.value, dict(verdict.flags)) == (status, flags)


def test_a_duplicate_is_flagged_and_never_verified() -> None:
    verdict = _decide(duplicate_of="6f1c")
    assert verdict.status is VerificationStatus.PENDING
    assert verdict.flags == {"flagged": "potential_duplicate"}
    assert "6f1c" in verdict.reasons[0]


def test_the_canonical_item_of_a_group_is_no_duplicate() -> None:
    warned = RuleOutcome("duplicate", CheckStatus.WARN, "Potential duplicate of another item")
    verdict = _decide(warned)
    assert (verdict.status, dict(verdict.flags)) == (VerificationStatus.VERIFIED, {})


@pytest.mark.parametrize(
    ("switch", "outcomes", "duplicate_of", "status", "flags"),
    [
        ("auto_reject_spam", (_SPAM,), None, "quarantined", {"quarantined": "spam"}),
        ("quarantine_suspicious", (_FOREIGN,), None, "pending", {"invalid": "language_supported"}),
        ("auto_verify_high_confidence", (), None, "pending", {}),
        ("auto_flag_duplicates", (), "6f1c", "pending", {}),
    ],
)
def test_a_switched_off_action_does_not_verify_what_it_would_have_caught(
    switch: str, outcomes: tuple[RuleOutcome, ...], duplicate_of: str | None, status: str, flags: dict[str, str]
) -> None:
    verdict = _decide(*outcomes, duplicate_of=duplicate_of, **{switch: False})
    assert (verdict.status.value, dict(verdict.flags)) == (status, flags)


def test_reasons_are_sentences_with_the_deciding_one_first() -> None:
    verdict = _decide(_FORBIDDEN, _FOREIGN, score=0.5, duplicate_of="6f1c")
    assert "suspicious" in verdict.reasons[0]
    assert len(verdict.reasons) == len(set(verdict.reasons)) == 4
    assert all(reason[0].isupper() and reason.endswith(".") for reason in verdict.reasons)


_outcomes = st.lists(
    st.builds(
        RuleOutcome,
        st.sampled_from(["required_fields", "spam", "language_supported", "broken_links", "duplicate"]),
        st.sampled_from(CheckStatus),
        st.just("Something was found"),
    ),
    max_size=6,
)


@given(_outcomes, st.floats(0.0, 1.0), st.booleans(), st.lists(st.booleans(), min_size=5, max_size=5))
def test_only_what_is_valid_known_and_single_is_ever_verified(
    outcomes: list[RuleOutcome], score: float, is_duplicate: bool, switches: list[bool]
) -> None:
    names = list(Actions.model_fields)
    actions = Actions.model_validate(dict(zip(names, switches, strict=True)))
    verdict = decide(
        outcomes, Confidence(score, score, ()), is_duplicate=is_duplicate, canonical=None, rules=_RULES, actions=actions
    )
    assert verdict.reasons
    if verdict.status is VerificationStatus.VERIFIED:
        hindering = {CheckStatus.FAIL, CheckStatus.UNKNOWN, CheckStatus.UNAVAILABLE}
        assert not [outcome for outcome in outcomes if outcome.status in hindering]
        assert not is_duplicate
        assert score >= _RULES.auto_verify


def test_the_packaged_rules_are_those_of_this_page(config: QualityConfig) -> None:
    packaged: dict[str, Any] = config.verdict.model_dump()
    assert packaged == _RULES.model_dump()
    assert config.actions == _ALL_ON


@pytest.mark.parametrize(
    ("decision", "status"), [("approved", "verified"), ("rejected", "rejected"), ("requeued", "pending")]
)
@pytest.mark.parametrize("automatic", [_decide(_SPAM), _decide(_FOREIGN), _decide()], ids=["spam", "foreign", "good"])
def test_a_persons_decision_is_the_status_and_the_first_reason(
    automatic: Verdict, decision: ReviewDecision, status: str
) -> None:
    review = Review(decision, "ana", "I know the author", datetime(2026, 3, 1, tzinfo=UTC))
    verdict = reviewed(automatic, review)
    assert verdict.status.value == status
    assert verdict.reasons[0].startswith("ana ")
    assert verdict.reasons[0].endswith("2026-03-01: I know the author")
    assert verdict.reasons[1:] == automatic.reasons
    assert verdict.flags["reviewed"] == decision
    assert not {"auto_rejected", "quarantined"} & verdict.flags.keys()


def test_what_is_archived_keeps_why_it_would_not_be_verified() -> None:
    verdict = archived(_decide(score=0.15), "low_confidence", "It was swept away.")
    assert verdict.status is VerificationStatus.ARCHIVED
    assert verdict.flags == {"archived": "low_confidence", **_decide(score=0.15).flags}
    assert verdict.reasons[0] == "It was swept away."


def test_a_calibrated_probability_decides_in_the_place_of_the_score() -> None:
    sure = Confidence(0.7, 0.7, (), probability=0.93)
    verdict = decide([_FINE], sure, is_duplicate=False, canonical=None, rules=_RULES, actions=_ALL_ON)
    assert verdict.status is VerificationStatus.VERIFIED
