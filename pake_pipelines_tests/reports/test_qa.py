"""What the QA report says: counts, shares and recommendations, on nothing as well as on much."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines.reports.qa import build_report, compute_statistics, recommend
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.nodes import NodeFact

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RULES = load_quality(PACKAGE_HOME / "configs").verdict


def fact(number=1, status="pending", score=0.7, flagged=None, reason="why", title="Title"):
    return NodeFact(
        UUID(int=number), title, "Source", score, status, flagged, reason, NOW, NOW - timedelta(minutes=number)
    )


def statistics(*facts):
    return compute_statistics(facts, RULES)


def test_nothing_has_no_average_and_no_recommendations():
    found = statistics()
    assert (found.total, found.average_confidence, found.quality_score) == (0, None, 0.0)
    assert set(found.by_status.values()) == {0}
    assert recommend(found) == []


def test_every_status_is_counted_and_the_quality_score_is_the_share_of_the_verified():
    found = statistics(fact(status="verified"), fact(status="pending"), fact(status="rejected"))
    assert found.by_status == {"pending": 1, "verified": 1, "rejected": 1, "quarantined": 0, "archived": 0}
    assert (found.total, found.quality_score) == (3, 33.3)


def test_high_and_low_confidence_are_told_by_the_configured_lines():
    found = statistics(
        *(fact(score=score) for score in (RULES.high_confidence, 0.79, RULES.low_confidence_report, 0.39))
    )
    assert (found.high_confidence, found.low_confidence) == (1, 1)
    assert found.average_confidence == pytest.approx((0.8 + 0.79 + 0.4 + 0.39) / 4)


def test_potential_duplicates_are_counted_by_their_flag():
    found = statistics(fact(flagged="potential_duplicate"), fact(flagged="spam_detected"), fact())
    assert found.potential_duplicates == 1


PENDING = "High number of pending items - consider increasing validation frequency"
AVERAGE = "Low average confidence score - review ingestion sources quality"
LOW = "High percentage of low-confidence items - adjust confidence scoring weights"
REJECTED = "High rejection rate - review QA rules and ingestion filters"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([fact()] * 100, []),
        ([fact()] * 101, [PENDING]),
        ([fact(score=0.6)] * 3, []),
        ([fact(score=0.59)] * 3, [AVERAGE]),
        ([fact(score=0.3)] * 2 + [fact(score=0.9)] * 8, []),
        ([fact(score=0.3)] * 21 + [fact(score=0.9)] * 79, [LOW]),
        ([fact(status="rejected")] + [fact()] * 9, []),
        ([fact(status="rejected")] * 11 + [fact()] * 89, [REJECTED]),
        ([fact(score=0.1, status="rejected")], [AVERAGE, LOW, REJECTED]),
    ],
    ids=[
        "100 pending",
        "101 pending",
        "mean 0.6",
        "mean below",
        "20 % low",
        "21 % low",
        "10 % rejected",
        "11 %",
        "all bad",
    ],
)
def test_a_recommendation_is_made_only_beyond_its_line(facts, said):
    assert recommend(statistics(*facts)) == said


def test_issues_are_the_flagged_and_the_bad_ones_at_most_twenty_newest_first():
    facts = [fact(n, status="rejected") for n in range(30)] + [fact(99)]
    found = build_report(facts, [], RULES, NOW).issues
    assert [issue.pake_id for issue in found] == [str(UUID(int=n)) for n in range(20)]


def test_an_ordinary_item_is_no_issue():
    facts = [fact(1), fact(2, status="verified"), fact(3, status="quarantined"), fact(4, flagged="potential_duplicate")]
    assert len(build_report(facts, [], RULES, NOW).issues) == 2
