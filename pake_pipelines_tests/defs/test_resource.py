"""How the environment reaches the assets."""

import pytest

from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.settings import get_settings
from pake_pipelines.store.errors import StoreError


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Settings read anew from the environment, before and after."""
    monkeypatch.setenv("PAKE_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield monkeypatch
    get_settings.cache_clear()


async def test_the_knowledge_base_is_the_one_that_the_environment_names(environment, database_url):
    environment.setenv("PAKE_DATABASE_URL", database_url)
    base = KnowledgeBase()
    async with base.open(base.kit()) as database, database.connection() as connection:
        assert database_url.split("?")[0].endswith(await connection.fetchval("SELECT current_database()"))


async def test_a_store_that_is_not_running_is_named_with_what_to_do(environment):
    environment.setenv("PAKE_CONNECT_ATTEMPTS", "1")
    base = KnowledgeBase()
    with pytest.raises(StoreError, match="is not running; start everything with `pake up`"):
        async with base.open(base.kit()):
            pass
