"""What the tests of this room share: an empty library that takes texts of any length."""

import asyncio

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.document import Language
from pake_pipelines.pipeline import results
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Patience, addresses, wait_for, with_database
from pake_pipelines_tests.duplicates.library import Library

OPEN_DOOR = "ingest: {min_content_length: 0, max_content_length: 10000000, exclude_patterns: [sponsored]}"


@pytest.fixture(scope="package", autouse=True)
def server_url(server_settings):
    """The maintenance database of a server that does not wait for the disk: it is never killed here, clients are."""

    async def hurry(url):
        connection = await wait_for(url, Patience())
        try:
            await connection.execute("ALTER SYSTEM SET fsync = off")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()

    url = with_database(addresses(server_settings).knowledge, "postgres")
    asyncio.run(hurry(url))
    return url


@pytest.fixture(scope="package", autouse=True)
def one_language():
    """Every text is English: to find out would take ten times as long as all the rest, and no copy depends on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "detect_language", lambda *_: Language("en", 1.0))
        yield


@pytest.fixture
def kit_with(configure, kit_of):
    """Return a function that makes the kit anew with other quality rules; every text passes the door."""

    def make(quality=""):
        settings: Settings = configure("sources: {}", f"{OPEN_DOOR}\n{quality}")
        load_quality.cache_clear()
        return kit_of(settings)

    return make


@pytest.fixture
async def library(kit_with, database, run):
    return await Library(kit_with(), database, run).open()
