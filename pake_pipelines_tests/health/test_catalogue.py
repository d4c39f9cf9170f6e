"""The catalogue knows every metric that is sampled or named by the packaged configuration, and its page shows them."""

import math
import re

import pytest

from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.health.catalogue import CATALOGUE, measured, missing
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines_tests.conftest import NOW

CONFIG = load_monitoring(PACKAGE_HOME / "configs")


def named():
    yield from ((f"kpi {name}", kpi.metric) for name, kpi in CONFIG.kpis.items())
    yield from ((f"rule {name}", rule.metric) for name, rule in CONFIG.alerting.rules.items() if rule.metric)
    for name, slo in CONFIG.alerting.slos.items():
        yield from ((f"slo {name} {part}", metric) for part, metric in (("good", slo.good), ("total", slo.total)))


@pytest.mark.parametrize("metric", [pytest.param(metric, id=where) for where, metric in named()])
def test_what_the_packaged_configuration_names_is_in_the_catalogue(metric):
    assert metric in CATALOGUE


def test_key_figures_have_the_unit_of_their_metric():
    assert [name for name, kpi in CONFIG.kpis.items() if CATALOGUE[kpi.metric].unit != kpi.unit] == []


def test_objectives_are_over_counters():
    parts = [metric for slo in CONFIG.alerting.slos.values() for metric in (slo.good, slo.total)]
    assert parts
    assert [metric for metric in parts if not metric.endswith("_total")] == []


def test_fields_of_summaries_are_labels_of_their_metric():
    known = {"value", "threshold", "detail", "severity", "metric"}
    for name, rule in CONFIG.alerting.rules.items():
        if rule.metric:
            fields = set(re.findall(r"\{(\w+)", rule.summary)) - known - set(rule.labels)
            assert fields <= set(CATALOGUE[rule.metric].labels), name


def test_every_unit_is_one_of_the_known():
    units = {"percent", "ms", "s", "h", "d", "bytes", "count", "per_minute"}
    assert {metric.unit for metric in CATALOGUE.values()} <= units


def test_the_page_lists_every_metric_with_its_unit_and_what_it_says():
    page = (PACKAGE_HOME / "docs" / "metrics.md").read_text("utf-8")
    for name, metric in CATALOGUE.items():
        label = "".join(f" {{{one}}}" for one in metric.labels)
        assert f"| `{name}`{label} | {metric.unit} | {metric.says} |" in page
    assert set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) == set(CATALOGUE)


def test_a_name_that_is_not_in_the_catalogue_is_no_metric():
    with pytest.raises(KeyError):
        measured("made_up", 1, NOW)
    with pytest.raises(KeyError):
        missing("made_up", "why", NOW)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf], ids=str)
def test_what_is_no_finite_number_is_unknown(value):
    sample = measured("cpu_count", value, NOW)
    assert (sample.value, sample.status) == (None, CheckStatus.UNKNOWN)
    assert str(value) in sample.detail
