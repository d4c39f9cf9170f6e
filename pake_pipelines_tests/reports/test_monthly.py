"""The monthly report: every day has its line, what was not measured is a gap, and the month before is beside it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pake_pipelines.model.health import Uptime
from pake_pipelines.model.incident import IncidentStatistics
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.document import Prose, Tone
from pake_pipelines.reports.health.figures import OverallUptime
from pake_pipelines.reports.monthly.figures import Month, Monthly, came_to, daily_uptime, day_lines, ends, means
from pake_pipelines.reports.monthly.sections import document
from pake_pipelines.reports.parts.periods import last_month
from pake_pipelines.reports.qa.figures import compute_statistics
from pake_pipelines.store.analyses import Analysis
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.error_summary import ErrorCount
from pake_pipelines.store.intake_statistics import Intake, IntakeBin, SourceIntake
from pake_pipelines.store.monitoring_statistics import Bin, ServiceDay
from pake_pipelines.store.operation_statistics import EventBin, IncidentLine, TaskCount
from pake_pipelines.store.qa_statistics import Totals
from pake_pipelines.store.trust_statistics import ChangeBin, FoundBin, Standing

NOW = datetime(2028, 3, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)
PERIOD, _ = last_month(NOW, NOW - 400 * DAY)
LEAP_DAY = datetime(2028, 2, 29, tzinfo=UTC)
NO_INCIDENTS = IncidentStatistics(0, {}, {}, 0, 0, 0, None, None)
SILENT = Month(
    standing=Standing(0, 0, 0, 0, 0, 0, None), uptimes={}, overall=OverallUptime(None, None, 0), incidents=NO_INCIDENTS,
    intake=Intake(0, 0, 0, 0, 0, 0), changes=(), errors=(), metrics=(), trends={},
)  # fmt: skip
NOTHING = Monthly(
    made_at=NOW, period=PERIOD, month=SILENT, before=SILENT,
    statistics=compute_statistics(Totals(0, 0, 0, 0, 0, 0, 0, 0, 0, None)), intake=(), found=(), events=(),
    service_days=(), sources=(), incidents=(), rules=(), tasks=(), restarts={}, backups=(), forecasts=(),
    titles={"redis": "Redis", "n8n": "n8n"}, recommendations=(),
)  # fmt: skip


def metric(name, day, mean, *, samples=288, labels=None):
    return Bin(name, labels or {}, PERIOD.since + day * DAY, mean, mean - 1, mean + 1, samples)


def month(**changes):
    known = replace(
        SILENT,
        standing=Standing(500, 400, 50, 50, 0, 0, 0.75),
        intake=Intake(300, 6, 120, 30, 3, 8),
        uptimes={"redis": Uptime(9, 900.0, 50.0, 50.0, 0.0), "gone": Uptime(9, 1.0, 0.0, 0.0, 0.0)},
        overall=OverallUptime(0.95, 1.0, 1, "Redis", 0.95),
    )
    return replace(known, **changes)


def told(**changes):
    return replace(NOTHING, month=month(), **changes)


def block(made, section, key):
    blocks = next(one for one in made.sections if one.key == section).blocks
    return next(one for one in blocks if getattr(one, "key", None) == key)


def figure(made, section, key, name):
    return next(one for one in block(made, section, key).figures if one.name == name)


def test_every_day_has_a_line_also_the_leap_day_and_those_on_which_nothing_happened():
    events = [EventBin(LEAP_DAY, 3, 1, 2, 1)]
    found = day_lines(
        told(intake=[IntakeBin(LEAP_DAY, 9, 1, 5, 2, 0)], found=[FoundBin(LEAP_DAY, 4, 6)], events=events)
    )
    assert [one.at for one in found] == PERIOD.starts()
    assert len(found) == 29
    assert not any(found[0].numbers.values())
    last = found[-1].numbers
    assert (last["visits"], last["failed"], last["new"], last["duplicates"], last["connections"]) == (9, 1, 5, 4, 6)
    assert (last["alerts"], last["incidents"], last["restarts"], last["maintenance_failed"]) == (3, 1, 2, 1)


def test_verdicts_of_a_day_are_counted_from_whatever_they_changed():
    changes = [
        ChangeBin(LEAP_DAY, None, "verified", 5), ChangeBin(LEAP_DAY, "pending", "verified", 2),
        ChangeBin(LEAP_DAY, "verified", "rejected", 1),
    ]  # fmt: skip
    made = replace(NOTHING, month=month(changes=changes))
    assert (day_lines(made)[-1].numbers["verified"], day_lines(made)[-1].numbers["rejected"]) == (7, 1)
    assert next(iter(came_to(changes).items())) == ((None, "verified"), 5)
    table = block(document(replace(made, before=month(changes=changes[:1]))), "trust", "verdict_changes")
    assert table.rows == [
        ["new", "verified", 5, 5], ["pending", "verified", 2, 0], ["verified", "rejected", 1, 0]
    ]  # fmt: skip


def test_uptime_of_a_day_is_of_the_services_that_are_watched_and_unknown_where_nobody_probed():
    day = date(2028, 2, 29)
    days = [ServiceDay("redis", day, 50, 100), ServiceDay("n8n", day, 100, 100), ServiceDay("other", day, 0, 100)]
    assert daily_uptime(days, ["redis", "n8n"]) == {day: 0.75}
    found = day_lines(told(service_days=days))
    assert (found[-1].uptime, found[0].uptime) == (0.75, None)


def test_what_happened_on_no_day_has_no_column():
    made = document(told(intake=[IntakeBin(LEAP_DAY, 9, 1, 5, 2, 0)]))
    table = block(made, "days", "days")
    assert [one.key for one in table.columns] == ["day", "visits", "failed", "new", "updated"]
    assert len(table.rows) == 1, "days before the first of which something is on record"
    assert "restarts" in next(one for one in made.sections if one.key == "days").blocks[1].text


def test_an_empty_database_is_readable_and_not_good():
    made = document(NOTHING)
    assert made.tone is Tone.UNKNOWN
    assert made.title == "Monthly report: February 2028"
    assert made.lead == "Nothing is known of February 2028: no source was read and no service was probed."
    assert len(made.missing) == 3
    assert {one.value for one in made.figures} == {None}
    days = next(one for one in made.sections if one.key == "days")
    assert days.blocks == [Prose("Nothing is on record of any day of February 2028.")]


def test_the_lead_says_how_much_of_the_time_was_watched():
    made = document(replace(NOTHING, month=month(overall=OverallUptime(1.0, 0.3, 1))))
    assert made.lead == (
        "120 new items in February 2028, 80 % of all were verified at its end, services were up 100 % of the time that "
        "was watched (30 % of it), 0 incidents."
    )


def test_figures_stand_beside_the_month_before():
    before = month(intake=Intake(200, 2, 100, 30, 6, 8), overall=OverallUptime(0.99, 1.0, 1))
    made = document(told(before=before))
    assert figure(made, "intake", "intake", "New items").note == "+20 %, 100 in January 2028"
    assert figure(made, "intake", "intake", "Visits that failed").value == 0.02
    assert figure(made, "ran", "ran", "Uptime").note == "-4.0 points against January 2028"
    assert figure(document(told()), "ran", "ran", "Uptime").note == "nothing known of January 2028"


def test_uptime_is_told_of_the_services_that_are_watched_the_lowest_first():
    uptimes = {"redis": Uptime(9, 90.0, 5.0, 5.0, 100.0), "n8n": Uptime(9, 50.0, 0.0, 50.0, 0.0),
               "gone": Uptime(9, 1.0, 0.0, 0.0, 0.0)}  # fmt: skip
    made = replace(NOTHING, month=month(uptimes=uptimes))
    assert block(document(made), "ran", "uptime").rows == [["n8n", 0.5, 1.0, 50.0], ["Redis", 0.95, 0.5, 5.0]]
    compared = block(document(replace(made, before=month())), "ran", "uptime")
    assert [row[2] for row in compared.rows] == [None, 0.95]


def test_a_month_before_whose_samples_are_gone_is_known_by_its_last_trends():
    trends = {
        "cpu_usage_percent": Analysis("trend", "cpu_usage_percent", NOW - 29 * DAY, "r", {"month": {"mean": 30.0}}),
        "health": Analysis("trend", "health", NOW - 29 * DAY, "r", {"month": {"mean": 98.0}}),
    }
    now = month(metrics=[metric("cpu_usage_percent", day, 40.0) for day in range(29)])
    (found,) = means(now, replace(SILENT, trends=trends))
    assert (found.mean, found.high, found.days, found.before) == (40.0, 41.0, 29, 30.0)
    made = document(replace(NOTHING, month=now, before=replace(SILENT, trends=trends)))
    assert block(made, "metrics", "averages").rows == [["CPU usage", "40 %", "30 %", "+10.0 points", "41 %", 29]]
    assert figure(made, "ran", "ran", "Uptime").note == "-3.0 points against January 2028"


def test_the_last_hours_that_are_kept_of_a_month_are_no_month_to_be_held_against():
    hours = month(overall=OverallUptime(1.0, 0.01, 1), metrics=[metric("cpu_usage_percent", 28, 20.0)],
                  uptimes={"redis": Uptime(9, 60.0, 0.0, 0.0, 6000.0)})  # fmt: skip
    now = month(metrics=[metric("cpu_usage_percent", day, 40.0) for day in range(29)])
    made = document(replace(NOTHING, month=now, before=hours))
    assert figure(made, "ran", "ran", "Uptime").note == "nothing known of January 2028"
    assert [one.before for one in means(now, hours)] == [None]
    assert [one.key for one in block(made, "ran", "uptime").columns] == ["service", "uptime", "seen", "down"]
    assert made.missing == ["Of January 2028 too little is known: averages have nothing to be held against."]
    trend = Analysis("trend", "cpu_usage_percent", NOW - 29 * DAY, "r", {"month": {"mean": 30.0}})
    assert means(now, replace(hours, trends={"cpu_usage_percent": trend}))[0].before == 30.0


def test_averages_count_every_sample_the_same_and_need_no_month_before():
    some = [metric("db_query_ms", 0, 1.0, samples=30), metric("db_query_ms", 1, 4.0, samples=10)]
    (found,) = means(month(metrics=some), SILENT)
    assert (found.mean, found.before) == (1.75, None)
    table = block(document(replace(NOTHING, month=month(metrics=some))), "metrics", "averages")
    assert [one.key for one in table.columns] == ["what", "mean", "highest", "days"]


def test_days_without_samples_are_gaps_in_the_line():
    some = [metric("cpu_usage_percent", 0, 10.0), metric("cpu_usage_percent", 28, 30.0)]
    chart = block(document(replace(NOTHING, month=month(metrics=some))), "metrics", "cpu_usage_percent")
    assert [chart.means[0], chart.means[1], chart.means[28]] == [10.0, None, 30.0]
    assert len(chart.times) == 29


def test_capacity_is_told_from_the_first_to_the_last_day_that_was_sampled():
    labels = {"mount": "/"}
    some = [metric("disk_usage_percent", day, 60.0 + day, labels=labels) for day in (3, 7, 20)]
    (found,) = ends(some)
    assert (found.first.mean, found.last.mean) == (63.0, 80.0)
    row = block(document(replace(NOTHING, month=month(metrics=some))), "capacity", "ends").rows[0]
    assert row == ["Disk usage /", "63 %", "80 %", "+17.0 points", date(2028, 2, 4), date(2028, 2, 21)]
    assert ends(some[:1])[0].first == ends(some[:1])[0].last


def test_errors_are_counted_by_kind_beside_the_month_before():
    now = [ErrorCount("visit", "arxiv", 9, NOW, "503"), ErrorCount("visit", "inbox", 1, NOW, "no"),
           ErrorCount("restart", "redis", 3, NOW, "no")]  # fmt: skip
    then = [ErrorCount("message", "slack", 2, NOW, "no")]
    made = document(replace(NOTHING, month=month(errors=now), before=replace(SILENT, errors=then)))
    assert block(made, "intake", "errors").rows == [
        ["visit", 10, 0, "arxiv (9 times)", NOW], ["restart", 3, 0, "redis (3 times)", NOW],
        ["message", 0, 2, "-", "-"],
    ]  # fmt: skip


def test_tasks_that_failed_stand_first_and_backups_say_whether_they_were_proven():
    tasks = [TaskCount("a", 30, 0, 0, 0, 60.0, NOW), TaskCount("b", 28, 2, 0, 0, 90.0, NOW)]
    backups = [
        BackupRow(f"b{state}", "t", LEAP_DAY, "", 700, 1.0, False, "6", state, None, None, "", None)
        for state in (ProofState.PROVEN, ProofState.DAMAGED)
    ]
    made = document(told(tasks=tasks, backups=backups))
    assert [row[0] for row in block(made, "upkeep", "maintenance").rows] == ["b", "a"]
    proven = figure(made, "upkeep", "backups_made", "Proven")
    assert (proven.value, proven.tone, proven.note) == (1, Tone.BAD, "1 damaged")


def test_incidents_have_their_times_only_where_there_were_any():
    numbers = IncidentStatistics(2, {}, {}, 0, 0, 1, 6.0, None)
    line = IncidentLine("i", "redis", "critical", "false_positive", LEAP_DAY, LEAP_DAY + timedelta(hours=1))
    made = document(replace(NOTHING, month=month(incidents=numbers), incidents=[line]))
    assert figure(made, "ran", "ran", "Taken up after").value == 360
    assert figure(made, "ran", "ran", "Resolved after").value is None
    assert block(made, "ran", "incidents").rows[0][3:5] == ["60 min", "false positive"]
    names = [one.name for one in block(document(told()), "ran", "ran").figures]
    assert names == ["Uptime", "Incidents", "Alerts that fired"]


@pytest.mark.parametrize("name", ["Quelle <script>", "שלום", "名前 | `x`"], ids=["script", "hebrew", "markdown"])
def test_all_sources_are_in_the_table_whatever_they_are_called(name):
    some = [
        SourceIntake(f"s{n}", name, "feed", True, 3, 0, n, 0, 0, 0 if n else 4, 0, 0, 0.5, False) for n in range(10_000)
    ]
    table = block(document(told(sources=some)), "sources", "sources")
    assert (len(table.rows), table.most) == (10_000, 25)
    assert (table.rows[0][0], table.rows[0][4]) == (name, 9999)
    assert (table.rows[0][10], table.rows[-1][10]) == ("-", 0.5)
