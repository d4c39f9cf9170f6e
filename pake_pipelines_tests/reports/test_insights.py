"""The insights report: what stands of the analyses, gravest first, with charts around what is odd."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.reports.document import LineChart, Prose, Tone
from pake_pipelines.reports.insights.anomalies import episode_chart, expected
from pake_pipelines.reports.insights.figures import Episode, Groups, Insights, around, in_order
from pake_pipelines.reports.insights.sections import document
from pake_pipelines.reports.qa.figures import compute_statistics
from pake_pipelines.store.analyses import Analysis
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.intake_statistics import Intake, Serving
from pake_pipelines.store.metric_windows import Window
from pake_pipelines.store.monitoring_statistics import Bin
from pake_pipelines.store.qa_statistics import Totals

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOTALS = Totals(200, 120, 60, 20, 0, 0, 0, 0, 0, 0.7, judged=200, passed=150)
GROUPS = Groups((), compute_statistics(TOTALS), 5, 7, Intake(30, 1, 60, 10, 0, 3), Serving(4, 3))
NOTHING = Insights(NOW, {}, (), (), (), GROUPS, 30, 0.3, "http://localhost:3000")


def analysis(kind, subject, result, age=HOUR):
    return {kind: {subject: Analysis(kind, subject, NOW - age, "r", result)}}


def insight(kind, severity, message="m", age=HOUR):
    result = {"type": kind, "severity": severity, "message": message, "evidence": "e", "recommendations": ["A", "B"]}
    return Analysis("insight", f"{kind}:{message}", NOW - age, "r", result)


def anomaly(hours=2, *, over=False, score=0.9, metric="api_response_ms", low=100.0, high=200.0, labels=None):
    begun, last = NOW - hours * HOUR, NOW - hours * HOUR + 30 * timedelta(minutes=1)
    return Anomaly(
        1, metric, labels or {}, "spike", begun, last, begun, last if over else None, score, 900.0, low, high, NOW
    )


def section(made, key):
    return next(one for one in made.sections if one.key == key)


def row(made, key):
    return section(made, key).blocks[0].rows[0]


def test_nothing_analysed_is_not_known_and_only_figures_are_told():
    made = document(NOTHING)
    assert made.tone is Tone.UNKNOWN
    assert made.lead == "Nothing has been analysed yet: what declines and what comes next is not known."
    assert [one.key for one in made.sections] == ["intelligence", "business", "performance", "system"]
    assert {one.value for one in made.figures} == {None}


def test_analyses_that_found_nothing_are_good():
    trend = {"week": {"direction": "steady", "judged": "stable"}, "month": {"direction": "steady", "judged": "stable"}}
    made = document(replace(NOTHING, analyses=analysis("trend", "cpu_usage_percent", trend)))
    assert made.tone is Tone.GOOD
    assert made.lead == "Nothing is odd, nothing declines, and nothing gets full."


def test_insights_stand_gravest_first_under_the_codes_of_their_rules():
    kinds = {"capacity_planning": "info", "performance_decline": "warning", "limit_crossing": "error"}
    some = {kind: insight(kind, severity) for kind, severity in kinds.items()}
    made = document(replace(NOTHING, analyses={"insight": some}))
    found = section(made, "insights").blocks[0].recommendations
    assert [(one.code, one.tone) for one in found] == [
        ("ANA-07", Tone.BAD), ("ANA-04", Tone.WARN), ("ANA-05", Tone.NOTICE),
    ]  # fmt: skip
    assert (found[0].says, found[0].evidence, found[0].acts) == ("m.", "e", "A. B")
    assert found[0].link.href == "http://localhost:3000/assets/insights"
    assert made.tone is Tone.BAD


def test_what_was_found_days_ago_tells_nothing_of_now():
    old = insight("performance_decline", "warning", age=3 * DAY)
    made = document(replace(NOTHING, analyses={"insight": {"x": old}}))
    assert made.missing == ["Nothing has been analysed since 19 Nov 2026 17:30 UTC."]
    assert made.tone is Tone.UNKNOWN
    assert made.lead == (
        "Nothing has been analysed since 19 Nov 2026 17:30 UTC: what declines and what comes next is not known."
    )
    assert [one.key for one in made.sections] == [one.key for one in document(NOTHING).sections]
    assert {one.value for one in made.figures} == {None}


def test_an_anomaly_of_a_series_that_is_not_sampled_any_more_is_not_odd_right_now():
    made = document(replace(NOTHING, anomalies=[anomaly(80)], analyses=analysis("trend", "x", {})))
    assert made.lead == "Nothing is odd, nothing declines, and nothing gets full."
    assert made.figures[0].value == 0
    assert row(made, "anomalies")[1].text == "not sampled since"


def test_an_anomaly_is_told_of_before_anything_was_analysed():
    made = document(replace(NOTHING, anomalies=[anomaly()]))
    assert made.lead.endswith("API response: odd right now.")
    assert (made.tone, made.figures[0].value) == (Tone.WARN, 1)
    assert len(section(made, "anomalies").blocks[0].rows) == 1


def test_what_declined_within_a_day_stands_among_what_moves():
    still = {"direction": "steady", "judged": "stable"}
    some = {"week": still, "month": still, "day": {"judged": "declining", "rate_percent": 12.3}}
    short = {"week": {}, "month": {}, "day": {"judged": "improving"}}
    held = {name: Analysis("trend", name, NOW, "r", one) for name, one in {"db_query_ms": some, "x": short}.items()}
    made = document(replace(NOTHING, analyses={"trend": held}))
    assert made.lead == "1 figure declines."
    assert [row[0] for row in section(made, "trends").blocks[0].rows] == ["Database query", "X"]
    assert (len(section(made, "trends").blocks), section(made, "trends").missing) == (1, [])


def test_an_anomaly_that_goes_on_leads():
    made = document(replace(NOTHING, anomalies=[anomaly()], analyses=analysis("trend", "x", {})))
    assert made.lead.startswith("API response: odd right now.")
    assert made.tone is Tone.WARN
    assert made.figures[0].value == 1
    told = row(made, "anomalies")
    assert (told[1].text, told[2], told[3], told[6]) == ("goes on", "900 ms", "100 ms to 200 ms", "30 min")


def test_anomalies_are_told_once_those_that_go_on_first():
    now_odd, was_worse, was = anomaly(score=0.6), anomaly(9, over=True, score=0.9), anomaly(20, over=True, score=0.7)
    assert in_order([was, now_odd, was_worse], [now_odd]) == [now_odd, was_worse, was]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(None, None, "not told"), (None, 5.0, "at most 5 ms"), (5.0, None, "at least 5 ms"), (1.0, 5.0, "1 ms to 5 ms")],
    ids=["unknown", "upper", "lower", "both"],
)
def test_what_was_expected_is_said_as_far_as_it_is_known(low, high, said):
    assert expected(anomaly(low=low, high=high)) == said


def bins(one, offsets):
    return [Bin(one.metric, {}, one.started_at + n * timedelta(minutes=10), 100.0 + n, 0, 0, 2) for n in offsets]


def test_the_chart_of_an_anomaly_has_its_band_where_it_was_odd_and_gaps_where_nobody_looked():
    one = anomaly()
    chart = episode_chart(Episode(one, bins(one, [-20, -19, -1, 0, 1, 2, 3, 9]), timedelta(minutes=10)))
    assert isinstance(chart, LineChart)
    gaps = [place for place, mean in enumerate(chart.means) if mean is None]
    assert [chart.times[place] - chart.times[place - 1] for place in gaps] == [timedelta(minutes=10)] * 2
    banded = [at for at, low in zip(chart.times, chart.lows, strict=True) if low is not None]
    assert (banded[0], banded[-1]) == (one.started_at, one.last_at)
    assert set(chart.highs) == {None, 200.0}


def test_samples_that_are_not_kept_any_more_make_no_chart():
    one = anomaly()
    assert episode_chart(Episode(one, bins(one, [0]), HOUR)) is None
    assert episode_chart(Episode(one, [], HOUR)) is None


def test_a_chart_looks_as_far_around_as_the_episode_is_long_and_never_beyond_now():
    since, until, width = around(anomaly(1), NOW)
    assert (since, until) == (NOW - 13 * HOUR, NOW)
    assert timedelta(minutes=5) <= width <= 10 * timedelta(minutes=1)
    long = replace(anomaly(), started_at=NOW - 10 * DAY, last_at=NOW - DAY)
    since, until, _ = around(long, NOW)
    assert (since, until) == (NOW - 28 * DAY, NOW)


def forecast(reaches):
    return ForecastRow("disk_usage_percent", {"mount": "/"}, NOW - HOUR, "r", "drift", "percent", 700, 0.5, (), 90.0,
                       reaches, reaches, reaches, "")  # fmt: skip


@pytest.mark.parametrize(("days", "tone"), [(12, Tone.WARN), (100, Tone.GOOD)], ids=["soon", "later"])
def test_a_limit_that_comes_soon_is_a_warning(days, tone):
    made = document(replace(NOTHING, forecasts=[forecast(NOW + days * DAY)]))
    assert made.tone is tone
    assert made.lead.startswith(f"Disk usage / reaches its limit in {days} days")
    assert len(section(made, "limits").blocks[0].rows) == 1


def test_declines_stand_before_growth_and_steady_figures_are_counted():
    up = {"direction": "rising", "judged": "declining", "change": 4.0, "mean": 60.0, "days": 7}
    neither = {"direction": "rising", "judged": None, "change": 1e6, "mean": 1e9, "days": 7}
    still = {"direction": "steady", "judged": "stable", "change": 0.0, "mean": 1.0, "days": 7}
    short = {"direction": "unclear", "judged": "insufficient", "change": None, "mean": None, "days": 1}
    day = {"judged": "declining", "rate_percent": 12.3}
    some = {
        "db_size_bytes": {"week": neither, "month": neither, "unit": "bytes"},
        "disk_usage_percent /": {"week": up, "month": short, "day": day},
        "db_query_ms": {"week": still, "month": still},
        "cpu_usage_percent": {"week": short, "month": short},
    }
    held = {name: Analysis("trend", name, NOW - HOUR, "r", one) for name, one in some.items()}
    made = document(replace(NOTHING, analyses={"trend": held}))
    rows = section(made, "trends").blocks[0].rows
    assert [row[0] for row in rows] == ["Disk usage /", "Database size"]
    assert [rows[0][place].text for place in (1, 2, 4)] == ["declining +12 %", "rising, worse", "too few days"]
    assert (rows[0][3], rows[0][5], rows[1][3], rows[1][2].text) == ("+4.0 points", "-", "+1 MB", "rising")
    assert section(made, "trends").blocks[1] == Prose("1 further figure is steady.")
    assert section(made, "trends").missing == ["1 figure was measured on too few days to have a trend."]
    assert "1 figure declines" in made.lead


def test_a_job_that_became_slower_says_from_what_to_what_and_since_when():
    since = NOW - 2 * DAY
    slow = {"median_seconds": 20.0, "recent_seconds": 50.0, "ratio": 2.5, "runs": 23, "since": since.isoformat(),
            "reason": "slower", "regressed": True}  # fmt: skip
    made = document(replace(NOTHING, analyses=analysis("regression", "ingest", slow)))
    assert row(made, "regressions") == ["ingest", 20.0, 50.0, 2.5, since, 23, "slower"]
    assert (made.lead, made.tone) == ("ingest: slower than before.", Tone.WARN)
    few = {"median_seconds": None, "recent_seconds": None, "regressed": False}
    table = section(document(replace(NOTHING, analyses=analysis("regression", "x", few))), "regressions").blocks[0]
    assert table.empty == "No job has run often enough to be judged."


def test_quiet_hours_have_their_confidence_and_wrap_past_midnight():
    result = {"start_hour": 23, "hours": 2, "confidence": 0.9, "impact": 0.12, "days": 20, "reason": None,
              "hourly": [10.0] * 22 + [None, 2.0]}  # fmt: skip
    made = document(replace(NOTHING, analyses=analysis("quiet_hours", "cpu_usage_percent", result)))
    window, sure = section(made, "quiet_hours").blocks[0].figures
    assert (window.value, window.note) == ("23:00 to 01:00 UTC", "at 12 % of the daily average of CPU usage")
    assert (sure.value, sure.note) == (0.9, "of 20 days")
    chart = section(made, "quiet_hours").blocks[1]
    assert len(chart.times) == 24
    assert chart.limit == pytest.approx(0.3 * 222 / 23)
    assert made.figures[-1].value == "23:00 to 01:00 UTC"


def test_hours_that_are_never_quiet_are_a_finding_and_nothing_missing():
    made = document(
        replace(NOTHING, analyses=analysis("quiet_hours", "cpu_usage_percent", {"start_hour": None, "reason": "even"}))
    )
    found = section(made, "quiet_hours")
    assert found.blocks == [Prose("There are no quiet hours by CPU usage: even.")]
    assert found.missing == []


def test_only_frequencies_that_should_change_are_told():
    some = {
        "a": {"current_seconds": 3600, "recommended_seconds": 4320, "score": 1.0, "reason": "well"},
        "b": {"current_seconds": 3600, "recommended_seconds": 2400, "score": 0.2, "reason": "it fails"},
        "c": {"current_seconds": 3600, "recommended_seconds": 3600, "score": None, "reason": "few"},
    }
    held = {name: Analysis("frequency", name, NOW, "r", one) for name, one in some.items()}
    found = section(document(replace(NOTHING, analyses={"frequency": held})), "frequencies").blocks
    assert [(row[0], row[1], row[2], row[4].text) for row in found[0].rows] == [
        ("a", "60 min", "72 min", "less often"), ("b", "60 min", "40 min", "more often"),
    ]  # fmt: skip
    assert found[1] == Prose("1 of 3 have not run often enough to be judged.")


def test_the_four_groups_have_their_figures_and_name_what_was_not_sampled():
    cpu = Window("cpu_usage_percent", {}, "percent", 288, 30.0, 60.0, 80.0, 42.0, NOW)
    made = document(replace(NOTHING, groups=replace(GROUPS, windows=[cpu])))
    assert [(one.name, one.value, one.at) for one in section(made, "system").blocks[0].figures] == [
        ("CPU usage", 42.0, NOW)
    ]
    assert "Memory usage" in section(made, "system").missing[0]
    assert [one.value for one in section(made, "intelligence").blocks[0].figures] == [200, 0.7, 5, 7]
    assert [one.value for one in section(made, "business").blocks[0].figures] == [10.0, 0.6, 75.0, 3]
