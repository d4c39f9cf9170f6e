"""robots.txt files in the cache of results: every run is a new process, and sites are asked once a day all the same."""

from datetime import UTC, datetime
from typing import Final

import orjson

from pake_pipelines.store.result_cache import ResultCache

ROBOTS: Final = "robots"


class CachedRobots:
    """See `sources.web.robots.KeptFiles`."""

    def __init__(self, cache: ResultCache) -> None:
        """Keep files in `cache`, until its owner closes it."""
        self._cache = cache

    async def recall(self, site: str) -> tuple[str, datetime] | None:
        """Return the text of the site's file and when it was read."""
        value = (await self._cache.look_up(ROBOTS, [site])).get(site)
        if value is None:
            return None
        try:
            text, read_at = orjson.loads(value)
            return str(text), datetime.fromisoformat(read_at)
        except (ValueError, TypeError):
            return None

    def keep(self, site: str, text: str, read_at: datetime, until: datetime) -> None:
        """Keep a file that took from `read_at` on to be had; a request is all that it costs."""
        self._cache.keep(ROBOTS, site, orjson.dumps([text, read_at.astimezone(UTC)]), _REQUEST_MS, until)


# what a request costs where a host may be asked once a second; the work saved is the host's, too
_REQUEST_MS: Final = 1000.0
