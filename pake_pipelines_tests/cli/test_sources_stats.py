"""`pake sources stats` tells what the last 24 hours brought, and nothing of the hours before."""

import asyncio
from datetime import UTC, datetime, timedelta

from pake_pipelines.store import runs, sources
from pake_pipelines.store.database import open_database
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceRow

VISITS = [("a", 1, "ok", 5), ("a", 2, "failed", 0), ("b", 3, "unchanged", 0), ("b", 30, "ok", 100)]


async def _visited(url):
    async with open_database(url) as database, database.transaction() as connection:
        rows = [SourceRow(slug, slug, "feed", slug, 0.5, "news", True, None) for slug in ("a", "b")]
        await sources.sync_sources(connection, rows)
        made = []
        for number, (slug, hours, outcome, new) in enumerate(VISITS):
            ended = datetime.now(UTC) - timedelta(hours=hours)
            made.append(VisitRow(f"run-{number}", slug, ended.date(), ended, ended, outcome, new, new, 0, 0, 0, None))
        await runs.record_visits(connection, made)


def test_people_read_a_sentence_a_table_of_sources_and_the_newest_runs(connected, database_url):
    asyncio.run(_visited(database_url))
    done = connected.pake("sources", "stats")
    assert (done.code, done.stderr) == (0, "")
    assert "5 items processed (5 new, 0 updated) from 2 sources; 1 of 3 visits failed, 66.7% went well" in done.stdout
    words = [line.split() for line in done.stdout.splitlines()]
    assert ["a", "2", "1", "50%", "5", "0", "0"] in words
    assert ["b", "1", "0", "100%", "0", "0", "0"] in words
    assert [row[0] for row in words if row and row[0].startswith("run-")] == ["run-0", "run-1", "run-2", "run-3"]


def test_programs_get_the_figures_and_may_choose_the_window(connected, database_url):
    asyncio.run(_visited(database_url))
    said = connected.pake("sources", "stats", "--json").json
    assert (said["processed"], said["errors"], said["unique_sources"]) == (5, 1, 2)
    assert abs(said["success_rate"] - 2 / 3) < 1e-9
    assert [run["run_id"] for run in said["recent_runs"]] == ["run-0", "run-1", "run-2", "run-3"]
    assert connected.pake("sources", "stats", "--hours", "48", "--json").json["processed"] == 105


def test_a_quiet_day_is_said_in_words_and_has_no_rate(connected):
    assert "no source was visited" in connected.pake("sources", "stats").stdout
    assert connected.pake("sources", "stats", "--json").json["success_rate"] is None


def test_without_a_database_there_is_one_clear_sentence(terminal):
    done = terminal.pake("sources", "stats")
    assert (done.code, "the embedded PostgreSQL is not running" in done.stderr) == (1, True)
