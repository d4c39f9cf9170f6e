"""What changed between two judgements is told in words, and nothing is told where nothing changed."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.model.judgement import Confidence, Factor, RuleOutcome
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.quality.change import changes

_AGE = Factor("temporal_relevance", 1.0, 0.15, "published 7 days ago")
_LINKS = Factor("cross_reference_strength", None, 0.2, "connections were not computed")
_OLD = Confidence(0.8, 0.8, (_AGE, _LINKS))
_SPAM = RuleOutcome("spam", CheckStatus.OK, "Spam score low: 0.02")


def _with(factor: Factor) -> Confidence:
    return replace(_OLD, factors=tuple(factor if one.name == factor.name else one for one in _OLD.factors))


def test_a_factor_is_told_with_both_values_and_the_new_reason() -> None:
    older = _with(replace(_AGE, value=0.8, reason="published 8 days ago"))
    assert changes([], _OLD, [], older) == ("temporal_relevance 1.00 to 0.80: published 8 days ago",)


def test_evidence_that_came_to_be_is_told_as_unknown_before() -> None:
    known = _with(replace(_LINKS, value=0.0, reason="no connections yet"))
    assert changes([], _OLD, [], known) == ("cross_reference_strength unknown to 0.00: no connections yet",)


def test_a_weight_and_a_calibration_are_told() -> None:
    assert changes([], _OLD, [], _with(replace(_AGE, weight=0.1))) == ("weight of temporal_relevance 0.15 to 0.1",)
    calibrated = replace(_OLD, probability=0.7)
    assert changes([], _OLD, [], calibrated) == ("calibration put in force",)
    assert changes([], calibrated, [], _OLD) == ("calibration withdrawn",)
    assert changes([], calibrated, [], replace(_OLD, probability=0.6)) == ("calibrated probability 0.700 to 0.600",)


def test_a_rule_is_told_when_its_outcome_is_another_and_not_when_only_its_words_are() -> None:
    failing = replace(_SPAM, status=CheckStatus.FAIL, message="Spam score too high: 0.41 > 0.3")
    assert changes([_SPAM], _OLD, [failing], _OLD) == ("spam ok to fail: Spam score too high: 0.41 > 0.3",)
    assert changes([_SPAM], _OLD, [replace(_SPAM, message="Spam score low: 0.03")], _OLD) == ()
    assert changes([], _OLD, [_SPAM], _OLD) == ("spam new to ok: Spam score low: 0.02",)


@given(st.lists(st.one_of(st.none(), st.floats(0.0, 1.0)), min_size=2, max_size=2))
def test_nothing_is_told_exactly_where_no_value_changed(values: list[float | None]) -> None:
    same = tuple(replace(one, value=value) for one, value in zip(_OLD.factors, values, strict=True))
    told = changes([_SPAM], _OLD, [_SPAM], replace(_OLD, factors=same))
    assert (told == ()) == (same == _OLD.factors)
