"""The decision on a pair: near in meaning and agreeing in numbers makes a duplicate."""

import math
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.quality import DuplicateRules
from pake_pipelines.dedup.pairs import exact, numbers_agreement, ordered, semantic

A, B = UUID(int=1), UUID(int=2)
RULES = DuplicateRules(candidate_threshold=0.7, content_threshold=0.85, max_candidates=5, keep="oldest")


def decide(similarity, one="no numbers", other="none either"):
    return semantic((A, one), (B, other), similarity, RULES)


@pytest.mark.parametrize(
    ("similarity", "decision"),
    [(0.69999, None), (0.7, "similar"), (0.84999, "similar"), (0.85, "duplicate"), (1.0, "duplicate")],
)
def test_the_thresholds_belong_to_the_upper_side(similarity, decision):
    found = decide(similarity)
    assert (found and found.decision) == decision


def test_texts_that_disagree_in_their_numbers_are_never_duplicates():
    found = decide(0.99, "Level 71 per cent, 12 mm of rain", "Level 64 per cent, 31 mm of rain")
    assert found.decision == "similar"
    assert found.evidence == {"cosine": 0.99, "numbers_agreement": 0.0}


def test_a_copy_may_add_a_figure():
    assert decide(0.95, "In 2026, 40 of 63 cases", "In 2026, 40 of 63 cases (up 5)").decision == "duplicate"


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("", "", 1.0),
        ("none", "of them", 1.0),
        ("7", "", 0.0),
        ("7 7 7", "7", 1.0),
        ("1 2 3", "2 3 4", 0.5),
        ("1,200 and 3.5", "3.5 and 1,200", 1.0),
        ("12", "1 2", 0.0),
    ],
)
def test_agreement_is_the_share_of_common_numbers(one, other, agreement):
    assert math.isclose(numbers_agreement(one, other), agreement)


@given(st.text(st.sampled_from("0123456789., ab")), st.text(st.sampled_from("0123456789., ab")))
def test_agreement_is_mutual_and_a_share(one, other):
    assert numbers_agreement(one, other) == numbers_agreement(other, one)
    assert 0.0 <= numbers_agreement(one, other) <= 1.0
    assert numbers_agreement(one, one) == 1.0


@given(st.floats(-1, 1), st.booleans())
def test_a_pair_is_the_same_whoever_found_it(similarity, numbers):
    one, other = ((A, "5"), (B, "6" if numbers else "5"))
    assert semantic(one, other, similarity, RULES) == semantic(other, one, similarity, RULES)
    assert ordered(A, B) == ordered(B, A) == (A, B)


@given(st.floats(0.7, 1.0000001))
def test_a_score_is_a_share_even_where_rounding_made_the_cosine_larger(similarity):
    assert 0.7 <= decide(similarity).score <= 1.0


def test_an_exact_pair_is_a_duplicate_and_says_what_is_shared():
    found = exact(B, A, "exact_url", "https://x.example/")
    assert (found.a, found.b, found.score, found.decision) == (A, B, 1.0, "duplicate")
    assert found.evidence == {"shared": "https://x.example/"}
