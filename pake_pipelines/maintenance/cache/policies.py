"""Policies of eviction, each as a small simulator that is fed requests in order.

Whatever a policy, a request for what is held and has not expired is a hit; anything else is brought in, after so much
was evicted that neither the entries nor the bytes exceed the capacity. What is larger than all of the capacity is not
brought in.
"""

import heapq
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One request: at a time in seconds, for a value of a size in bytes that cost so many ms, until it expires."""

    at: float
    key: str
    size: int = 1
    cost: float = 1.0
    expires_at: float = float("inf")


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many entries and how many bytes a cache may hold."""

    entries: int
    bytes: float = float("inf")


class Simulator(ABC):
    """A cache of one policy; `held` are its values by their keys."""

    def __init__(self, capacity: Capacity) -> None:
        """Begin empty."""
        self.capacity = capacity
        self.held: dict[str, Request] = {}
        self.bytes = 0

    def ask(self, request: Request) -> bool:
        """Serve one request; tell whether it was a hit."""
        held = self.held.get(request.key)
        if held is not None and held.expires_at > request.at:
            self.used(request.key)
            return True
        if held is not None:
            self._let_go(request.key)
            self.expired(request.key)
        if request.size <= self.capacity.bytes and self.capacity.entries > 0:
            while not self._has_room(request):
                self._let_go(self.evict())
            self.held[request.key] = request
            self.bytes += request.size
            self.added(request.key)
        return False

    def _has_room(self, request: Request) -> bool:
        return len(self.held) < self.capacity.entries and self.bytes + request.size <= self.capacity.bytes

    def _let_go(self, key: str) -> None:
        self.bytes -= self.held.pop(key).size

    @abstractmethod
    def used(self, key: str) -> None:
        """Note a hit."""

    @abstractmethod
    def added(self, key: str) -> None:
        """Note a new value, which is held by now."""

    @abstractmethod
    def evict(self) -> str:
        """Return whose turn it is to go and forget it; it is still held."""

    @abstractmethod
    def expired(self, key: str) -> None:
        """Forget a value that ended, which is held no more."""


class Lru(Simulator):
    """Least recently used goes first."""

    def __init__(self, capacity: Capacity) -> None:
        super().__init__(capacity)
        self._order: OrderedDict[str, None] = OrderedDict()

    def used(self, key: str) -> None:
        self._order.move_to_end(key)

    def added(self, key: str) -> None:
        self._order[key] = None

    def evict(self) -> str:
        return self._order.popitem(last=False)[0]

    def expired(self, key: str) -> None:
        del self._order[key]


class Ranked(Simulator):
    """The value of the lowest rank goes first, of equals the one that was ranked first."""

    def __init__(self, capacity: Capacity) -> None:
        super().__init__(capacity)
        self._uses: dict[str, int] = {}
        self._current: dict[str, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._turn = 0

    @abstractmethod
    def rank(self, value: Request, uses: int) -> float:
        """Return the rank of a value that was asked for `uses` times since it came in."""

    def used(self, key: str) -> None:
        self._uses[key] += 1
        self._place(key)

    def added(self, key: str) -> None:
        self._uses[key] = 1
        self._place(key)

    def evict(self) -> str:
        while True:
            rank, turn, key = heapq.heappop(self._heap)
            if self._current.get(key) == (rank, turn):
                self.expired(key)
                return key

    def expired(self, key: str) -> None:
        del self._current[key]
        del self._uses[key]

    def _place(self, key: str) -> None:
        self._turn += 1
        rank = self.rank(self.held[key], self._uses[key])
        self._current[key] = rank, self._turn
        heapq.heappush(self._heap, (rank, self._turn, key))


class Lfu(Ranked):
    """Least frequently used since it came in goes first, of equals the least recently used."""

    def rank(self, value: Request, uses: int) -> float:
        return uses


class Gdsf(Ranked):
    """Greedy-Dual-Size with frequency: rank = age + uses * cost / size, age = the rank that went last.

    L. Cherkasova, Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy, HPL-98-69, 1998.
    """

    _age = 0.0

    def rank(self, value: Request, uses: int) -> float:
        return self._age + uses * value.cost / max(1, value.size)

    def evict(self) -> str:
        self._age = self._heap_age()
        return super().evict()

    def _heap_age(self) -> float:
        while self._current.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
        return self._heap[0][0]


class Ttl(Ranked):
    """What expires soonest goes first, of equals the least recently used; what never does goes last."""

    def rank(self, value: Request, uses: int) -> float:
        return value.expires_at


class Sieve(Simulator):
    """One queue, one bit for each value, one hand that moves from the oldest to the newest and spares what was used.

    Y. Zhang et al., SIEVE is Simpler than LRU, NSDI'24, algorithm 1.
    """

    def __init__(self, capacity: Capacity) -> None:
        super().__init__(capacity)
        self._visited: dict[str, bool] = {}
        self._newer: dict[str, str | None] = {}
        self._older: dict[str, str | None] = {}
        self._newest: str | None = None
        self._oldest: str | None = None
        self._hand: str | None = None

    def used(self, key: str) -> None:
        self._visited[key] = True

    def added(self, key: str) -> None:
        self._visited[key] = False
        self._older[key], self._newer[key] = self._newest, None
        if self._newest is not None:
            self._newer[self._newest] = key
        self._newest = key
        if self._oldest is None:
            self._oldest = key

    def evict(self) -> str:
        here = self._hand or self._oldest
        while here is not None and self._visited[here]:
            self._visited[here] = False
            here = self._newer[here] or self._oldest
        assert here is not None, "nothing is evicted from an empty cache"
        self._hand = here
        self.expired(here)
        return here

    def expired(self, key: str) -> None:
        older, newer = self._older.pop(key), self._newer.pop(key)
        del self._visited[key]
        if self._hand == key:
            self._hand = newer
        if older is None:
            self._oldest = newer
        else:
            self._newer[older] = newer
        if newer is None:
            self._newest = older
        else:
            self._older[newer] = older
