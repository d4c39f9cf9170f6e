"""`pake analytics` carries analyses out, shows what stands, and gives it away as JSON and CSV."""

import asyncio
import csv
import io
from datetime import UTC, datetime

import pytest

from pake_pipelines.store.database import open_database
from pake_pipelines_tests.foresight.seeded import run_tasks, sample


@pytest.fixture
def month(connected, database_url):
    """A terminal in a project with a month of samples up to now."""

    async def write():
        now = datetime.now(UTC)
        async with open_database(database_url) as database, database.transaction() as connection:
            await sample(
                connection, "disk_usage_percent", "80 - days_ago + 0.5 * noise", days=30, minutes=30, unit="percent",
                labels='{"mount": "=1+1"}', until=now,
            )  # fmt: skip
            await sample(
                connection, "cpu_usage_percent", "CASE WHEN days_ago < 0.05 THEN 99 ELSE 20 + noise END", days=7,
                unit="percent", until=now,
            )  # fmt: skip
            await run_tasks(connection, "cache_light_cleanup", "skipped", 20, until=now)

    asyncio.run(write())
    return connected


def test_everything_is_carried_out_shown_and_given_away(month):
    done = month.pake("analytics", "run")
    assert done.code == 0
    assert "series watched: 2; odd now: 1" in done.stdout
    assert "! nothing_fills_up: disk_usage_percent =1+1 on" in done.stdout
    assert "cpu_usage_percent" in month.pake("analytics", "anomalies", "--open").stdout
    ahead = month.pake("analytics", "forecast", "disk", "--json").json
    assert [one["metric"] for one in ahead] == ["disk_usage_percent"]
    shown = month.pake("analytics", "forecast").stdout
    assert "▁" in shown
    assert "█" in shown
    assert "nothing was measured" in shown
    assert "declining" in month.pake("analytics", "trends").stdout
    assert "no quiet hours by cpu_usage_percent: load is even" in month.pake("analytics", "windows").stdout
    assert "2 h 24 min" in month.pake("analytics", "frequencies").stdout
    exported = month.pake("analytics", "export", "--format", "json").json
    assert {"anomalies", "forecasts", "trend", "insight"} <= set(exported)
    rows = list(csv.DictReader(io.StringIO(month.pake("analytics", "export", "--format", "csv").stdout)))
    (limit,) = [one for one in rows if one["subject"] == "disk_usage_percent =1+1" and one["field"] == "limit_value"]
    assert (limit["kind"], float(limit["value"])) == ("forecasts", 90)


def test_nothing_known_is_said_and_so_is_how_to_come_to_know(connected):
    for command in ("anomalies", "forecast", "trends", "windows", "frequencies"):
        done = connected.pake("analytics", command)
        assert done.code == 0
        assert "pake analytics run" in done.stdout, command


def test_a_name_that_is_none_is_refused_with_those_that_are(terminal):
    done = terminal.pake("analytics", "run", "magic")
    assert done.code == 1
    assert "there are anomalies, trends, forecasts" in done.stderr
