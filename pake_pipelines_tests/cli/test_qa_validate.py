"""`pake qa validate` judges a stored item anew, and says whether the stored judgement still holds."""

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines_tests.cli.judged import judged, judged_once, key, seen

__all__ = ["judged", "judged_once", "seen"]


@pytest.fixture
def configure_quality(seen):
    def write(text):
        (seen.home / "configs" / "quality.yaml").write_text(text)
        load_quality.cache_clear()

    load_quality.cache_clear()
    yield write
    load_quality.cache_clear()


def test_a_valid_item_has_no_issues_and_exit_code_0(seen):
    done = seen.pake("qa", "validate", "--pake-id", key(1), "--json")
    assert done.code == 0
    assert set(done.json) == {"pake_id", "valid", "issues", "qa_metadata"}
    assert (done.json["pake_id"], done.json["valid"], done.json["issues"]) == (key(1), True, [])
    found = done.json["qa_metadata"]
    assert len(found["checks"]) == 10
    assert len(found["factors"]) == 6
    assert found["verdict"]["status"] == found["stored"]["status"] == "pending"
    assert (found["stored"]["up_to_date"], found["stored"]["outdated_because"]) == (True, [])


def test_an_item_that_breaks_a_rule_has_exit_code_1_and_every_issue(seen):
    done = seen.pake("qa", "validate", key(2), "--json")
    assert done.code == 1
    assert done.json["valid"] is False
    assert any("Spam score too high" in one for one in done.json["issues"])
    assert any("forbidden pattern" in one for one in done.json["issues"])
    shown = seen.pake("qa", "validate", "You won").stdout
    assert "not valid" in shown
    assert "verdict: rejected" in shown
    assert "the stored judgement says the same" in shown


def test_a_question_that_is_open_is_neither_valid_nor_a_broken_rule(seen, configure_quality):
    configure_quality("links: {check_external: true}\n")
    done = seen.pake("qa", "validate", key(1), "--json")
    assert done.code == 2
    assert (done.json["valid"], done.json["qa_metadata"]["undecided"]) == (False, ["broken_links"])
    assert "cannot be told" in seen.pake("qa", "validate", key(1)).stdout


def test_it_follows_the_rules_as_they_are_now_and_says_what_is_outdated(seen, configure_quality):
    configure_quality("links: {check_external: false}\ncontent: {min_length: 40000}\n")
    done = seen.pake("qa", "validate", key(1), "--json")
    assert done.code == 1
    assert any("Content too short" in one for one in done.json["issues"])
    stored = done.json["qa_metadata"]["stored"]
    assert stored["up_to_date"] is False
    assert any("rules" in one for one in stored["outdated_because"])
    assert any("content_length_min ok to fail" in one for one in stored["outdated_because"])
    assert "outdated" in seen.pake("qa", "validate", key(1)).stdout


def test_it_changes_no_judgement(seen, configure_quality):
    before = seen.pake("node", "explain", key(1), "--json").json
    configure_quality("links: {check_external: false}\ncontent: {min_length: 40000}\n")
    seen.pake("qa", "validate", key(1))
    after = seen.pake("node", "explain", key(1), "--json").json
    assert {**before, "signals": None} == {**after, "signals": None}


def test_an_item_that_a_filter_stopped_says_so(seen):
    done = seen.pake("qa", "validate", key(3), "--json")
    assert (done.code, done.json["issues"]) == (1, ["Stopped at the door: too_short"])
    assert "Stopped at the door" in seen.pake("qa", "validate", key(3)).stdout


def test_an_item_not_judged_yet_is_judged_now(judged):
    judged.execute("DELETE FROM qa_results")
    judged.execute("DELETE FROM confidence_scores")
    done = judged.pake("qa", "validate", key(1), "--json")
    assert (done.code, done.json["valid"]) == (0, True)
    assert done.json["qa_metadata"]["stored"]["outdated_because"] == ["it was not judged yet"]


def test_an_item_that_its_source_no_longer_has_is_told(judged):
    judged.execute("UPDATE entries SET superseded_at = now() WHERE pake_id = $1", key(1))
    done = judged.pake("qa", "validate", key(1))
    assert done.code == 1
    assert "no item fits" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["a", "--pake-id", "b"]], ids=["none", "two"])
def test_exactly_one_item_is_named(arguments, terminal):
    done = terminal.pake("qa", "validate", *arguments)
    assert done.code == 1
    assert "name one item" in done.stderr


def test_what_is_not_there_is_one_sentence(seen):
    done = seen.pake("qa", "validate", "nothing like it")
    assert done.code == 1
    assert "no item fits" in done.stderr
