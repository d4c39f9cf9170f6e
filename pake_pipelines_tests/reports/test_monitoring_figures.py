"""The figures of the monitoring report: what was not seen is unknown, secrets stay out, the highest series speaks."""

from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.analytics.trends import Direction
from pake_pipelines.config.services import HttpService, PostgresService, RedisService, TcpService
from pake_pipelines.model.dagster_facts import RunFact
from pake_pipelines.model.health import HealthSample, HealthStatus, Uptime
from pake_pipelines.reports.monitoring.figures import (
    NEVER,
    address,
    average,
    failed_runs,
    health_trend,
    metric_trend,
    standing,
)
from pake_pipelines.store.monitoring_statistics import Bin, ServiceDay

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
STALE = timedelta(minutes=10)
SERVICE = TcpService(port=1, critical=True)


def sample(minutes):
    return HealthSample("s", "tcp", False, HealthStatus.HEALTHY, NOW - timedelta(minutes=minutes), 3.0, "answers")


def test_a_fresh_sample_says_how_a_service_stands():
    found = standing("s", SERVICE, sample(10), NOW, STALE)
    assert (found.status, found.critical, found.response_ms) == (HealthStatus.HEALTHY, True, 3.0)


def test_a_service_that_nobody_looks_at_any_more_is_unknown_and_not_healthy():
    found = standing("s", SERVICE, sample(11), NOW, STALE)
    assert (found.status, found.response_ms) == (HealthStatus.UNKNOWN, None)
    assert "not probed since 22 Nov 11:49 UTC; it was healthy then" in found.detail


def test_a_service_that_was_never_probed_is_unknown():
    found = standing("s", SERVICE, None, NOW, STALE)
    assert (found.status, found.detail) == (HealthStatus.UNKNOWN, NEVER)


@pytest.mark.parametrize(
    ("service", "shown"),
    [
        (HttpService(url="http://h.example:8000/health?key=hidden#x"), "http://h.example:8000/health"),
        (HttpService(url="http://[::1]:8000/health"), "http://[::1]:8000/health"),
        (HttpService(url_env="SECRET_URL"), None),
        (TcpService(host="h", port=7), "h:7"),
        (RedisService(), "localhost:6379"),
        (RedisService(url_env="REDIS_URL"), None),
        (PostgresService(), None),
    ],
    ids=["http", "ipv6", "secret", "tcp", "redis", "secret redis", "postgres"],
)
def test_an_address_is_shown_without_what_may_be_secret(service, shown):
    assert address(service) == shown


def bins(metric, *means, samples=288, **labels):
    first = datetime.combine(TODAY - timedelta(days=len(means) - 1), datetime.min.time(), UTC)
    return [
        Bin(metric, labels, first + timedelta(days=n), mean, mean - 1, mean + 1, samples)
        for n, mean in enumerate(means)
    ]


def test_an_average_weighs_every_sample_the_same():
    found = average("m", [*bins("m", 10, samples=1), *bins("m", 20, samples=3), *bins("other", 99)])
    assert (found.mean, found.high, found.samples) == (17.5, 21, 4)


def test_without_samples_there_is_no_average():
    assert average("m", bins("other", 1)).mean is None


def test_of_several_series_the_highest_is_told_of():
    found = [*bins("disk", 10, 11, mount="/"), *bins("disk", 80, 82, mount="/data")]
    assert average("disk", found).mean == 81
    assert metric_trend("disk", "percent", found, TODAY).month.mean == 81


def test_a_week_is_the_last_seven_days_of_the_month():
    found = metric_trend("m", "percent", bins("m", *[50] * 23, 10, 11, 12, 13, 14, 15, 16), TODAY)
    assert (found.week.mean, found.week.direction, found.week.days) == (13, Direction.RISING, 7)
    assert found.month.days == 30


def up(service, day, good, known):
    return ServiceDay(service, TODAY - timedelta(days=day), good, known)


def test_health_is_the_mean_uptime_of_the_services_that_are_watched():
    uptimes = {
        "a": Uptime(10, 3600, 3600, 0, 0),
        "b": Uptime(10, 0, 3600, 3600, 9999),
        "gone": Uptime(10, 0, 0, 3600, 0),
        "c": Uptime(10, 0, 0, 0, 3600),
    }
    found = health_trend([], uptimes, ["a", "b", "c"], TODAY, 7)
    assert (found.score, found.average_uptime_hours) == (75, 1.5)
    assert found.trend.direction is Direction.UNCLEAR


def test_health_that_gets_worse_day_by_day_declines():
    days = [up(name, day, 100 - 5 * (6 - day), 100) for day in range(7) for name in ("a", "b")]
    assert health_trend(days, {}, ["a", "b"], TODAY, 7).trend.direction is Direction.FALLING
    assert health_trend(days, {}, ["other"], TODAY, 7).trend.days == 0


def test_nothing_known_is_no_score():
    assert health_trend([], {}, ["a"], TODAY, 7).score is None


def test_failed_runs_are_grouped_by_job_with_what_the_newest_said():
    def run(job, hours, said, *, good=False):
        return RunFact(job, said, good, None, NOW - timedelta(hours=hours), said)

    found = failed_runs([run("a", 3, "old"), run("a", 1, "new"), run("a", 0, "", good=True), run("b", 2, "b")])
    assert [(one.kind, one.subject, one.count, one.detail) for one in found] == [
        ("run", "a", 2, "new"),
        ("run", "b", 1, "b"),
    ]
    assert found[0].last_at == NOW - timedelta(hours=1)
