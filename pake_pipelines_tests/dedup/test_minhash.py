"""Signatures estimate what two texts have in common, and bands find those that have much."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.minhash import bands, estimated_jaccard, minhashes, sign, worth_comparing
from pake_pipelines.dedup.shingles import containment, jaccard, kinds_of, shingles
from pake_pipelines.dedup.tokens import words
from pake_pipelines.model.signature import Signature


def text_of(seed, count=200):
    chosen = random.Random(seed)
    return " ".join(f"word{chosen.randrange(3000)}" for _ in range(count))


def signature_of(text, kind="words"):
    (found,) = [one for one in sign([("", text)])[0] if one.kind == kind]
    return found


def edited(text, share, seed=1):
    chosen = random.Random(seed)
    return " ".join(f"new{chosen.random()}" if chosen.random() < share else word for word in text.split())


@pytest.mark.parametrize(
    ("count", "kinds"),
    [(0, ()), (1, ("characters",)), (29, ("characters",)), (30, ("words", "characters")),
     (49, ("words", "characters")), (50, ("words",)), (5000, ("words",))],
)  # fmt: skip
def test_short_texts_are_compared_by_characters_and_long_ones_by_words(count, kinds):
    assert kinds_of(["w"] * count) == kinds


@given(st.integers(1, 200), st.floats(0.7, 1.0))
def test_texts_of_about_one_length_always_share_a_kind(count, ratio):
    shorter = max(1, round(count * ratio))
    assert set(kinds_of(["w"] * count)) & set(kinds_of(["w"] * shorter)) or shorter < count * 0.7


def test_a_text_too_short_for_a_shingle_is_one():
    assert len(shingles(["a"], "words")) == 1
    assert jaccard(shingles(["a"], "characters"), shingles(["a"], "characters")) == 1.0


def test_texts_without_words_have_no_signature_and_nothing_in_common():
    assert sign([("", "🎉 …"), ("A title", "")])[0] == ()
    assert [one.kind for one in sign([("A title", "")])[0]] == ["title"]
    assert jaccard(shingles([], "words"), shingles([], "words")) == 0.0
    assert containment(shingles([], "words"), shingles(["a"], "words")) == 0.0


def test_the_jaccard_index_is_that_of_the_sets_of_shingles():
    one, other = words("a b c d e f"), words("a b c d x y")
    assert jaccard(shingles(one, "words"), shingles(other, "words")) == 2 / 6
    assert containment(shingles(one, "words"), shingles(one[:4], "words")) == 1.0


def test_word_order_counts_within_a_shingle():
    assert jaccard(shingles(words("a b c"), "words"), shingles(words("c b a"), "words")) == 0.0


@pytest.mark.parametrize("share", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_the_estimate_is_within_four_deviations_of_the_truth(share):
    for seed in range(20):
        one = text_of(seed)
        other = edited(one, share, seed)
        truth = jaccard(shingles(words(one), "words"), shingles(words(other), "words"))
        estimate = estimated_jaccard(signature_of(one).minhash, signature_of(other).minhash)
        assert abs(estimate - truth) <= 4 * (truth * (1 - truth) / 128) ** 0.5 + 1 / 128


def test_nearly_every_pair_of_index_0_7_shares_a_band():
    found = tried = 0
    for seed in range(200):
        one = text_of(seed)
        other = edited(one, 0.055, seed)
        if jaccard(shingles(words(one), "words"), shingles(words(other), "words")) >= 0.7:
            tried += 1
            ours, theirs = bands([signature_of(one), signature_of(other)])
            found += bool(set(ours) & set(theirs))
    assert tried > 100
    assert found == tried


def test_texts_that_have_nothing_in_common_share_no_band():
    rows = bands([signature_of(text_of(seed)) for seed in range(50)])
    assert len({band for row in rows for band in row}) == 50 * 32


def test_a_title_has_few_bands_and_never_meets_a_text():
    title, text = sign([("one two three four", "one two three four")])[0][::-1]
    assert {one.kind for one in (title, text)} == {"title", "characters"}
    rows = bands([title, text])
    assert sorted(map(len, rows)) == [8, 32]
    assert not set(rows[0]) & set(rows[1])


def test_signatures_and_bands_are_the_same_today_and_tomorrow():
    (found,) = sign([("", "The quick brown fox jumps over the lazy dog, and nobody has ever asked it why.")])[0]
    assert found.signature_id == 2302389332263691620
    assert bands([found])[0][:2] == [4807100865077161300, 4944018611785616049]


@given(st.lists(st.binary(min_size=512, max_size=512), min_size=1, max_size=4))
def test_bands_depend_on_nothing_but_the_signature(minhashes_given):
    made = [Signature(number, "words", minhash) for number, minhash in enumerate(minhashes_given)]
    assert bands(made) == [bands([one])[0] for one in made]
    assert all(-(2**63) <= band < 2**63 for row in bands(made) for band in row)


def test_equal_sets_have_equal_minhashes_whatever_else_is_signed_with_them():
    one, other = shingles(words(text_of(1)), "words"), shingles(words(text_of(2)), "words")
    assert minhashes([one, other], "words")[0] == minhashes([one], "words")[0]
    assert minhashes([], "words") == []


def test_only_hopeful_pairs_are_worth_comparing():
    one = signature_of(text_of(1)).minhash
    assert worth_comparing("words", one, signature_of(edited(text_of(1), 0.1)).minhash)
    assert not worth_comparing("words", one, signature_of(text_of(2)).minhash)


def test_five_megabytes_are_signed():
    (found,) = sign([("", "lorem ipsum dolor " * 280_000)])[0]
    assert np.frombuffer(found.minhash, "<u4").shape == (128,)
