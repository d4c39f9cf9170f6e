"""A knowledge base of an earlier version goes on with everything it remembers."""

import asyncio
from importlib import resources

import pytest
from alembic import command
from alembic.config import Config

from pake_pipelines.store.database import Patience, addresses, wait_for, with_database
from pake_pipelines.store.migrate import migrate

BEFORE = """
INSERT INTO pake.sources (source, name, kind, address, authority, authority_basis, enabled)
VALUES ('feed', 'Feed', 'feed', 'https://a.example', 0.5, 'news', true), ('new', 'New', 'feed', 'b', 0.5, 'news', true);
INSERT INTO pake.source_state (source, etag, body_sha256, parser_version, consecutive_failures)
VALUES ('feed', 'W/"1"', 'abc', 'feed-1', 3), ('new', NULL, NULL, NULL, 0);
"""


@pytest.fixture
def old_url(server_settings):
    """A database at revision 0001, with sources that were read."""
    knowledge = addresses(server_settings).knowledge
    asyncio.run(execute(with_database(knowledge, "postgres"), "CREATE DATABASE upgraded"))
    url = with_database(knowledge, "upgraded")
    config = Config()
    config.set_main_option("script_location", str(resources.files("pake_pipelines.store.migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    command.upgrade(config, "0001")
    asyncio.run(execute(url, BEFORE))
    yield url
    asyncio.run(execute(with_database(knowledge, "postgres"), "DROP DATABASE upgraded WITH (FORCE)"))


async def execute(url, statement):
    connection = await wait_for(url, Patience())
    try:
        return await connection.execute(statement)
    finally:
        await connection.close()


async def states(url):
    connection = await wait_for(url, Patience())
    try:
        found = await connection.fetch(
            "SELECT source, cursor::text, parser_version, consecutive_failures FROM pake.source_state ORDER BY source"
        )
        return [tuple(row) for row in found]
    finally:
        await connection.close()


def test_validators_become_the_cursor_and_nothing_else_is_forgotten(old_url):
    migrate(old_url)
    assert asyncio.run(states(old_url)) == [
        ("feed", '{"etag": "W/\\"1\\"", "sha256": "abc"}', "feed-1", 3),
        ("new", "{}", None, 0),
    ]
