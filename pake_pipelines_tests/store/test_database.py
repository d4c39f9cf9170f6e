"""A database that cannot serve is refused with a sentence that says why and what to do."""

import asyncio
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from pake_pipelines.settings import Settings
from pake_pipelines.store.database import (
    MissingDatabaseError,
    Patience,
    StoreError,
    addresses,
    check_server,
    create_databases,
    masked,
    open_database,
    wait_for,
    with_database,
)


class Server:
    """What `check_server` asks, with answers that no server at hand would give."""

    def __init__(self, number=180004, vector="0.8.5"):
        self.answers = {"server_version_num": str(number), "server_version": f"{number // 10000}.4", "vector": vector}

    async def fetchval(self, statement):
        asked = "vector" if "extname" in statement else statement.removeprefix("SHOW ")
        return self.answers[asked]


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (Server(number=140012), r"PostgreSQL 14\.4 is too old: 15 or newer"),
        (Server(vector=None), r"no pgvector: install pgvector 0\.8\.4 or newer on the server"),
        (Server(vector="0.8.3"), r"pgvector 0\.8\.3 is too old: 0\.8\.4 or newer .*ALTER EXTENSION vector UPDATE"),
        (Server(vector="0.7.99"), "too old"),
    ],
)
async def test_a_server_that_cannot_serve_is_refused_with_the_remedy(server, message):
    with pytest.raises(StoreError, match=message):
        await check_server(server)


@pytest.mark.parametrize("server", [Server(), Server(number=150000), Server(vector="0.8.4"), Server(vector="0.10.0")])
async def test_a_server_that_can_serve_is_accepted(server):
    await check_server(server)


async def test_the_embedded_server_can_serve(database):
    async with database.connection() as connection:
        await check_server(connection)


async def test_a_missing_database_is_named_with_what_creates_it(database_url):
    with pytest.raises(MissingDatabaseError, match=r"nowhere.*pake db migrate"):
        async with open_database(with_database(database_url, "nowhere")):
            pass


async def test_a_database_that_was_never_migrated_is_refused(database_url):
    with pytest.raises(StoreError, match=r"is empty, this version needs .*: run `pake db migrate`"):
        async with open_database(with_database(database_url, "postgres")):
            pass


async def test_a_database_at_another_revision_is_refused(database, database_url):
    async with database.connection() as connection:
        await connection.execute("UPDATE pake.alembic_version SET version_num = '0000'")
    with pytest.raises(StoreError, match="at revision 0000"):
        async with open_database(database_url):
            pass


async def test_a_server_that_starts_late_is_waited_for(unused_tcp_port):
    """Somebody listens only after the first attempt; that it is no PostgreSQL shows that the wait reached it."""
    waiting = asyncio.create_task(wait_for(f"postgresql://u:pw@127.0.0.1:{unused_tcp_port}/x", Patience(50, 0.05)))
    reached = asyncio.Event()

    async def answer(reader, writer):
        reached.set()
        writer.close()

    await asyncio.sleep(0)
    async with await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port):
        await asyncio.wait_for(reached.wait(), 10)
    waiting.cancel()


async def test_a_server_that_never_answers_is_named_without_its_password(unused_tcp_port):
    with pytest.raises(StoreError) as raised:
        await wait_for(f"postgresql://me:s3cret@127.0.0.1:{unused_tcp_port}/x", Patience(2, 0.01))
    assert "s3cret" not in str(raised.value)
    assert "me:***@127.0.0.1" in str(raised.value)
    assert "after 2 attempts" in str(raised.value)


async def test_an_account_that_the_server_refuses_is_not_tried_again(database_url):
    stranger = database_url.replace("pake@", "stranger:s3cret@")
    with pytest.raises(StoreError, match="refuses") as raised:
        await wait_for(stranger, Patience(1000, 60))
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("password", ["plain", "with/slash", "with?mark", "a:b", "%40at"])
def test_no_form_of_password_is_shown(password):
    shown = masked(f"postgresql://me:{password}@db.example:5432/x?sslmode=require")
    assert shown == "postgresql://me:***@db.example:5432/x?sslmode=require"
    assert masked(f"postgresql://db.example/x?user=me&password={quote(password)}&a=b").endswith(
        "?user=me&password=***&a=b"
    )


@pytest.mark.parametrize("url", ["postgresql://pake@/x?host=%2Frun", "postgresql://db.example:5432/x"])
def test_an_address_without_a_password_is_shown_as_it_is(url):
    assert masked(url) == url


async def test_databases_are_created_once(server_settings, database_url):
    settings = Settings(
        home=server_settings.home,
        database_url=SecretStr(with_database(database_url, "made_knowledge")),
        dagster_url=SecretStr(with_database(database_url, 'made "quoted"')),
    )
    try:
        await create_databases(settings)
        await create_databases(settings)
        connection = await wait_for(with_database(database_url, "postgres"), Patience())
        try:
            made = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'made%' ORDER BY 1")
        finally:
            await connection.close()
        assert [row["datname"] for row in made] == ['made "quoted"', "made_knowledge"]
    finally:
        connection = await wait_for(with_database(database_url, "postgres"), Patience())
        await connection.execute("DROP DATABASE IF EXISTS made_knowledge")
        await connection.execute('DROP DATABASE IF EXISTS "made ""quoted"""')
        await connection.close()


def test_the_second_database_is_beside_the_first_unless_it_is_given(tmp_path):
    own = Settings(home=tmp_path, database_url="postgresql://u@h:5/kb?sslmode=require")
    assert addresses(own).dagster == "postgresql://u@h:5/dagster?sslmode=require"
    assert not addresses(own).embedded
    given = Settings(home=tmp_path, database_url="postgresql://u@h/kb", dagster_url="postgresql://u@other/d")
    assert addresses(given).dagster == "postgresql://u@other/d"


def test_secrets_of_the_settings_are_not_printed(tmp_path):
    settings = Settings(home=tmp_path, database_url="postgresql://u:s3cret@h/kb")
    assert "s3cret" not in f"{settings!r} {settings}"


async def test_a_transaction_that_fails_leaves_nothing(database):
    async def half(connection):
        await connection.execute(
            "INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)"
            " VALUES ('a', 'a', 'feed', 'a', 1, 'news', true)"
        )
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as connection:
            await half(connection)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM sources") == 0


async def test_json_keeps_what_python_says(database):
    said = {"text": "São “x” \u2028", "list": [1, None, True, 0.5], "deep": {"a": {}}}
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT $1::jsonb", said) == said


async def test_what_is_only_tried_leaves_nothing(database):
    async with database.transaction(keep=False) as connection:
        await connection.execute("INSERT INTO audit_events (actor, action, subject) VALUES ('ana', 'try', 'it')")
        assert await connection.fetchval("SELECT count(*) FROM audit_events") == 1
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit_events") == 0
