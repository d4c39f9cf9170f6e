"""Bins of equal mass hold every item once, in order, and never part equals."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.quality.bins import equal_mass

_scores = st.lists(st.one_of(st.sampled_from([0.1, 0.5]), st.floats(0.0, 1.0)), max_size=60)


@given(_scores, st.integers(1, 12))
def test_bins_are_a_partition_by_rising_score_that_never_parts_equals(scores: list[float], bins: int) -> None:
    found = equal_mass(scores, bins)
    assert sorted(place for one in found for place in one) == list(range(len(scores)))
    assert len(found) <= bins
    for one, following in pairwise(found):
        assert max(scores[place] for place in one) < min(scores[place] for place in following)


@given(st.sets(st.floats(0.0, 1.0), min_size=1, max_size=80), st.integers(1, 12))
def test_without_ties_the_masses_differ_by_one_at_most(scores: set[float], bins: int) -> None:
    masses = [len(one) for one in equal_mass(list(scores), bins)]
    assert max(masses) - min(masses) <= 1
    assert len(masses) == min(bins, len(scores))


def test_a_tie_larger_than_a_bin_takes_the_room_of_several() -> None:
    assert [len(one) for one in equal_mass([0.1, *[0.5] * 7, 0.8, 0.9], 5)] == [8, 2]


def test_less_than_one_bin_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        equal_mass([0.5], 0)
