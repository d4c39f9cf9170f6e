"""Connected pairs become groups, the same whatever the order, with one member that stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.groups import canonical, group
from pake_pipelines.model.comparison import Member

START = datetime(2026, 1, 1, tzinfo=UTC)


def member(number, day=None, authority=0.5):
    return Member(UUID(int=number), None if day is None else START + timedelta(days=day), authority)


def people(*members):
    return {one.pake_id: one for one in members}


def pairs_of(*numbers):
    return [(UUID(int=one), UUID(int=other)) for one, other in numbers]


def test_connected_items_are_one_group_and_lonely_ones_none():
    found = group(people(*(member(n) for n in range(6))), pairs_of((1, 2), (2, 3), (4, 5)), "oldest")
    assert [[one.int for one in each.members] for each in found] == [[1, 2, 3], [4, 5]]


def test_a_group_is_named_after_its_smallest_member():
    (found,) = group(people(member(3), member(1), member(2)), pairs_of((3, 2), (2, 1)), "oldest")
    assert found.group_id == UUID(int=1)


@pytest.mark.parametrize(
    ("members", "oldest", "newest"),
    [
        ([member(1, 5), member(2, 3), member(3, 9)], 2, 3),
        ([member(1, 5, 0.4), member(2, 5, 0.9)], 2, 2),
        ([member(2, 5), member(1, 5)], 1, 1),
        ([member(1), member(2, 5)], 2, 2),
        ([member(1, None, 0.4), member(2, None, 0.9)], 2, 2),
        ([member(1, -800_000 // 365), member(2, 5)], 1, 2),
    ],
    ids=["date", "authority", "id", "undated last", "undated by authority", "long ago"],
)
def test_the_canonical_member_is_chosen_by_date_then_authority_then_id(members, oldest, newest):
    assert canonical(members, "oldest").int == oldest
    assert canonical(members, "newest").int == newest


numbers = st.integers(0, 14)
edges = st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), max_size=25)
crowds = st.lists(
    st.builds(member, numbers, st.none() | st.integers(0, 3), st.sampled_from([0.2, 0.9])),
    min_size=15, max_size=15,
).map(lambda found: [Member(UUID(int=n), one.dated, one.authority) for n, one in enumerate(found)])  # fmt: skip


@given(crowds, edges, st.randoms(), st.sampled_from(["oldest", "newest"]))
def test_the_groups_do_not_depend_on_the_order_of_members_or_pairs(crowd, found, random, keep):
    pairs = pairs_of(*found)
    expected = group(people(*crowd), pairs, keep)
    mixed = [pair if random.random() < 0.5 else pair[::-1] for pair in pairs]
    random.shuffle(mixed)
    random.shuffle(crowd)
    assert group(people(*crowd), mixed, keep) == expected


@given(crowds, edges)
def test_groups_are_the_connected_components(crowd, found):
    groups = group(people(*crowd), pairs_of(*found), "oldest")
    place = {one: each.group_id for each in groups for one in each.members}
    assert len(place) == sum(len(each.members) for each in groups)
    assert set(place) == {one for pair in pairs_of(*found) for one in pair}
    assert all(place[one] == place[other] for one, other in pairs_of(*found))
    for each in groups:
        assert each.canonical_id in each.members
        assert each.group_id == min(each.members)


def test_a_chain_of_many_thousands_is_one_group():
    length = 20_000
    (found,) = group(
        people(*(member(n) for n in range(length))), pairs_of(*((n, n + 1) for n in range(length - 1))), "oldest"
    )
    assert len(found.members) == length
