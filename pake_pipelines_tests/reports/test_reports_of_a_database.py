"""Capacity, insights, executive and monthly report of a real database: fresh, and then with a month in it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.loading import load_maintenance, load_monitoring, load_quality, load_reports, load_sources
from pake_pipelines.reports.capacity import report as capacity
from pake_pipelines.reports.desk import Configs, Desk
from pake_pipelines.reports.document import Advice, LineChart, Tone
from pake_pipelines.reports.executive import report as executive
from pake_pipelines.reports.insights import report as insights
from pake_pipelines.reports.monthly import report as monthly
from pake_pipelines.settings import Settings
from pake_pipelines.store import alert_statistics, analyses, anomalies, forecasts, qa_statistics
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.database import open_database
from pake_pipelines.store.forecasts import ForecastPoint, ForecastRow
from pake_pipelines_tests.reports.monitoring_history import SERVICES, fill

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WRITERS = {"capacity": capacity, "insights": insights, "executive": executive, "monthly": monthly}
ITEMS = """
INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
VALUES ('fresh', 'Fresh', 'feed', 'f', 0.5, 'news', true);
INSERT INTO raw_fetches (source, day, url, fetched_at, bytes, sha256, lake_path, run_id)
SELECT 'arxiv', '2026-11-01', 'u' || n, $1::timestamptz - n * interval '1 day', 1000, 'h' || n, 'p' || n / 2, 'r'
FROM generate_series(0, 13) n;
INSERT INTO items (pake_id, source, key, created_at)
SELECT gen_random_uuid(), 'arxiv', 'k' || to_char(n, 'FM00'), $1::timestamptz - n * interval '1 day'
FROM generate_series(0, 19) n;
INSERT INTO entries (pake_id, version, day, title, body, media_type, entry_hash, fetch_id, run_id, created_at)
SELECT pake_id, 1, '2026-11-01', key, '', 'text/plain', 'h', (SELECT min(fetch_id) FROM raw_fetches), 'r', created_at
FROM items;
INSERT INTO knowledge_nodes (pake_id, entry_id, title, content, confidence_score, verification_status, source_name,
                             source_uri, content_hash, run_id, created_at)
SELECT pake_id, entry_id, title, '', 0.8, CASE WHEN title < 'k15' THEN 'verified' ELSE 'rejected' END, 'arxiv', 'u',
       'h', 'r', created_at FROM entries;
INSERT INTO qa_results (entry_id, valid, errors, warnings, unknowns, checks)
SELECT entry_id, title <> 'k00', '{}', '{}', '{}', '[]' FROM entries;
INSERT INTO confidence_history (pake_id, new_score, new_status, reason, changed_by, run_id, created_at)
SELECT pake_id, 0.6, 'pending', '', 'pipeline', 'r', created_at FROM knowledge_nodes;
INSERT INTO confidence_history (pake_id, old_score, new_score, old_status, new_status, reason, changed_by, run_id,
                                created_at)
SELECT pake_id, 0.6, 0.8, 'pending', verification_status, '', 'pipeline', 'r', created_at + interval '1 hour'
FROM knowledge_nodes WHERE created_at < $1::timestamptz - interval '2 hours';
INSERT INTO node_connections (source_id, target_id, connection_type, strength, run_id, created_at)
SELECT a.pake_id, b.pake_id, 'similar_to', 0.9, 'r', a.created_at FROM items a, items b
WHERE a.key = 'k01' AND b.key IN ('k02', 'k03');
INSERT INTO duplicate_candidates (a_id, b_id, level, score, decision, evidence, version, reason, run_id, created_at)
SELECT least(a.pake_id, b.pake_id), greatest(a.pake_id, b.pake_id), 'near', 0.9, 'duplicate', '{}', '1', 'x', 'r',
       a.created_at FROM items a, items b WHERE a.key = 'k01' AND b.key = 'k02';
INSERT INTO ingestion_runs (run_id, source, day, started_at, finished_at, outcome, new, updated, dead_letters)
VALUES ('r1', 'fresh', '2026-11-20', $1::timestamptz - interval '2 days', $1::timestamptz - interval '2 days', 'ok', 7,
        2, 1),
       ('r0', 'arxiv', '2026-10-01', $1::timestamptz - interval '10 days', $1::timestamptz - interval '10 days', 'ok',
        5, 0, 0);
