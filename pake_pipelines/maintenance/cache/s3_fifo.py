"""S3-FIFO: a small queue that sifts out what is asked for once, a main queue, and a ghost of what was sifted out.

J. Yang et al., FIFO queues are all you need for cache eviction, SOSP'23, algorithm 1.
"""

from collections import OrderedDict
from typing import Final

from pake_pipelines.maintenance.cache.policies import Capacity, Simulator

_SMALL: Final = 0.1  # share of the capacity for what is new
_MOST_USES: Final = 3  # two bits are counted
_MOVES_UP: Final = 2  # uses after which a value of the small queue goes into the main one


class S3Fifo(Simulator):
    """Static queues; the ghost remembers as many keys as the main queue may hold."""

    def __init__(self, capacity: Capacity) -> None:
        """Begin empty."""
        super().__init__(capacity)
        self._small: OrderedDict[str, int] = OrderedDict()  # with their sizes
        self._main: OrderedDict[str, None] = OrderedDict()
        self._ghost: OrderedDict[str, None] = OrderedDict()
        self._uses: dict[str, int] = {}
        self._small_bytes = 0
        self._remembered = max(1, capacity.entries - self._small_entries)

    @property
    def _small_entries(self) -> int:
        return max(1, int(_SMALL * self.capacity.entries))

    def used(self, key: str) -> None:
        """Count up to three uses; nothing is moved."""
        self._uses[key] = min(_MOST_USES, self._uses[key] + 1)

    def added(self, key: str) -> None:
        """Put what the ghost remembers into the main queue, all else into the small one."""
        self._uses[key] = 0
        if key in self._ghost:
            del self._ghost[key]
            self._main[key] = None
        else:
            self._small[key] = self.held[key].size
            self._small_bytes += self.held[key].size

    def evict(self) -> str:
        """Take from the small queue while that is at its share, otherwise from the main one."""
        while True:
            full = len(self._small) >= self._small_entries or self._small_bytes >= _SMALL * self.capacity.bytes
            gone = self._from_small() if self._small and (full or not self._main) else self._from_main()
            if gone is not None:
                return gone

    def expired(self, key: str) -> None:
        """Forget it, in whichever queue it stands."""
        if key in self._main:
            del self._main[key]
        else:
            self._small_bytes -= self._small.pop(key)
        del self._uses[key]

    def _from_small(self) -> str | None:
        key, size = self._small.popitem(last=False)
        self._small_bytes -= size
        if self._uses[key] >= _MOVES_UP:
            self._main[key] = None
            self._uses[key] = 0
            return None
        del self._uses[key]
        self._ghost[key] = None
        if len(self._ghost) > self._remembered:
            self._ghost.popitem(last=False)
        return key

    def _from_main(self) -> str | None:
        key, _ = self._main.popitem(last=False)
        if self._uses[key]:
            self._uses[key] -= 1
            self._main[key] = None
            return None
        del self._uses[key]
        return key
