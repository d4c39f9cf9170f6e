"""How many connections are kept open for a second request to the same server.

aiohttp bounds the connections in use, not the idle ones. A round over thousands of servers must not use up the files
that the process may open.
"""

import resource
from collections import deque
from collections.abc import Callable
from typing import Final

# less than the 5 s after which Apache and Node close an idle connection
KEPT_SECONDS: Final = 4.0


class KeptConnections:
    """Counts the connections that may still be idle: one per request that kept its own in the last `KEPT_SECONDS`."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        """Allow `most` at a time, by the clock `monotonic`."""
        self._most = most
        self._monotonic = monotonic
        self._since: deque[float] = deque()

    def keep_another(self) -> bool:
        """Tell whether the connection of one more request may be kept, and count it if so."""
        now = self._monotonic()
        while self._since and self._since[0] <= now - KEPT_SECONDS:
            self._since.popleft()
        if len(self._since) >= self._most:
            return False
        self._since.append(now)
        return True


def most_kept() -> int:
    """Return half of the files that this process may open: the other half is for what is in use."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4096 if allowed == resource.RLIM_INFINITY else allowed // 2