INSERT INTO metric_samples (metric, labels, at, value, unit, status)
SELECT m.name, '{}', $1::timestamptz - n * interval '6 hours', m.slope * (120 - n), 'count', 'ok'
FROM (VALUES ('runs_finished_total', 3), ('runs_succeeded_total', 2)) AS m(name, slope), generate_series(0, 119) n;
INSERT INTO metric_samples (metric, labels, at, unit, status, detail)
VALUES ('cache_total_bytes', '{}', $1::timestamptz - interval '1 hour', 'bytes', 'unavailable', 'no cache here');
INSERT INTO maintenance_runs (task, state, actor, dry_run, started_at, finished_at)
SELECT 'log_cleanup', s, 'pake', d, $1::timestamptz - interval '3 days', $1::timestamptz - interval '3 days' + interval
       '30 s' FROM (VALUES ('done', false), ('abandoned', false), ('done', true)) AS t(s, d);
INSERT INTO backups (name, target, created_at, bytes, seconds, encrypted, migration, manifest, state, removed_at)
VALUES ('backup-1', 't', $1::timestamptz - interval '20 hours', 500, 9, false, '6', '{}', 'proven', NULL),
       ('backup-0', 't', $1::timestamptz - interval '25 days', 400, 9, false, '6', '{}', 'unproven', $1);
"""


async def add_items(connection):
    for statement in ITEMS.split(";\n"):
        if statement.strip():
            await (connection.execute(statement, NOW) if "$1" in statement else connection.execute(statement))


async def add_foresight(connection):
    """Store a forecast that reaches its limit, an anomaly that goes on, and what stands of analyses."""
    points = tuple(ForecastPoint(NOW + n * DAY, 83.0 + n, 82.0 + n, 84.0 + n) for n in range(1, 8))
    reaches = NOW + 8 * DAY
    row = ForecastRow("disk_usage_percent", {"mount": "/"}, NOW - HOUR, "r", "linear", "percent", 720, 0.7, points,
                      90.0, reaches, reaches - DAY, reaches + DAY, "")  # fmt: skip
    await forecasts.save(connection, [row])
    begun = NOW - 5 * HOUR
    odd = Anomaly(None, "api_response_ms", {}, "spike", begun, begun + HOUR, begun, None, 0.9, 900.0, 100.0, 300.0, NOW)
    await anomalies.save(connection, [odd])
    said = {"type": "limit_crossing", "severity": "warning", "message": "m", "evidence": "e", "recommendations": ["a"]}
    await analyses.save(connection, "insight", {"limit_crossing:x": said}, run_id="r", now=NOW - HOUR)


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    directory = tmp_path_factory.mktemp("configs")
    (directory / "monitoring.yaml").write_text(SERVICES)
    loads = (load_sources, load_quality, load_monitoring, load_maintenance, load_reports)
    return Configs(*(load(directory) for load in loads))


@pytest.fixture(scope="module")
def written(module_database_url, configs, tmp_path_factory):
    """Every report of the empty and of the filled database: {"empty": {name: document}, "full": {...}}."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))

    async def write(database):
        async with database.transaction() as connection:
            await qa_statistics.hold_still(connection)
            desk = Desk(connection, settings, configs, NOW, None, "http://localhost:3000", "v")
            return {name: await writer.write(desk) for name, writer in WRITERS.items()}

    async def both():
        async with open_database(module_database_url) as database:
            empty = await write(database)
            async with database.transaction() as connection:
                await fill(connection, NOW)
                await add_items(connection)
                await add_foresight(connection)
                rules = await alert_statistics.rule_counts(connection, NOW - 7 * DAY, NOW - 5.5 * HOUR, 1)
            return {"empty": empty, "full": await write(database), "rules": rules}

    return asyncio.run(both())


def block(made, section, key):
    blocks = next(one for one in made.sections if one.key == section).blocks
    return next(one for one in blocks if getattr(one, "key", None) == key)


def figures(made, section, key):
    return {one.name: one for one in block(made, section, key).figures}


@pytest.mark.parametrize("name", WRITERS)
def test_a_fresh_database_makes_a_report_that_says_what_is_missing_and_is_never_good(written, name):
    made = written["empty"][name]
    assert made.tone is not Tone.GOOD
    assert made.missing
    assert not [one for section in made.sections for one in section.blocks if isinstance(one, LineChart)]


def test_capacity_has_the_windows_of_every_disk_and_when_the_first_is_full(written):
    made = written["full"]["capacity"]
    rows = {row[0]: row for row in block(made, "full", "shares").rows}
    assert list(rows) == ["Disk usage /", "Disk usage /srv/lake", "Memory usage", "CPU usage"]
    disk = rows["Disk usage /"]
    assert 82 < disk[2] < disk[4] < 84
    assert (disk[5], disk[6].text, rows["Disk usage /srv/lake"][6].text) == (80, "consistently above", "within")
    assert disk[7].startswith("rising by")
    assert made.lead.endswith("Disk usage / is expected to reach 90 % in 8 days (30 Nov 2026).")
    assert made.tone is Tone.BAD
    chart = block(made, "when", "forecast_disk_usage_percent_/")
    assert sum(mean is not None for mean in chart.means) == 30 + 7
    cache = block(made, "growing", "sizes").rows[1]
    assert cache[:4] == ["Cache total", None, None, None]


