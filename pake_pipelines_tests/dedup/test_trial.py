"""Many documents compared in memory: everything worth comparing is found, and not everything is compared."""

from uuid import UUID

import numpy as np

from pake_pipelines.dedup.fingerprint import content_hash
from pake_pipelines.dedup.profile import Profile
from pake_pipelines.dedup.trial import candidate_pairs, compare_all
from pake_pipelines_tests.dedup.test_decision import OTHER, RULES, STORY


def profiles(*texts, titles=None, url=None):
    return [
        Profile(UUID(int=number), titles[number] if titles else f"{number} {text[:9]}", text, url, content_hash(text))
        for number, text in enumerate(texts)
    ]


def test_copies_of_every_kind_are_found():
    some = profiles(STORY, OTHER, STORY.lower(), STORY.replace("harbour", "port"))
    vectors = np.eye(4, dtype=np.float32)
    vectors[1] = vectors[0]
    found = {(one.a.int, one.b.int): one.reason for one in compare_all(some, vectors, RULES)}
    assert found == {(0, 2): "same_text", (0, 3): "shared_words", (2, 3): "shared_words", (0, 1): "close_meaning"}


def test_a_thousand_copies_make_few_pairs():
    pairs = candidate_pairs(profiles(*[STORY] * 1000), None, RULES)
    assert len(pairs) < 1000 * 25


def test_a_thousand_texts_of_one_title_make_few_pairs():
    pairs = candidate_pairs(
        profiles(*(f"{OTHER} {n}" for n in range(1000)), titles=["Weekly links"] * 1000), None, RULES
    )
    assert len(pairs) < 1000 * 50


def test_few_or_no_documents_are_no_special_case():
    assert compare_all([], np.zeros((0, 4), np.float32), RULES) == []
    assert compare_all(profiles(STORY), np.ones((1, 4), np.float32), RULES) == []
