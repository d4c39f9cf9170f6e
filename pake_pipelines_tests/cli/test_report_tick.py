"""`pake report tick`: a person's word, for items that only a person can answer."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.store import checklist_ticks
from pake_pipelines.store.database import open_database


def ticks(url):
    async def ask():
        async with open_database(url) as database, database.connection() as connection:
            since = datetime.now(UTC) - timedelta(hours=1)
            return await checklist_ticks.newest(connection, "weekly_operations_checklist", since)

    return asyncio.run(ask())


def test_an_item_for_a_person_is_ticked_with_who_said_so(connected, database_url):
    done = connected.pake("report", "tick", "weekly", "documentation", "--note", "wrote it down")
    assert done.code == 0
    assert "What changed this week is written down" in done.stdout
    found = ticks(database_url)["documentation"]
    assert found.note == "wrote it down"
    assert found.actor


@pytest.mark.parametrize(
    ("checklist", "item", "said"),
    [
        ("hourly", "documentation", "no checklist 'hourly'"),
        ("daily", "coffee", "daily_operations_checklist has no item 'coffee'"),
        ("weekly-operations-checklist", "backup-verification", "backup_verification is evaluated, not ticked"),
    ],
    ids=["no checklist", "no item", "an evaluated item"],
)
def test_nothing_else_can_be_ticked(terminal, checklist, item, said):
    done = terminal.pake("report", "tick", checklist, item)
    assert done.code == 1
    assert said in done.stderr
