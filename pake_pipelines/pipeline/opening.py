"""Opening the cache of results by the project's rules, with Redis in front where its variable is set."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.config.loading import ConfigError, load_maintenance, load_monitoring
from pake_pipelines.config.services import RedisService
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.store.database import Database
from pake_pipelines.store.result_cache import ResultCache, open_results

log = logging.getLogger(__name__)

_OFF: Final = CacheRules(enabled=False)


@asynccontextmanager
async def open_cache(kit: Kit, database: Database) -> AsyncIterator[ResultCache]:
    """Lend the cache of the project; one that keeps nothing where its rules cannot be read."""
    try:
        rules = load_maintenance(kit.settings.configs).cache
        services = load_monitoring(kit.settings.configs).services
    except ConfigError as error:
        log.warning("the cache is not used, because its rules cannot be read: %s", error)
        rules, services = _OFF, {}
    url = os.environ.get(rules.redis_url_env)
    tiers = {one.url_env: name for name, one in services.items() if isinstance(one, RedisService)}
    async with open_results(database, rules, url, tiers.get(rules.redis_url_env)) as cache:
        yield cache
