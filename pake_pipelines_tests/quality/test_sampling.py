"""A sample sees all scores, says how likely each of its items was, and is the same for the same seed."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.quality.sampling import stratified_sample

_populations = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=120).map(lambda scores: list(enumerate(scores)))


@given(_populations, st.integers(1, 150), st.integers(0, 3))
def test_a_sample_has_no_item_twice_and_its_weights_count_the_population(
    population: list[tuple[int, float]], size: int, seed: int
) -> None:
    sample = stratified_sample(population, size, seed)
    assert len({one.entry_id for one in sample}) == len(sample) == min(size, len(population))
    assert sum(one.weight for one in sample) == pytest.approx(len(population))
    assert all(one.weight >= 1.0 for one in sample)


@given(_populations, st.integers(1, 60), st.randoms())
def test_a_seed_draws_the_same_whatever_the_order_of_the_items(
    population: list[tuple[int, float]], size: int, drawing: random.Random
) -> None:
    shuffled = drawing.sample(population, len(population))
    assert stratified_sample(shuffled, size, 7) == stratified_sample(population, size, 7)


def test_another_seed_draws_another_sample() -> None:
    population = [(number, number / 1000) for number in range(1000)]
    assert stratified_sample(population, 50, 1) != stratified_sample(population, 50, 2)


def test_every_tenth_of_the_scores_is_seen_even_by_who_stops_early() -> None:
    population = [(number, number / 1000) for number in range(1000)]
    sample = stratified_sample(population, 50, 0)
    for first in (10, 20, 50):
        tenths = [one.entry_id // 100 for one in sample[:first]]
        assert [tenths.count(tenth) for tenth in range(10)] == [first // 10] * 10


def test_the_order_does_not_tell_the_score() -> None:
    population = [(number, number / 1000) for number in range(1000)]
    ids = [one.entry_id for one in stratified_sample(population, 200, 0)]
    assert abs(statistics.correlation(ids, range(200))) < 0.2


def test_weights_recover_the_base_rate_that_the_plain_sample_misses() -> None:
    # a tie holds 70 % of the items, all bad, and gets as many places in the sample as the 30 % above it
    population = [(number, 0.2 if number < 700 else number / 1000) for number in range(1000)]
    sample = stratified_sample(population, 60, 0)
    good = [one.entry_id >= 700 for one in sample]
    assert statistics.fmean(good) > 0.6
    weighted = sum(one.weight for one, is_good in zip(sample, good, strict=True) if is_good)
    assert weighted / sum(one.weight for one in sample) == pytest.approx(0.3)


def test_over_many_samples_the_weighted_share_is_the_share() -> None:
    drawing = random.Random(0)
    population = [(number, drawing.random() ** 3) for number in range(400)]
    good = {number for number, score in population if drawing.random() < score}
    shares = []
    for seed in range(200):
        sample = stratified_sample(population, 40, seed)
        shares.append(sum(one.weight for one in sample if one.entry_id in good) / 400)
    assert statistics.fmean(shares) == pytest.approx(len(good) / 400, abs=0.01)


def test_nobody_to_draw_gives_nobody_and_a_sample_of_nothing_is_refused() -> None:
    assert stratified_sample([], 5, 0) == []
    with pytest.raises(ValueError, match="at least one"):
        stratified_sample([(1, 0.5)], 0, 0)
