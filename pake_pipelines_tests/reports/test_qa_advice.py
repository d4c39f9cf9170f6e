"""A recommendation is made only beyond its line, with the figures that call for it and what acts on it."""

import pytest

from pake_pipelines.reports.qa_advice import recommend
from pake_pipelines.reports.qa_figures import RuleLine, compute_statistics
from pake_pipelines.store.qa_findings import FactorMean
from pake_pipelines.store.qa_statistics import SourceLine
from pake_pipelines_tests.reports.qa_reports import NOBODY, totals

PENDING = "High number of pending items - consider increasing validation frequency"
AVERAGE = "Low average confidence score - review ingestion sources quality"
LOW = "High percentage of low-confidence items - adjust confidence scoring weights"
REJECTED = "High rejection rate - review QA rules and ingestion filters"


def advice(counted, rules=(), factors=(), sources=()):
    return recommend(compute_statistics(counted), rules, factors, sources)


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        pytest.param(NOBODY, [], id="nothing"),
        pytest.param(totals(pending=100), [], id="100 pending"),
        pytest.param(totals(pending=101), [PENDING], id="101 pending"),
        pytest.param(totals(pending=3, average=0.6), [], id="mean 0.6"),
        pytest.param(totals(pending=3, average=0.59), [AVERAGE], id="mean below"),
        pytest.param(totals(verified=10, low=2), [], id="20 percent low"),
        pytest.param(totals(verified=100, low=21), [LOW], id="21 percent low"),
        pytest.param(totals(verified=9, rejected=1), [], id="10 percent rejected"),
        pytest.param(totals(verified=89, rejected=11), [REJECTED], id="11 percent rejected"),
        pytest.param(totals(rejected=1, average=0.1, low=1), [AVERAGE, LOW, REJECTED], id="all bad"),
    ],
)
def test_a_recommendation_is_made_only_beyond_its_line(counted, said):
    assert [one.recommendation for one in advice(counted)] == said


def test_each_says_which_figures_call_for_it_and_what_acts_on_it():
    found = advice(
        totals(pending=200, rejected=50, low=60, average=0.5),
        [RuleLine("spam", fail=50), RuleLine("broken_links", unknown=7)],
        [FactorMean("source_authority", 250, 250, 0.2, 0.25, 0.2)],
        [SourceLine("a", "Weak", 9, 0, 9, 0, 0, 0, 0, 0, 0.2), SourceLine("b", "Good", 9, 9, 0, 0, 0, 0, 0, 0, 0.9)],
    )
    assert [one.code for one in found] == ["QA-27", "QA-28", "QA-29", "QA-30"]
    pending, average, low, rejected = (one.evidence for one in found)
    assert "200 items" in pending
    assert "broken links 7" in pending
    assert "Weak 0.20" in average
    assert "Good" not in average
    assert "24%" in low
    assert "source authority" in low
    assert "20%" in rejected
    assert "spam 50" in rejected
    assert all("configs/" in one.acts or "`pake" in one.acts for one in found)
