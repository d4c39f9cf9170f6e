"""The capacity report: verdicts by windows, dates only where there are any, and what is missing by its name."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pake_pipelines.analytics.pressure import Increase, State, pressure
from pake_pipelines.analytics.trends import Direction, Trend
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.capacity.figures import (
    CapacityFigures,
    backups_stored,
    bodies_stored,
    lines,
    table_lines,
)
from pake_pipelines.reports.capacity.report import _logs
from pake_pipelines.reports.capacity.sections import document
from pake_pipelines.reports.document import LineChart, Table, Tone
from pake_pipelines.reports.monitoring.figures import HealthTrend
from pake_pipelines.reports.parts.binned import series_key
from pake_pipelines.reports.parts.foreseen import fresh
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.forecasts import ForecastPoint, ForecastRow
from pake_pipelines.store.growth_statistics import Bodies
from pake_pipelines.store.metric_windows import Window
from pake_pipelines.store.monitoring_statistics import Bin

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
CPU, DISK = "cpu_usage_percent", "disk_usage_percent"
UNCLEAR = Trend(30, Direction.UNCLEAR, None, None, 0)
NOTHING = CapacityFigures(
    NOW, (), (), "", (), HealthTrend(30, None, None, UNCLEAR),
    Increase("db_query_ms", State.UNKNOWN, None, None, None, "not enough is known"), None, None,
)  # fmt: skip


def window(metric, value=50.0, *, mean=None, labels=None, unit="percent"):
    return Window(metric, labels or {}, unit, 288, mean or value, value, value, value, NOW)


def days(metric, per_day, *, number=30, start=50.0, labels=None, missing=()):
    return [
        Bin(metric, labels or {}, MIDNIGHT - back * DAY, start - back * per_day, start - back * per_day - 1,
            start - back * per_day + 1, 288)
        for back in reversed(range(number))
        if back not in missing
    ]  # fmt: skip


def forecast(metric, *, reaches=None, limit=90.0, labels=None, reason="", points=True, slope=0.5):
    ahead = tuple(ForecastPoint(NOW + n * DAY, 50 + n, 49 + n, 51 + n) for n in range(1, 8)) if points else ()
    early, late = (reaches - DAY, reaches + 3 * DAY) if reaches else (None, None)
    return ForecastRow(
        metric, labels or {}, NOW, "r", "drift", "percent", 720, slope, ahead, limit, reaches, early, late, reason
    )


def pressed(metric, share, bound=80.0, number=288):
    samples = [(NOW - n * timedelta(minutes=5), 95.0 if n < share * number else 20.0) for n in range(number)]
    return {series_key(metric, {}): pressure(metric, samples, bound, now=NOW, window=DAY, min_samples=12)}


def told(*, windows=(), daily=(), forecasts=(), pressures=None, **rest):
    found = lines(windows, daily, forecasts, pressures or {}, TODAY)
    at = NOW if forecasts else None
    return replace(NOTHING, lines=found, analysed_at=at, sampled_since=NOW - 30 * DAY, **rest)


def report(figures):
    return document(figures, (), 30)


def block(made, section, name):
    blocks = next(one for one in made.sections if one.key == section).blocks
    return next(one for one in blocks if getattr(one, "key", None) == name)


@pytest.mark.parametrize(
    ("share", "number", "said", "tone"),
    [
        (0.9, 288, "consistently above", Tone.BAD),
        (0.79, 288, "above at times", Tone.NOTICE),
        (0.0, 288, "within", Tone.GOOD),
        (1.0, 1, "too few samples", Tone.UNKNOWN),
        (1.0, 100, "too few samples", Tone.UNKNOWN),
    ],
    ids=["nearly always", "often", "never", "one sample", "8 hours only"],
)
def test_consistently_is_a_verdict_on_a_day_and_never_on_a_sample(share, number, said, tone):
    made = told(windows=[window(CPU, 95.0)], pressures=pressed(CPU, share, number=number))
    row = block(report(made), "full", "shares").rows[0]
    assert row[6].text == said
    assert row[6].tone is tone


def test_what_is_full_soonest_leads_and_gives_the_tone():
    soon, late = NOW + 9 * DAY, NOW + 80 * DAY
    made = report(
        told(
            windows=[window(CPU), window(DISK, 83.0, labels={"mount": "/"})],
            forecasts=[
                forecast(CPU, reaches=late), forecast(DISK, reaches=soon, labels={"mount": "/"}),
                forecast("memory_usage_percent", reason="no trend", slope=None),
            ],
        )
    )  # fmt: skip
    assert made.lead == "Disk usage / is expected to reach 90 % in 9 days (01 Dec 2026)."
    assert made.tone is Tone.WARN
    rows = block(made, "when", "forecasts").rows
    assert [row[0] for row in rows] == ["Disk usage /", "CPU usage", "Memory usage"]
    assert rows[0][3:6] == [soon.date(), (soon - DAY).date(), (soon + 3 * DAY).date()]
    assert rows[2][2:7] == ["-", "-", "-", "-", "no trend"]
    assert made.figures[-1].value == soon.date()


def test_a_date_within_a_week_needs_action():
    assert report(told(windows=[window(CPU)], forecasts=[forecast(CPU, reaches=NOW + 5 * DAY)])).tone is Tone.BAD


def test_a_fresh_database_says_what_is_missing_and_is_not_good():
    made = report(NOTHING)
    assert made.tone is Tone.UNKNOWN
    assert made.lead == "Nothing has been sampled yet: how full anything is, is not known."
    assert [one.partition(":")[0] for one in made.missing] == [
        "No metric has been sampled", "No forecast has been made yet",
    ]  # fmt: skip
    assert made.sections[0].blocks[0].empty == "Whether anything needs more room is not known."


def test_a_series_without_a_value_is_unknown_and_said_to_be_silent():
    silent = Window(CPU, {}, "percent", 0, None, None, None, None, None, why="not told")
    made = report(told(windows=[silent], daily=days(CPU, 0.0)))
    assert made.tone is Tone.UNKNOWN
    row = block(made, "full", "shares").rows[0]
    assert row[1:5] == [None] * 4
    assert made.sections[1].missing == ["CPU usage was not sampled in the last 24 hours."]


def test_where_sampling_stopped_nothing_is_said_to_be_within_its_bounds():
    made = report(told(daily=days(CPU, 0.0, missing=(0, 1))))
    assert made.tone is Tone.UNKNOWN
    assert made.lead == "Nothing was sampled in the last 24 hours: how full anything is, is not known."
    assert made.sections[0].blocks[0].empty == "Whether anything needs more room is not known."


def test_a_trend_of_one_day_is_none():
    row = block(report(told(windows=[window(CPU)], daily=days(CPU, 0.0, number=1))), "full", "shares").rows[0]
    assert row[7:9] == ["too few days (1)", "too few days (1)"]


def test_trends_are_of_7_and_30_days_and_the_growth_is_that_of_the_forecast_where_there_is_one():
    series = told(windows=[window(DISK, 80.0)], daily=days(DISK, 1.0, start=80.0)).lines[0]
    assert (series.week.direction, series.month.direction) == (Direction.RISING, Direction.RISING)
    assert series.month.change == pytest.approx(29)
    assert series.per_day == pytest.approx(1.0)
    assert told(daily=days(DISK, 1.0), forecasts=[forecast(DISK, slope=0.4)]).lines[0].per_day == 0.4


def test_a_forecast_is_drawn_behind_the_past_and_days_without_samples_are_gaps():
    made = report(told(daily=days(CPU, 0.0, number=10, missing=(3, 4)), forecasts=[forecast(CPU)]))
    chart = next(one for one in made.sections[2].blocks if isinstance(one, LineChart))
    assert (chart.limit, chart.from_here) == (90.0, NOW)
    assert len(chart.times) == 10 + 7
    assert [chart.times[place] for place, mean in enumerate(chart.means) if mean is None] == [
        MIDNIGHT - 4 * DAY, MIDNIGHT - 3 * DAY,
    ]  # fmt: skip
    assert list(chart.times) == sorted(chart.times)


def test_old_forecasts_are_said_to_be_too_old():
    made = report(replace(told(windows=[window(CPU)]), analysed_at=NOW - 3 * DAY))
    assert made.missing == ["The last forecasts are of 19 Nov 2026, too old to tell of what comes."]
    assert made.lead == "Nothing is full."
    assert fresh([forecast(CPU), replace(forecast(DISK), made_at=NOW - 3 * DAY)], NOW) == [forecast(CPU)]


def test_of_a_forecast_that_could_not_be_made_there_is_a_reason_and_no_chart():
    made = report(told(windows=[window(CPU)], forecasts=[forecast(CPU, points=False, reason="too few days")]))
    assert not [one for one in made.sections[2].blocks if isinstance(one, LineChart)]
    assert block(made, "when", "forecasts").rows[0][6] == "too few days"


def test_sizes_stand_in_bytes_and_numbers_as_counts():
    size, nodes = window("db_size_bytes", 1e9, unit="bytes"), window("knowledge_nodes", 7, unit="count")
    made = report(told(windows=[size, nodes]))
    for name, value, unit in (("sizes", 1e9, "bytes"), ("numbers", 7, "count")):
        table = block(made, "growing", name)
        assert (table.rows[0][1], table.columns[1].unit) == (value, unit)


def test_tables_tell_their_growth_where_they_were_sampled_and_the_fastest_stands_first():
    daily = days("db_table_bytes", 1000.0, number=10, start=1e6, labels={"table": "nodes"})
    found = table_lines({"logs": 5e6, "nodes": 1e6}, daily)
    assert [(one.table, one.per_day and round(one.per_day)) for one in found] == [("logs", None), ("nodes", 1000)]
    made = report(replace(NOTHING, tables=found))
    assert [row[0] for row in block(made, "growing", "tables").rows] == ["nodes", "logs"]


def test_sizes_that_the_server_does_not_tell_are_missing():
    assert report(replace(NOTHING, untold="permission denied")).sections[3].missing == [
        "The sizes of tables are not told: permission denied."
    ]


def test_backups_and_bodies_add_so_much_in_a_day():
    made = [
        BackupRow(f"b{back}", "t", NOW - back * DAY, "", 700, 1.0, False, "6", ProofState.PROVEN, None, None, "", None)
        for back in range(14)
    ]
    assert (backups_stored(made, NOW).bytes, backups_stored(made, NOW).per_day) == (9800, 800)
    assert backups_stored(made[:2], NOW).per_day == 1400, "of less than a week the mean is of the days that there are"
    assert backups_stored([], NOW).per_day is None
    assert bodies_stored(Bodies(3, 900, 900, NOW - 3 * DAY), NOW).per_day == 300
    assert bodies_stored(Bodies(0, 0, 0, None), NOW).per_day is None


def test_logs_are_measured_and_a_directory_that_is_not_there_has_none(tmp_path):
    (tmp_path / "services").mkdir()
    (tmp_path / "pake.log").write_bytes(b"x" * 10)
    (tmp_path / "services" / "n8n.log").write_bytes(b"x" * 5)
    assert (_logs(tmp_path).number, _logs(tmp_path).bytes) == (2, 15)
    assert (_logs(tmp_path / "none").bytes, _logs(tmp_path / "none").note) == (0, "there are none yet")


def test_labels_of_strangers_are_values_and_no_markup():
    evil = {"mount": "/<script>alert(1)</script>"}
    table = block(report(told(windows=[window(DISK, labels=evil)])), "full", "shares")
    assert isinstance(table, Table)
    assert table.rows[0][0] == "Disk usage /<script>alert(1)</script>"
