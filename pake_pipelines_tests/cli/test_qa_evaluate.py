"""`pake qa evaluate` measures stored labels or a file of scores, and says when there is nothing to measure by."""

import json
from datetime import timedelta

import pytest

from pake_pipelines_tests.cli.scored import AUTHORITY, Base
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.quality.labels import drawn


def as_lines(given):
    return "\n".join(map(json.dumps, given)).encode()


def scores(number, **more):
    return [
        {"score": one.score, "good": one.good, "source": one.source, "published": one.published.isoformat(), **more}
        for one in drawn(number)
    ]


@pytest.fixture
def base(connected, database_url):
    """Sixty items, all labelled by anna."""
    made = Base(database_url, 60)
    done = connected.pake("qa", "label", "--file", "-", "--actor", "anna", stdin=as_lines(made.lines(range(60))))
    assert done.code == 0, done.stderr
    return made


@pytest.fixture
def evaluated(terminal):
    """Return a function from `pake qa evaluate`'s options to its JSON."""

    def run(*arguments, stdin=b""):
        done = terminal.pake("qa", "evaluate", "--json", *arguments, stdin=stdin)
        assert done.code == 0, done.stderr
        return done.json

    return run


def test_stored_labels_measure_the_decision_score_of_now(base, evaluated):
    found = evaluated()
    assert (found["overall"]["labels"], found["overall"]["good"]) == (60, sum(base.good))
    good, bad = (
        [s for s, is_good in zip(base.scores, base.good, strict=True) if is_good is kind] for kind in (True, False)
    )
    pairs = [0.5 if one == other else float(one > other) for one in good for other in bad]
    assert found["overall"]["roc_auc"]["value"] == pytest.approx(sum(pairs) / len(pairs))
    assert found["score"] == "the decision score"
    assert found["by_source"].keys() == set(base.slugs)
    assert found["by_time"]["older"]["labels"] == 30
    assert (found["decisions"]["auto_verify"], found["decisions"]["auto_reject"]) == (0.9, 0.1)


def test_authority_and_length_of_the_items_are_what_is_to_be_beaten(base, evaluated):
    found = {(one["name"], one["measure"]): one for one in evaluated()["baselines"]}
    alone = found["source authority alone", "roc_auc"]
    assert alone["value"]["value"] == 0.5, f"all have {AUTHORITY}"
    assert alone["beaten"] is True
    assert found["text length alone", "roc_auc"]["value"]["value"] is not None


def test_labels_that_cannot_count_are_left_out_and_told(base, connected, evaluated):
    base.ask("UPDATE entries SET superseded_at = now() WHERE entry_id = $1", base.ids[0])
    base.ask("DELETE FROM confidence_scores WHERE entry_id = $1", base.ids[1])
    other = [{**base.lines([2])[0], "good": not base.good[2]}]
    connected.pake("qa", "label", "--file", "-", "--actor", "ben", stdin=as_lines(other))
    found = evaluated()
    assert found["overall"]["labels"] == 57
    assert set(found["notes"]) == {
        "labelled by anna, ben",
        "left out: 1 of versions that another one has replaced",
        "left out: 1 of items without a score",
        "left out: 1 items on which people disagree",
    }


def test_a_base_without_labels_says_what_is_missing(connected, evaluated):
    assert evaluated()["unavailable"] == "0 labels, at least 20 are needed"
    done = connected.pake("qa", "evaluate")
    assert done.code == 0
    assert "not measured: 0 labels" in done.stdout
    assert "pake qa label" in done.stdout


def test_scores_of_a_file_need_no_database(terminal):
    (terminal.home / "scores.jsonl").write_bytes(as_lines(scores(120, authority=0.5, length=100)))
    found = terminal.pake("qa", "evaluate", "--file", "scores.jsonl", "--json").json
    assert found["overall"]["labels"] == 120
    assert found["overall"]["roc_auc"]["low"] < 5 / 6 < found["overall"]["roc_auc"]["high"]
    assert len(found["table"]) == 10
    assert all(one["value"]["value"] == 0.5 for one in found["baselines"] if one["measure"] == "roc_auc")


def test_a_score_and_a_label_are_all_that_a_line_needs(evaluated):
    plain = [{"score": one["score"], "good": int(one["good"])} for one in scores(60)]
    found = evaluated("--file", "-", stdin=as_lines(plain))
    assert found["overall"]["labels"] == found["undated"] == 60
    assert (found["by_source"], found["by_time"]) == ({}, {})


def test_weights_of_a_file_make_the_base_rate(evaluated):
    given = [{**one, "weight": 3.0 if one["good"] else 1.0} for one in scores(100)]
    good = sum(one["good"] for one in given)
    found = evaluated("--file", "-", stdin=as_lines(given))
    assert found["overall"]["base_rate"]["value"] == pytest.approx(3 * good / (3 * good + 100 - good))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"score": 1.2, "good": True}, "line 3: score: Input should be less than or equal to 1"),
        ({"good": True}, "line 3: score: Field required"),
        ({"score": 0.5, "good": True, "weight": 0}, "line 3: weight: Input should be greater than 0"),
        ({"score": 0.5, "good": True, "published": "yesterday"}, "line 3: published"),
        ({"score": float("nan"), "good": True}, "line 3: score"),
    ],
    ids=["beyond", "none", "weightless", "undated", "nan"],
)
def test_a_wrong_line_is_named(terminal, line, said):
    done = terminal.pake("qa", "evaluate", "--file", "-", stdin=as_lines([*scores(2), line]))
    assert done.code == 1
    assert said in done.stderr


def test_a_person_reads_the_same_with_a_picture(base, connected):
    done = connected.pake("qa", "evaluate")
    assert done.code == 0, done.stderr
    for said in ("60 labels", "ROC-AUC", "PR-AUC", "reliability", "calibration error", "source authority alone", "web",
                 "older", "verified from 0.9 on", "at least", "trusted"):  # fmt: skip
        assert said in done.stdout
    pictures = [line for line in done.stdout.splitlines() if "●" in line and "·" in line]
    assert len(pictures) == 6


def test_names_of_sources_are_no_markup(terminal):
    given = [{**one, "source": "[red]x[/red]" if place % 2 else "\u001b[31m"} for place, one in enumerate(scores(60))]
    done = terminal.pake("qa", "evaluate", "--file", "-", stdin=as_lines(given))
    assert "[red]x[/red]" in done.stdout
    assert "\u001b[31m" not in done.stdout


def test_naive_dates_are_utc(evaluated):
    given = [
        {"score": 0.5, "good": place % 2 == 0, "published": f"2026-11-{place % 20 + 1:02}T10:00:00"}
        for place in range(40)
    ]
    given[0]["published"] = (NOW - timedelta(days=300)).isoformat()
    assert evaluated("--file", "-", stdin=as_lines(given))["undated"] == 0


def test_a_seed_gives_the_same_intervals(evaluated):
    given = as_lines(scores(60))
    first, same, other = (evaluated("--file", "-", "--seed", seed, stdin=given) for seed in (1, 1, 2))
    assert first == same
    assert first["overall"]["roc_auc"]["value"] == other["overall"]["roc_auc"]["value"]
    assert first["overall"]["roc_auc"]["low"] != other["overall"]["roc_auc"]["low"]
