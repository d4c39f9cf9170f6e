"""Policies by their definitions: small examples worked by hand, properties, and naive versions of the newer two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.maintenance.cache.policies import Capacity, Gdsf, Lfu, Lru, Request, Sieve, Ttl
from pake_pipelines.maintenance.cache.replay import POLICIES, ceiling, replay, residents
from pake_pipelines.maintenance.cache.s3_fifo import S3Fifo

KEYS = st.text("abcdefgh", min_size=1, max_size=60)


def requests(keys, **fields):
    return [Request(at=float(number), key=key, **fields) for number, key in enumerate(keys)]


def fed(policy, keys, entries, **fields):
    """Return the simulator after `keys`, and which of them hit."""
    simulator = policy(Capacity(entries))
    hits = "".join("!" if simulator.ask(one) else "." for one in requests(keys, **fields))
    return simulator, hits


def held(policy, keys, entries, **fields):
    return "".join(sorted(fed(policy, keys, entries, **fields)[0].held))


def test_lru_lets_go_of_what_was_used_longest_ago():
    assert held(Lru, "abcad", 3) == "acd"
    assert fed(Lru, "abcabc", 2)[1] == "......"


def test_lfu_lets_go_of_what_was_used_least_and_of_equals_the_older():
    assert held(Lfu, "aabbcd", 3) == "abd"


def test_gdsf_keeps_what_is_dear_for_its_size():
    simulator = Gdsf(Capacity(2))
    simulator.ask(Request(0, "dear", size=10, cost=100))
    simulator.ask(Request(1, "cheap", size=10, cost=1))
    simulator.ask(Request(2, "new", size=10, cost=1))
    assert set(simulator.held) == {"dear", "new"}


def test_gdsf_ages_what_is_dear_and_never_used_again():
    simulator = Gdsf(Capacity(2))
    simulator.ask(Request(0, "dear", cost=5))
    for number in range(1, 12):
        simulator.ask(Request(number, f"cheap-{number}", cost=1))
    assert "dear" not in simulator.held


def test_ttl_lets_go_of_what_ends_soonest():
    simulator = Ttl(Capacity(2))
    simulator.ask(Request(0, "a", expires_at=100))
    simulator.ask(Request(1, "b", expires_at=50))
    simulator.ask(Request(2, "c", expires_at=90))
    assert set(simulator.held) == {"a", "c"}


def test_sieve_spares_what_was_used_and_leaves_it_where_it_stands():
    # the hand starts at the oldest, spares `a` once and takes b; then it goes on from there and takes c, d and e
    simulator, hits = fed(Sieve, "abcadaebf", 3)
    assert hits == "...!.!..."
    assert set(simulator.held) == {"a", "b", "f"}


def test_s3_fifo_sifts_out_what_is_asked_for_once_and_remembers_it():
    simulator = S3Fifo(Capacity(10))
    for one in requests("ABCDEFGHIJ"):
        simulator.ask(one)
    simulator.ask(Request(10, "K"))
    assert "A" not in simulator.held, "the oldest of the small queue goes"
    simulator.ask(Request(11, "A"))
    for number in range(20):
        simulator.ask(Request(12 + number, f"scan-{number}"))
    assert "A" in simulator.held, "the ghost knew it, and a scan does not drive it out of the main queue"


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_what_has_expired_is_no_hit(name):
    simulator = POLICIES[name](Capacity(2))
    assert not simulator.ask(Request(0, "a", expires_at=10))
    assert simulator.ask(Request(9, "a", expires_at=19))
    assert not simulator.ask(Request(10, "a", expires_at=20))
    assert simulator.ask(Request(11, "a", expires_at=21))


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_what_is_larger_than_everything_is_not_brought_in(name):
    simulator = POLICIES[name](Capacity(10, bytes=100))
    simulator.ask(Request(0, "small", size=40))
    simulator.ask(Request(1, "huge", size=101))
    assert set(simulator.held) == {"small"}


SIZED = st.lists(
    st.builds(
        Request,
        at=st.just(0.0),
        key=st.sampled_from("abcdefghij"),
        size=st.integers(1, 40),
        cost=st.floats(0.1, 50),
        expires_at=st.one_of(st.just(float("inf")), st.floats(0, 80)),
    ),
    max_size=80,
).map(lambda made: [Request(float(n), one.key, one.size, one.cost, one.expires_at) for n, one in enumerate(made)])


@pytest.mark.parametrize("name", sorted(POLICIES))
@given(SIZED, st.integers(1, 8), st.integers(10, 120))
def test_no_policy_ever_exceeds_its_capacity_or_loses_count(name, made, entries, size):
    simulator = POLICIES[name](Capacity(entries, size))
    for one in made:
        simulator.ask(one)
        assert len(simulator.held) <= entries
        assert simulator.bytes == sum(value.size for value in simulator.held.values()) <= size


@given(KEYS, st.integers(1, 7))
def test_a_larger_lru_holds_all_that_a_smaller_one_does(keys, entries):
    smaller, larger = Lru(Capacity(entries)), Lru(Capacity(entries + 1))
    for one in requests(keys):
        smaller.ask(one)
        larger.ask(one)
        assert smaller.held.keys() <= larger.held.keys()


@given(SIZED, st.integers(1, 8), st.integers(10, 120))
def test_no_policy_exceeds_the_ceiling(made, entries, size):
    most = ceiling(made, entries)
    for name, ratios in replay(made, Capacity(entries, size)).items():
        assert ratios.hits <= most + 1e-12, name


def exhaustive(keys, entries):
    """Return the most hits that any choice at every step can lead to, by trying all of them."""
    reached = {frozenset(): 0}
    for key in keys:
        following = {}
        for inside, hits in reached.items():
            options = [inside] if key in inside else [inside, *_with(inside, key, entries)]
            for option in options:
                following[option] = max(following.get(option, 0), hits + (key in inside))
        reached = following
    return max(reached.values())


def _with(inside, key, entries):
    if len(inside) < entries:
        return [inside | {key}]
    return [inside - {gone} | {key} for gone in inside]


@given(st.text("abcde", min_size=1, max_size=12), st.integers(1, 3))
def test_the_ceiling_is_the_best_that_any_choice_can_reach(keys, entries):
    assert round(ceiling(requests(keys), entries) * len(keys)) == exhaustive(keys, entries)


def naive_sieve(keys, entries):
    """Return the hits of SIEVE with a plain list: newest first, the hand an index that moves to the front."""
    queue, visited, hand, hits = [], set(), None, ""
    for key in keys:
        if key in queue:
            visited.add(key)
            hits += "!"
            continue
        hits += "."
        if len(queue) == entries:
            at = len(queue) - 1 if hand is None else hand
            while queue[at] in visited:
                visited.discard(queue[at])
                at = at - 1 if at else len(queue) - 1
            queue.pop(at)
            hand = at - 1 if at else None
        queue.insert(0, key)
        hand = None if hand is None else hand + 1
    return hits


@given(KEYS, st.integers(1, 6))
def test_sieve_is_the_plain_list_of_its_paper(keys, entries):
    assert fed(Sieve, keys, entries)[1] == naive_sieve(keys, entries)


def naive_s3_fifo(keys, entries):
    """Return the hits of algorithm 1 of the paper, with plain lists, newest first."""
    share = max(1, int(0.1 * entries))
    small, main, ghost, uses, hits = [], [], [], {}, ""

    def evict_small():
        while small:
            tail = small.pop()
            if uses[tail] > 1:
                uses[tail] = 0
                main.insert(0, tail)
                if len(small) + len(main) <= entries and len(small) < share:
                    return False
            else:
                del uses[tail]
                ghost.insert(0, tail)
                del ghost[max(1, entries - share) :]
                return True
        return False

    def evict_main():
        while main:
            tail = main.pop()
            if uses[tail] > 0:
                uses[tail] -= 1
                main.insert(0, tail)
            else:
                del uses[tail]
                return True
        return False

    for key in keys:
        if key in uses:
            uses[key] = min(3, uses[key] + 1)
            hits += "!"
            continue
        hits += "."
        gone = len(small) + len(main) < entries
        while not gone:
            gone = evict_small() if len(small) >= share or not main else evict_main()
        if key in ghost:
            ghost.remove(key)
            main.insert(0, key)
        else:
            small.insert(0, key)
        uses[key] = 0
    return hits


@given(KEYS, st.integers(1, 6))
def test_s3_fifo_is_the_algorithm_of_its_paper(keys, entries):
    assert fed(S3Fifo, keys, entries)[1] == naive_s3_fifo(keys, entries)


@given(st.text("abcdefghijklmnopqrst", max_size=200), st.integers(8, 14))
def test_s3_fifo_is_the_same_with_a_small_queue_of_one_and_more_keys(keys, entries):
    assert fed(S3Fifo, keys, entries)[1] == naive_s3_fifo(keys, entries)


def test_replaying_tells_the_shares_of_requests_bytes_and_work():
    made = [Request(0, "a", 10, 5.0), Request(1, "b", 30, 1.0), Request(2, "a", 10, 5.0), Request(3, "b", 30, 1.0)]
    ratios = replay(made, Capacity(1))["lru"]
    assert (ratios.hits, ratios.bytes, ratios.cost) == (0.0, 0.0, 0.0)
    ratios = replay(made, Capacity(2))["lru"]
    assert (ratios.hits, ratios.bytes, ratios.cost) == (0.5, 0.5, 0.5)
    assert residents(made, "lru", Capacity(1)) == {"b"}
