"""`pake qa calibrate` puts a curve in force that does better on sources it has not seen, and refuses any other."""

import json

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.calibration import Platt
from pake_pipelines_tests.cli.scored import Base

STORED = "SELECT method, labels, in_force, score_version, figures, actor FROM calibrations ORDER BY calibration_id"
AUDIT = "SELECT action, details FROM audit_events WHERE action LIKE 'calibrations.%' ORDER BY event_id"


def as_lines(given):
    return "\n".join(map(json.dumps, given)).encode()


@pytest.fixture
def base(connected, database_url):
    """Three hundred items whose scores say too little of what is good; the first 150 are labelled."""
    made = Base(database_url, 300)
    label(connected, made.lines(range(150)))
    return made


def label(terminal, lines):
    done = terminal.pake("qa", "label", "--file", "-", "--actor", "anna", stdin=as_lines(lines))
    assert done.code == 0, done.stderr


def test_a_calibration_that_mends_the_score_is_in_force_at_once(base, connected):
    done = connected.pake("qa", "calibrate", "--json")
    assert done.code == 0, done.stderr
    found = done.json
    (held_out,) = found["held_out"].values()
    assert held_out["brier_after"] < held_out["brier_before"]
    assert (found["method"], found["labels"], found["in_force"], found["items"]) == ("platt", 150, True, 300)
    (stored,) = base.ask(STORED)
    assert (stored["method"], stored["labels"], stored["in_force"]) == ("platt", 150, True)
    assert stored["figures"]["held_out"]["platt"]["brier_after"] == held_out["brier_after"]
    (event,) = base.ask(AUDIT)
    assert (event["action"], event["details"]["version"]) == ("calibrations.fit", found["version"])


def test_it_counts_who_would_stand_elsewhere_on_the_ladder(base, connected):
    found = connected.pake("qa", "calibrate", "--dry-run", "--json").json
    slope, intercept = found["parameters"]["slope"], found["parameters"]["intercept"]

    def step(score):
        names = ("rejected", "archived", "flagged as low", "pending", "verified")
        return names[sum(score >= threshold for threshold in (0.1, 0.2, 0.3, 0.9))]

    moves = [(step(score), step(Platt(slope, intercept).apply(score))) for score in base.scores]
    expected = {move: moves.count(move) for move in moves if move[0] != move[1]}
    assert expected
    assert {(one["before"], one["after"]): one["items"] for one in found["moved"]} == expected
    connected.pake("qa", "calibrate")
    assert connected.pake("qa", "calibrate", "--dry-run", "--json").json["moved"] == []


def test_a_dry_run_stores_nothing(base, connected):
    done = connected.pake("qa", "calibrate", "--dry-run")
    assert done.code == 0
    assert "nothing was stored" in done.stdout
    assert "Brier before" in done.stdout
    assert "would stand elsewhere" in done.stdout
    assert base.ask(STORED) == base.ask(AUDIT) == []


def test_the_way_on_is_said_and_retiring_undoes_it(base, connected):
    assert "`pake qa scan --full`" in connected.pake("qa", "calibrate", "--method", "isotonic").stdout
    done = connected.pake("qa", "calibrate", "--retire")
    assert "out of force" in done.stdout
    assert "`pake qa scan --full`" in done.stdout
    assert [(one["method"], one["in_force"]) for one in base.ask(STORED)] == [("isotonic", False)]
    assert "no calibration is in force" in connected.pake("qa", "calibrate", "--retire").stdout
    assert [one["action"] for one in base.ask(AUDIT)] == ["calibrations.fit", "calibrations.retire"]


def test_a_new_calibration_takes_the_place_of_the_old_one(base, connected):
    connected.pake("qa", "calibrate")
    label(connected, base.lines(range(150, 300)))
    found = connected.pake("qa", "calibrate", "--json").json
    assert found["held_out"].keys() == {"platt", "isotonic"}
    assert [(one["labels"], one["in_force"]) for one in base.ask(STORED)] == [(150, False), (300, True)]


def test_evaluating_measures_the_calibrated_score_and_warns_that_it_saw_the_labels(base, connected):
    before = connected.pake("qa", "evaluate", "--json").json
    connected.pake("qa", "calibrate")
    after = connected.pake("qa", "evaluate", "--json").json
    assert after["score"] == "the decision score, calibrated"
    assert after["overall"]["brier"]["value"] < before["overall"]["brier"]["value"]
    assert any("fitted on 150 labels" in note for note in after["notes"])
    assert connected.pake("qa", "evaluate", "--uncalibrated", "--json").json == before


def test_a_calibration_of_a_score_made_otherwise_is_used_and_called_outdated(base, connected):
    connected.pake("qa", "calibrate")
    said = "the score is made otherwise since it was calibrated"
    assert not any(said in note for note in connected.pake("qa", "evaluate", "--json").json["notes"])
    (connected.home / "configs" / "quality.yaml").write_text("spam: {max_score: 0.4}")
    load_quality.cache_clear()
    after = connected.pake("qa", "evaluate", "--json").json
    assert after["score"] == "the decision score, calibrated"
    assert any(said in note for note in after["notes"])


def test_too_few_labels_are_refused_even_by_force(connected, database_url):
    base = Base(database_url, 60)
    label(connected, base.lines(range(49)))
    for arguments in ((), ("--force",)):
        done = connected.pake("qa", "calibrate", *arguments)
        assert done.code == 1
        assert "49 labels are too few" in done.stderr
        assert "pake qa label" in done.stderr
    assert base.ask(STORED) == []


def test_one_source_is_refused_unless_forced(connected, database_url):
    base = Base(database_url, 100, slugs=("web",))
    label(connected, base.lines(range(100)))
    done = connected.pake("qa", "calibrate")
    assert done.code == 1
    assert "all labels are from one source" in done.stderr
    assert base.ask(STORED) == []
    assert connected.pake("qa", "calibrate", "--force").code == 0
    (stored,) = base.ask(STORED)
    assert "one source" in stored["figures"]["overruled"]


def test_a_curve_that_does_worse_on_unseen_sources_is_refused_unless_forced(connected, database_url):
    base = Base(database_url, 120, slugs=("web", "mail"))
    base.good = [(score > 0.3) == (base.source(number) == "web") for number, score in enumerate(base.scores)]
    label(connected, base.lines(range(120)))
    done = connected.pake("qa", "calibrate", "--json")
    assert done.code == 1
    assert "makes the Brier score worse" in done.stderr
    assert done.json["refused_because"]
    assert base.ask(STORED) == []
    assert connected.pake("qa", "calibrate", "--force", "--json").json["in_force"] is True


def test_an_unknown_method_is_a_clear_error(connected):
    done = connected.pake("qa", "calibrate", "--method", "magic")
    assert done.code == 2
    assert "magic" in done.stderr
