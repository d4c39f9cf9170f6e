"""A cache with entries of any age, and a workplace to clean it in."""

from datetime import timedelta

import pytest

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings
from pake_pipelines.store import cache_accesses, cache_entries, cache_upkeep
from pake_pipelines.store.cache_entries import Result
from pake_pipelines_tests.chain import execute
from pake_pipelines_tests.conftest import NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Kept:
    """Entries put in through the store, with the ages and uses that a test wants."""

    def __init__(self, database):
        self.database = database

    async def put(self, *keys, category="extraction", value=b"value", cost=10.0, age=HOUR, idle=None, used=0, ends=DAY):
        made = NOW - age
        results = {key: Result(value, cost, None if ends is None else NOW + ends) for key in keys}
        async with self.database.transaction() as connection:
            await cache_entries.write(connection, category, results, made)
        await execute(
            self.database,
            "UPDATE cache_entries SET access_count = $2, accessed_at = $3 WHERE key = ANY ($1)",
            list(keys),
            used,
            NOW - (age if idle is None else idle),
        )

    async def log(self, *accesses):
        async with self.database.transaction() as connection:
            await cache_accesses.log(connection, accesses)

    async def keys(self, category=None):
        async with self.database.connection() as connection:
            return {one.key for one in await cache_upkeep.held(connection, category)}


@pytest.fixture
def kept(database):
    return Kept(database)


@pytest.fixture
def place(tmp_path, database_url):
    """Return a function that makes a workplace: `place("light", category=None, dry_run=False, **rules)`."""

    def make(level="smart", category=None, *, dry_run=False, **rules):
        settings = Settings(home=tmp_path, database_url=database_url)
        config = load_maintenance(settings.configs).model_copy(
            update={"cache": CacheRules(ttl_days={"extraction": 30}, **rules)}
        )
        options = {"level": level, "category": category}
        return Workplace(settings, config, dry_run=dry_run, options=options, clock=lambda: NOW)

    return make
