"""`pake node explain` tells everything that led to a verdict, and stays readable."""

import pytest

from pake_pipelines.cli import console
from pake_pipelines_tests.cli.judged import judged, judged_once, key, seen

__all__ = ["judged", "judged_once", "seen"]

RULES = (
    "required fields", "content length min", "content length max", "forbidden patterns", "required patterns",
    "confidence bounds", "language supported", "spam", "broken links", "duplicate",
)  # fmt: skip
FACTORS = (
    "source authority", "content coherence", "cross reference strength", "temporal relevance", "linguistic quality",
    "verification status",
)  # fmt: skip


def test_every_rule_and_every_factor_is_told_with_its_reason(seen):
    shown = seen.pake("node", "explain", key(2)).stdout
    assert all(name in shown for name in (*RULES, *FACTORS))
    assert "Spam score too high" in shown
    assert "authority 0." in shown
    assert "verdict: rejected" in shown
    assert "new to rejected" in shown
    assert "because: first judgement" in shown
    assert "run run-1" in shown


def test_spam_evidence_and_links_are_told_with_their_state(judged):
    judged.execute(
        """
        INSERT INTO link_checks (url, state, detail, checked_at, expires_at, run_id)
        VALUES ('https://a.example/1', 'broken', '404 Not Found', '2026-11-22T10:00:00Z', now(), 'run-9')
        """
    )
    shown = judged.pake("node", "explain", key(1)).stdout
    assert "links: 1, 1 broken" in shown
    assert "broken (404 Not Found, 2026-11-22 10:00) https://a.example/1" in shown
    assert "action: " in judged.pake("node", "explain", key(2)).stdout
    links = judged.pake("node", "explain", key(1), "--json").json["links"]
    assert [(one["url"], one["state"], one["run_id"]) for one in links] == [("https://a.example/1", "broken", "run-9")]


def test_a_review_is_told_with_who_when_and_why_and_ends_with_a_new_version(judged):
    judged.pake("review", "approve", key(2), "--reason", "we [know] them")
    shown = judged.pake("node", "explain", key(2)).stdout
    assert "approved it" in shown
    assert "we [know] them" in shown
    assert "rejected to verified" in shown
    judged.execute(
        """
        UPDATE reviews SET entry_id = (SELECT entry_id FROM entries WHERE pake_id = $1) WHERE pake_id = $2
        """,
        key(1),
        key(2),
    )
    assert "it does not hold for this one" in judged.pake("node", "explain", key(2)).stdout


def test_the_calibration_that_decided_is_told(judged):
    judged.execute("UPDATE confidence_scores SET probability = 0.123")
    judged.execute(
        """
        INSERT INTO calibrations (method, parameters, figures, labels, score_version, in_force, actor)
        VALUES ('platt', '{"slope": 1, "intercept": 0}', '{}', 60, 'v', true, 'ana')
        """
    )
    shown = judged.pake("node", "explain", key(1)).stdout
    assert "calibrated 0.123" in shown
    assert "platt, 60 labels, ana" in shown


def test_a_long_history_shows_its_end_and_says_so(judged):
    judged.execute(
        """
        INSERT INTO confidence_history (pake_id, old_score, new_score, old_status, new_status, reason, changed_by,
                                        run_id)
        SELECT $1, 0.5, 0.6, 'pending', 'pending', 'turn ' || n, 'pipeline', 'r' FROM generate_series(1, 30) n
        """,
        key(1),
    )
    shown = judged.pake("node", "explain", key(1)).stdout
    assert "history: 31 changes" in shown
    assert "21 earlier ones" in shown
    assert "turn 30" in shown
    assert "turn 5\n" not in shown


def test_what_was_dropped_and_what_is_not_judged_are_told(seen):
    shown = seen.pake("node", "explain", key(3)).stdout
    assert "dropped at the door: too_short" in shown
    assert "verdict: none" in shown


@pytest.mark.parametrize("number", [1, 2, 3])
def test_nothing_is_wider_than_a_hundred_columns_and_a_title_is_no_markup(number, seen, monkeypatch):
    monkeypatch.setattr(console.out, "width", 100)
    shown = seen.pake("node", "explain", key(number)).stdout
    assert max(map(len, shown.splitlines())) <= 100
    assert number != 1 or "A [linked] story" in shown
