"""Pairs become groups, the same whatever the order, never across a contradiction, with one member that stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.groups import canonical, group
from pake_pipelines.model.comparison import Candidate, Member, Ruled

START = datetime(2026, 1, 1, tzinfo=UTC)


def member(number, day=None, confidence=0.5, acceptable=True):
    dated = None if day is None else START + timedelta(days=day)
    return Member(UUID(int=number), dated, confidence, acceptable)


def people(*members):
    return {one.pake_id: one for one in members}


def crowd_of(count):
    return people(*(member(number) for number in range(count)))


def pair(one, other, score=0.9, decision="duplicate", facts=None):
    a, b = sorted((one, other))
    evidence = {"facts": facts if facts is not None else 0.1 if decision == "contradicted" else 1.0}
    return Candidate(UUID(int=a), UUID(int=b), "near", "shared_words", score, decision, evidence)


def ruled(one, other, ruling):
    a, b = sorted((one, other))
    return Ruled(UUID(int=a), UUID(int=b), ruling)


def members_of(groups):
    return [[one.int for one in each.members] for each in groups]


def test_connected_items_are_one_group_and_lonely_ones_none():
    assert members_of(group(crowd_of(6), [pair(1, 2), pair(2, 3), pair(4, 5)], [], "oldest")) == [[1, 2, 3], [4, 5]]


def test_similar_items_are_no_group():
    assert group(crowd_of(3), [pair(1, 2, decision="similar")], [], "oldest") == []


def test_a_group_is_named_after_its_smallest_member():
    (found,) = group(crowd_of(4), [pair(3, 2), pair(2, 1)], [], "oldest")
    assert found.group_id == UUID(int=1)


def test_a_copy_of_two_that_contradict_each_other_goes_with_the_closer_one():
    between = [pair(1, 2, decision="contradicted"), pair(1, 3, 0.8), pair(2, 3, 0.9)]
    assert members_of(group(crowd_of(4), between, [], "oldest")) == [[2, 3]]


def test_a_contradiction_keeps_whole_groups_apart():
    pairs = [pair(1, 2), pair(3, 4), pair(2, 3, 0.75), pair(1, 4, decision="contradicted")]
    assert members_of(group(crowd_of(5), pairs, [], "oldest")) == [[1, 2], [3, 4]]


def test_a_contradiction_holds_for_groups_that_were_united_after_it():
    pairs = [pair(1, 2, 0.99), pair(3, 4, 0.98), pair(2, 5, 0.97), pair(5, 3, 0.8), pair(1, 4, decision="contradicted")]
    assert members_of(group(crowd_of(6), pairs, [], "oldest")) == [[1, 2, 5], [3, 4]]


def test_a_person_unites_what_no_comparison_does():
    assert members_of(group(crowd_of(4), [], [ruled(1, 3, "together")], "oldest")) == [[1, 3]]


def test_a_person_outranks_a_contradiction():
    pairs = [pair(1, 3, decision="contradicted")]
    assert members_of(group(crowd_of(4), pairs, [ruled(1, 3, "together")], "oldest")) == [[1, 3]]


def test_a_person_parts_what_is_word_for_word_the_same():
    assert group(crowd_of(3), [pair(1, 2, 1.0)], [ruled(1, 2, "apart")], "oldest") == []


def test_what_a_person_parted_is_not_brought_together_by_a_third():
    pairs = [pair(1, 2, 1.0), pair(2, 3, 1.0), pair(1, 3, 1.0)]
    apart = [ruled(3, 1, "apart"), ruled(3, 2, "apart")]
    assert members_of(group(crowd_of(4), pairs, apart, "oldest")) == [[1, 2]]


def test_pairs_of_items_that_are_no_longer_there_count_for_nothing():
    assert group(people(member(1)), [pair(1, 2)], [ruled(1, 3, "together")], "oldest") == []


@pytest.mark.parametrize(
    ("members", "oldest", "newest", "highest_confidence"),
    [
        ([member(1, 5), member(2, 3), member(3, 9)], 2, 3, 2),
        ([member(1, 5, 0.4), member(2, 5, 0.9)], 2, 2, 2),
        ([member(1, 5, 0.4), member(2, 7, 0.9)], 1, 2, 2),
        ([member(1, 5, 0.90001), member(2, 3, 0.9)], 2, 1, 2),
        ([member(2, 5), member(1, 5)], 1, 1, 1),
        ([member(1), member(2, 5)], 2, 2, 2),
        ([member(1, None, 0.4), member(2, None, 0.9)], 2, 2, 2),
        ([member(1, -2_000), member(2, 5)], 1, 2, 1),
        ([member(1, 1, 0.9, acceptable=False), member(2, 2, 0.1)], 2, 2, 2),
    ],
    ids=["date", "confidence", "policy", "a hair's breadth is none", "id", "undated last", "undated by confidence",
         "long ago", "unfit"],
)  # fmt: skip
def test_the_canonical_member_is_fit_to_stand_for_others_then_chosen_by_the_policy(
    members, oldest, newest, highest_confidence
):
    assert canonical(members, "oldest").pake_id.int == oldest
    assert canonical(members, "newest").pake_id.int == newest
    assert canonical(members, "highest_confidence").pake_id.int == highest_confidence


@pytest.mark.parametrize(
    ("others", "keep", "because"),
    [
        (member(2, 5, 0.4), "highest_confidence", "the highest confidence: 0.700"),
        (member(2, 5, 0.7), "highest_confidence", "the highest confidence (0.700), and the earliest"),
        (member(2, 5, 0.9, acceptable=False), "highest_confidence", "the only member fit to stand for others"),
        (member(2, 5, 0.9), "oldest", "the oldest: 2026-01-02 00:00"),
    ],
    ids=["alone", "tied", "unfit", "oldest"],
)
def test_a_group_says_why_its_canonical_member_is_canonical(others, keep, because):
    (found,) = group(people(member(1, 1, 0.7), others), [pair(1, 2)], [], keep)
    assert found.canonical_id == UUID(int=1)
    assert found.canonical_because.startswith(because)


numbers = st.integers(0, 14)
pairs = st.lists(
    st.builds(
        pair,
        numbers,
        numbers,
        st.sampled_from([0.7, 0.8, 0.9, 1.0]),
        st.sampled_from(["duplicate", "duplicate", "contradicted", "similar"]),
    ).filter(lambda found: found.a != found.b),
    max_size=25, unique_by=lambda found: (found.a, found.b),
)  # fmt: skip
rulings = st.lists(
    st.builds(ruled, numbers, numbers, st.sampled_from(["together", "apart"])).filter(lambda found: found.a != found.b),
    max_size=4, unique_by=lambda found: (found.a, found.b),
)  # fmt: skip
crowds = st.lists(st.tuples(st.none() | st.integers(0, 3), st.sampled_from([0.2, 0.9])), min_size=15, max_size=15).map(
    lambda found: [member(number, *one) for number, one in enumerate(found)]
)
policies = st.sampled_from(["oldest", "newest", "highest_confidence"])


@given(crowds, pairs, rulings, st.randoms(), policies)
def test_the_groups_do_not_depend_on_the_order_of_members_pairs_or_rulings(crowd, found, decided, random, keep):
    expected = group(people(*crowd), found, decided, keep)
    for some in (crowd, found, decided):
        random.shuffle(some)
    assert group(people(*crowd), found, decided, keep) == expected


@given(crowds, pairs)
def test_without_contradictions_groups_are_the_connected_components(crowd, found):
    found = [one for one in found if one.decision == "duplicate"]
    groups = group(people(*crowd), found, [], "oldest")
    place = {one: each.group_id for each in groups for one in each.members}
    assert len(place) == sum(len(each.members) for each in groups)
    assert set(place) == {one for each in found for one in (each.a, each.b)}
    assert all(place[one.a] == place[one.b] for one in found)


@given(crowds, pairs, rulings)
def test_what_a_person_put_apart_stays_so_unless_a_person_also_united_it(crowd, found, decided):
    groups = group(people(*crowd), found, decided, "oldest")
    place = {one: each.group_id for each in groups for one in each.members}
    if not any(one.ruling == "together" for one in decided):
        assert all(one.a not in place or place[one.a] != place.get(one.b) for one in decided)
    for each in groups:
        assert each.canonical_id in each.members
        assert each.group_id == min(each.members)


@given(crowds, pairs)
def test_two_items_that_contradict_each_other_are_never_a_group_of_their_own(crowd, found):
    pairs_of_two = {each.members for each in group(people(*crowd), found, [], "oldest") if len(each.members) == 2}
    assert not pairs_of_two & {(one.a, one.b) for one in found if one.decision == "contradicted"}


def test_one_doubtful_contradiction_does_not_part_many_copies():
    pairs = [pair(1, 2), pair(1, 3), pair(1, 4), pair(2, 3, decision="contradicted", facts=0.5)]
    assert members_of(group(crowd_of(5), pairs, [], "oldest")) == [[1, 2, 3, 4]]


def test_a_chain_of_many_thousands_is_one_group():
    length = 20_000
    (found,) = group(crowd_of(length), [pair(n, n + 1) for n in range(length - 1)], [], "oldest")
    assert len(found.members) == length
