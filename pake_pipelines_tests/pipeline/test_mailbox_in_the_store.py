"""Mail on its whole way: from a real IMAP server into the store, by days, once each, marked only after it is stored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines_tests.chain import rows, value, visit
from pake_pipelines_tests.conftest import TODAY
from pake_pipelines_tests.feeds import prose
from pake_pipelines_tests.imap_server import PASSWORD, USER, ImapServer

CONFIGURATION = """
sources:
  mail: {{name: Mail, kind: mailbox, host: 127.0.0.1, port: {port}, security: plain, folder: News, mark_seen: true}}
"""
BY_DAY = "SELECT day, count(*) FROM entries WHERE superseded_at IS NULL GROUP BY day ORDER BY day"


@pytest.fixture(scope="module")
def server():
    with ImapServer() as running:
        yield running


@pytest.fixture
def kit(server, configure, kit_of, monkeypatch):
    """A project that reads the folder News, made anew."""
    monkeypatch.setenv("PAKE_MAIL_USERNAME", USER)
    monkeypatch.setenv("PAKE_MAIL_PASSWORD", PASSWORD)
    with server.hand() as mailbox:
        if mailbox.folder.exists("News"):
            mailbox.folder.delete("News")
        mailbox.folder.create("News")
    return kit_of(configure(CONFIGURATION.format(port=server.port)))


def letter(number, day):
    when = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    head = f"From: Jo <jo@x.example>\r\nSubject: Letter {number}\r\nMessage-ID: <{number}@x.example>\r\n"
    return f"{head}\r\n{prose(number)}\r\n".encode(), when


async def test_imap_messages_are_stored_once_by_the_day_they_came_and_then_marked(kit, server, database, run):
    yesterday = TODAY - timedelta(days=1)
    server.append("News", letter(1, yesterday), letter(2, TODAY), letter(3, TODAY))
    assert (await visit(kit, database, run))["mail"].new == 3
    found = {row["day"]: row["count"] for row in await rows(database, BY_DAY)}
    assert found == {yesterday: 1, TODAY: 2}
    assert all(r"\Seen" in flags for flags in server.flags("News").values())
    assert (await visit(kit, database, run))["mail"].outcome == "unchanged"


async def test_an_imap_folder_that_was_made_anew_stores_nothing_twice(kit, server, database, run):
    letters = [letter(number, TODAY) for number in (1, 2, 3)]
    server.append("News", *letters)
    await visit(kit, database, run)
    server.recreate("News")
    server.append("News", *letters, letter(4, TODAY))
    seen = (await visit(kit, database, run))["mail"]
    assert (seen.new, seen.updated, seen.unchanged) == (1, 0, 3)
    assert await value(database, "SELECT count(*) FROM items") == 4


async def test_an_imap_visit_with_a_limit_is_gone_on_with(kit, server, database, run):
    server.append("News", *(letter(number, TODAY) for number in range(5)))
    seen = [(await visit(kit, database, run, limit=2))["mail"] for _ in range(4)]
    assert [one.new for one in seen] == [2, 2, 1, 0]


async def test_an_imap_folder_is_asked_for_a_past_day_alone(kit, server, database, run):
    past = TODAY - timedelta(days=3)
    server.append("News", letter(1, past), letter(2, past), letter(3, TODAY))
    assert (await visit(kit, database, replace(run, day=past)))["mail"].new == 2
    assert {row["day"] for row in await rows(database, BY_DAY)} == {past}
    assert await value(database, "SELECT count(*) FROM window_cursors") == 0
    assert (await visit(kit, database, run))["mail"].new == 1
