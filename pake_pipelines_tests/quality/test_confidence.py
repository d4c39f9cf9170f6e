"""Confidence: weighted means over what is known, and a decision score that does not judge itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.model.judgement import Factor
from pake_pipelines.quality.confidence import combine

_values = st.one_of(st.none(), st.floats(min_value=0.0, max_value=1.0))
_weights = st.floats(min_value=0.01, max_value=1.0)


def _factors(*values: float | None) -> list[Factor]:
    return [Factor(f"factor {n}", value, 0.25, "") for n, value in enumerate(values)]


def test_the_score_is_the_weighted_mean() -> None:
    factors = [Factor("a", 1.0, 0.3, ""), Factor("b", 0.5, 0.6, ""), Factor("verification_status", 0.0, 0.1, "")]
    confidence = combine(factors)
    assert confidence.score == pytest.approx(0.6)
    assert confidence.decision_score == pytest.approx(0.6 / 0.9)
    assert confidence.factors == tuple(factors)


def test_missing_evidence_is_left_out_and_zero_evidence_counts() -> None:
    assert combine(_factors(0.8, None)).score == pytest.approx(0.8)
    assert combine(_factors(0.8, 0.0)).score == pytest.approx(0.4)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6),
    st.integers(0, 5),
    st.floats(0.0, 1.0),
)
def test_every_factor_moves_the_score(values: list[float], place: int, other: float) -> None:
    moved = [other if number == place else value for number, value in enumerate(values)]
    before, after = combine(_factors(*values)).score, combine(_factors(*moved)).score
    assert (after - before) == pytest.approx((other - values[place]) / 6, abs=1e-9)


def test_the_status_moves_the_score_and_never_the_decision() -> None:
    known = _factors(0.7, 0.7)
    pending, verified = (combine([*known, Factor("verification_status", value, 0.1, "")]) for value in (0.2, 1.0))
    assert pending.score < verified.score
    assert pending.decision_score == verified.decision_score


def test_without_any_evidence_there_is_no_score() -> None:
    with pytest.raises(ValueError, match="no factor"):
        combine([*_factors(None, None), Factor("verification_status", 0.2, 0.1, "")])


@given(st.lists(st.tuples(_values, _weights), max_size=6), st.floats(0.0, 1.0), st.floats(0.0, 1.0), _weights)
def test_a_better_factor_never_lowers_a_score_that_stays_within_0_and_1(
    others: list[tuple[float | None, float]], one: float, two: float, weight: float
) -> None:
    rest = [Factor("other", value, other_weight, "") for value, other_weight in others]
    worse, better = (combine([*rest, Factor("one", value, weight, "")]) for value in sorted((one, two)))
    assert 0.0 <= worse.score <= better.score + 1e-12
    assert better.score <= 1.0
    assert worse.decision_score <= better.decision_score + 1e-12
