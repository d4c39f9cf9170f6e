"""The executive summary: plain words, this week against the one before, and no good news where nobody looked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.incident import Incident, IncidentSeverity, IncidentStatistics, IncidentStatus
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.advice.bounds import BackupBounds
from pake_pipelines.reports.document import Recommendation, Tone
from pake_pipelines.reports.executive.figures import Executive, Runs, Week, best, came_to, newest, runs, worst
from pake_pipelines.reports.executive.sections import document
from pake_pipelines.reports.health.figures import OverallUptime
from pake_pipelines.reports.parts.periods import last_week
from pake_pipelines.reports.qa.figures import compute_statistics
from pake_pipelines.store.alert_statistics import AlertCounts
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.intake_statistics import Intake, IntakeBin, SourceIntake
from pake_pipelines.store.metric_samples import CounterWindow
from pake_pipelines.store.operation_statistics import IncidentLine
from pake_pipelines.store.qa_statistics import Totals
from pake_pipelines.store.trust_statistics import ChangeBin, Standing

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PERIOD, _ = last_week(NOW)
NO_INCIDENTS = IncidentStatistics(0, {}, {}, 0, 0, 0, None, None)
SILENT = Week(OverallUptime(None, None, 0), NO_INCIDENTS, Runs(None, None), Intake(0, 0, 0, 0, 0, 0), ())
NOTHING = Executive(
    made_at=NOW, period=PERIOD, statistics=compute_statistics(Totals(0, 0, 0, 0, 0, 0, 0, 0, 0, None)),
    then=Standing(0, 0, 0, 0, 0, 0, None), week=SILENT, before=SILENT, days=(), sources=(), incidents=(),
    open_incidents=(), alerts=AlertCounts(0, 0, 0, 0, {}, 0, 0), unjudged="nobody judges", forecasts=(), backups=(),
    backup_bounds=BackupBounds(26, 50), recommendations=(),
)  # fmt: skip
RUNNING = Week(
    OverallUptime(0.995, 1.0, 7, "Redis", 0.97), IncidentStatistics(2, {}, {}, 0, 0, 1, 12.0, 90.0), Runs(200, 197),
    Intake(70, 4, 340, 20, 3, 9), (ChangeBin(NOW - DAY, None, "verified", 30), ChangeBin(NOW, None, "rejected", 10)),
)  # fmt: skip


def backup(hours, state=ProofState.UNPROVEN):
    at = NOW - timedelta(hours=hours)
    return BackupRow(f"b{hours}", "t", at, "", 700, 1.0, False, "6", state, None, None, "", None)


def full(**changes):
    statistics = compute_statistics(Totals(1000, 710, 200, 80, 10, 0, 0, 0, 0, 0.74, judged=1000, passed=900))
    return replace(
        NOTHING,
        statistics=statistics,
        then=Standing(900, 603, 200, 80, 17, 0, 0.7),
        week=RUNNING,
        unjudged=None,
        before=replace(RUNNING, uptime=OverallUptime(0.985, 1.0, 7), intake=Intake(60, 1, 200, 10, 1, 9)),
        days=[IntakeBin(PERIOD.since + n * DAY, 10, 0, 10 * n, 1, 0) for n in (0, 6)],
        backups=[backup(5), backup(30, ProofState.PROVEN)],
        **changes,
    )


def source(name, *, visits=10, failed=0, nodes=10, rejected=0, average=0.5, first=False):
    return SourceIntake(name, name, "feed", True, visits, failed, 1, 0, 0, nodes, 0, rejected, average, first)


def figures(made, section=None):
    within = {one.key: one for one in made.sections}
    some = made.figures if section is None else within[section].blocks[0].figures
    return {one.name: one for one in some}


def test_one_sentence_says_what_there_is_what_came_and_whether_it_ran():
    made = document(full(recommendations=[Recommendation("BAK-05", Tone.WARN, "says", "because", "acts")]))
    assert made.lead == (
        "1,000 items, 71 % verified; 340 came in this week; services were up 99.5 % of the time. "
        "1 thing needs somebody."
    )
    assert made.tone is Tone.WARN


def test_figures_stand_against_the_week_before():
    made = document(full())
    headline, trust, ran = figures(made), figures(made, "trust"), figures(made, "ran")
    assert (headline["Quality score"].value, headline["Quality score"].note) == (
        71.0, "+4.0 points against the week before",
    )  # fmt: skip
    assert headline["Uptime"].note == "+1.0 points against the week before"
    assert headline["New items"].note == "+70 %, 200 in the week before"
    assert (trust["Mean confidence"].value, trust["Mean confidence"].note) == (0.74, "0.7 in the week before")
    assert trust["Pass rate"].value == 90.0
    assert trust["Verified, of this week's verdicts"].value == 0.75
    assert (ran["Runs that failed"].value, ran["Taken up after"].value, ran["Resolved after"].value) == (3, 720, 5400)
    assert ran["Uptime of the services"].note == "least: Redis, 97 %"


def test_a_week_before_of_which_nothing_is_known_is_said_to_be_so():
    made = document(replace(full(), before=SILENT, then=NOTHING.then))
    notes = [*figures(made).values(), *figures(made, "came_in").values()]
    told = {one.name: one.note for one in notes}
    for name in ("Quality score", "Uptime", "New items", "Unreadable entries"):
        assert told[name] == "nothing known of the week before"


def test_an_empty_database_is_no_good_news():
    made = document(NOTHING)
    assert made.lead == "The knowledge base is empty: there is nothing to report on yet."
    assert made.tone is Tone.BAD  # there is no backup
    assert len(made.missing) == 4
    assert {one.value for one in made.figures} == {None}
    assert Tone.GOOD not in {one.tone for key in ("ran", "risk") for one in figures(made, key).values()}


def test_no_alert_is_good_only_where_somebody_watched():
    assert figures(document(full()))["Open alerts"].tone is Tone.GOOD
    assert figures(document(replace(full(), week=SILENT)))["Open alerts"].tone is Tone.PLAIN
    firing = AlertCounts(2, 0, 0, 0, {Severity.ERROR: 2}, 0, 0)
    assert figures(document(full(alerts=firing)), "risk")["Open alerts"].note == "2 error"


@pytest.mark.parametrize(
    ("backups", "tones"),
    [
        ([], [Tone.BAD, Tone.BAD]),
        ([backup(5)], [Tone.GOOD, Tone.BAD]),
        ([backup(5), backup(30, ProofState.PROVEN)], [Tone.GOOD, Tone.GOOD]),
        ([backup(40, ProofState.PROVEN)], [Tone.BAD, Tone.GOOD]),
        ([backup(5, ProofState.DAMAGED), backup(30, ProofState.PROVEN)], [Tone.BAD, Tone.GOOD]),
        ([backup(5), backup(51, ProofState.PROVEN)], [Tone.GOOD, Tone.BAD]),
    ],
    ids=["none", "not proven", "proven a day ago", "old", "damaged", "proven too long ago"],
)
def test_a_backup_counts_as_proven_only_when_it_was_restored(backups, tones):
    found = figures(document(replace(full(), backups=backups)), "risk")
    assert [found[name].tone for name in ("Newest backup", "Newest proven backup")] == tones


def test_the_newest_backup_is_no_proven_one_by_itself():
    some = [backup(40, ProofState.PROVEN), backup(5)]
    assert newest(some, proven=False).name == "b5"
    assert newest(some, proven=True).name == "b40"
    assert newest([backup(5)], proven=True) is None


def test_items_by_day_have_a_bar_for_every_day():
    chart = next(one for one in document(full()).sections if one.key == "came_in").blocks[1]
    assert list(chart.times) == PERIOD.starts()
    assert list(chart.layers[0].heights) == [0, 0, 0, 0, 0, 0, 60]


def test_sources_that_stand_out_have_brought_enough_to_tell():
    some = [
        source("good", average=0.9), source("lucky", nodes=1, average=1.0), source("bad", rejected=8),
        source("down", failed=10, nodes=0, average=None), source("once", visits=1, failed=1, nodes=0, average=None),
    ]  # fmt: skip
    assert [one.source for one in best(some)] == ["good", "bad"]
    assert [one.source for one in worst(some)] == ["down", "bad"]
    assert (best([]), worst([])) == ([], [])


def test_new_sources_are_named():
    found = figures(document(full(sources=[source("old"), source("fresh", first=True)])), "came_in")["New sources"]
    assert (found.value, found.note) == (1, "fresh")


def test_without_a_bound_the_age_of_a_backup_is_not_judged():
    made = replace(full(), backup_bounds=BackupBounds(26, None))
    assert figures(document(made), "risk")["Newest proven backup"].tone is Tone.PLAIN


def test_a_single_thing_is_told_as_one():
    one = compute_statistics(Totals(1, 1, 0, 0, 0, 0, 0, 1, 0, 0.9))
    assert document(replace(full(), statistics=one)).lead.startswith("1 item, 100 % verified;")


def test_three_things_are_enough():
    some = [Recommendation(f"X-{n}", Tone.BAD, "says", "because", "acts") for n in range(5)]
    assert len(document(full(recommendations=some)).sections[0].blocks[0].recommendations) == 3


def test_verdicts_are_shares_of_all_verdicts_of_the_week():
    assert came_to(RUNNING.changes, "verified") == (30, 0.75)
    assert came_to((), "verified") == (0, None)


def test_runs_are_known_by_both_counters_or_not_at_all():
    told = CounterWindow(10.0, NOW, NOW)
    assert runs(told, None) == Runs(None, None)
    assert runs(told, replace(told, increase=8.0)).failed == 2
    assert runs(replace(told, increase=8.0), told).failed == 0  # one of them started anew


def test_an_incident_lasts_until_now_and_never_less_than_nothing():
    open_ = IncidentLine("i", "t", "high", "open", NOW - timedelta(hours=2), None)
    assert open_.minutes(NOW) == 120
    assert replace(open_, opened_at=NOW + DAY).minutes(NOW) == 0
    late = Incident("i", None, "t", IncidentSeverity.HIGH, IncidentStatus.OPEN, None, 60, None, NOW - DAY)
    assert figures(document(full(open_incidents=[late])), "risk")["Open incidents"].note == "1 not taken up in time"
    table = next(one for one in document(full(incidents=[open_])).sections if one.key == "ran").blocks[1]
    assert table.rows[0][3] == "2 h"