def test_capacity_counts_a_body_once_and_takes_removed_backups_for_gone(written):
    rows = {row[0]: row for row in block(written["full"]["capacity"], "growing", "stored").rows}
    assert rows["Raw bodies in the lake"][1:4] == [7, 7000, pytest.approx(4000 / 7)]
    assert rows["Backups"][1:3] == [1, 500]
    tables = block(written["full"]["capacity"], "growing", "tables").rows
    assert all(row[1] > 0 and row[2] is None for row in tables)


def test_insights_show_the_odd_series_the_limit_and_the_four_groups(written):
    made = written["full"]["insights"]
    assert made.lead.startswith("API response: odd right now. Disk usage / reaches its limit in 8 days")
    chart = block(made, "anomalies", "anomaly_api_response_ms_20261122T1230")
    assert set(chart.lows) == {None, 100.0}
    assert len(chart.times) > 40
    assert figures(made, "intelligence", "intelligence")["Knowledge nodes"].value == 20
    assert figures(made, "intelligence", "intelligence")["Connections made"].value == 2
    assert figures(made, "intelligence", "intelligence")["Duplicates found"].value == 1
    business = figures(made, "business", "business")
    assert (business["Verified"].value, business["Pass rate"].value) == (0.75, 95.0)
    assert business["Sources that serve"].note == "of 3 switched on"
    assert [one.name for one in block(made, "system", "system").figures] == [
        "CPU usage", "Memory usage", "Disk usage /", "Disk usage /srv/lake",
    ]  # fmt: skip


def test_the_executive_summary_holds_this_week_against_the_one_before(written):
    made = written["full"]["executive"]
    headline = {one.name: one for one in made.figures}
    # a week ago 12 nodes were judged, 7 of them verified (k15 to k19 were rejected)
    assert headline["Quality score"].value == 75.0
    assert headline["Quality score"].note == f"+{75 - 100 * 7 / 12:.1f} points against the week before"
    assert headline["New items"].note == "+40 %, 5 in the week before"
    trust = figures(made, "trust", "trust")
    assert trust["Mean confidence"].note == "as in the week before"
    ran = figures(made, "ran", "ran")
    assert (ran["Runs that failed"].value, ran["Runs that failed"].note.partition(";")[0]) == (28, "of 84 that ended")
    assert ran["Incidents"].value == 3
    came_in = figures(made, "came_in", "came_in")
    assert (came_in["New sources"].value, "Fresh" in came_in["New sources"].note) == (2, True)
    risk = figures(made, "risk", "risk")
    assert (risk["Newest proven backup"].value, risk["Newest proven backup"].tone) == (pytest.approx(20), Tone.GOOD)
    assert block(made, "risk", "forecasts").rows[0][0] == "Disk usage /"
    assert 0 < len(next(one for one in made.sections[0].blocks if isinstance(one, Advice)).recommendations) <= 3


def test_an_alert_that_was_resolved_later_counts_only_within_the_period(written):
    (found,) = written["rules"]
    assert (found.rule, found.episodes, found.hours) == ("service-down", 2, pytest.approx(0.5 + 2))


def test_the_monthly_report_of_a_young_project_is_of_its_last_30_days(written):
    made = written["full"]["monthly"]
    assert made.title == "Monthly report: the last 30 days"
    days = block(made, "days", "days")
    place = {one.key: number for number, one in enumerate(days.columns)}
    by_day = {row[0]: row for row in days.rows}
    assert len(days.rows) == 30
    fresh = by_day[(NOW - 2 * DAY).date()]
    assert (fresh[place["new"]], fresh[place["updated"]], fresh[place["dead_letters"]]) == (7, 2, 1)
    assert sum(row[place["verified"]] for row in days.rows) == 14
    assert by_day[(NOW - 3 * DAY).date()][place["maintenance_failed"]] == 1
    assert fresh[0] == (NOW - 2 * DAY).date()
    assert by_day[NOW.date()][place["uptime"]] < 1
    assert block(made, "upkeep", "maintenance").rows[0][:3] == ["log_cleanup", 1, 1]
    assert [row[5] for row in block(made, "upkeep", "backups").rows] == ["backup-1", "backup-0"]
    sources = {row[0]: row for row in block(made, "sources", "sources").rows}
    assert (sources["Fresh"][2], sources["Fresh"][4], sources["Fresh"][12]) == (1, 7, True)
    assert sources["arxiv"][7:10] == [19, 14, 5]
    ends = {row[0]: row for row in block(made, "capacity", "ends").rows}
    assert ends["Disk usage /"][3].startswith("+21")
