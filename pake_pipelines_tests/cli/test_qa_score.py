"""`pake qa score` answers every line in its order, whatever it holds, and stores nothing."""

import importlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.settings import Settings
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.feeds import prose

STORY = {"title": "Seen near the river", "text": prose(1), "source": "journal", "published": "2026-11-20T08:00:00Z"}
SPAM = {"title": "You won", "text": "Click here to claim it. Limited time offer, act now, no obligation!!! " * 3}
SOURCES = """
sources:
  journal: {name: The Journal, kind: feed, path: feed.xml, authority: academic}
"""


@pytest.fixture
def score(terminal):
    terminal.configure(SOURCES)

    def run(*lines, json_lines=True):
        stdin = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        return terminal.pake("qa", "score", *(["--json"] if json_lines else []), stdin=stdin)

    return run


def factors(answer):
    return {one["name"]: one for one in answer["factors"]}


def rules(answer):
    return {one["code"]: one["status"] for one in answer["rules"]}


def test_an_item_is_answered_with_rules_spam_language_factors_score_and_verdict(score):
    done = score(STORY)
    (answer,) = done.lines
    assert done.code == 0
    assert answer["title"] == STORY["title"]
    assert answer["verdict"]["status"] == "pending"
    assert answer["verdict"]["reasons"][0].endswith("from which on an item is verified.")
    assert answer["language"]["code"] == "en"
    assert answer["spam"]["score"] < 0.3
    assert len(answer["rules"]) == 10
    assert all(0.0 <= one["value"] <= 1.0 for one in answer["factors"] if one["value"] is not None)
    assert 0.0 <= answer["score"] <= 1.0
    assert 0.0 <= answer["decision_score"] <= 1.0


def test_spam_is_rejected_with_its_evidence(score):
    (answer,) = score(SPAM).lines
    assert answer["verdict"]["status"] == "rejected"
    assert answer["verdict"]["flags"]["auto_rejected"] == "spam_detected"
    assert {"signal", "points", "excerpt"} == set(answer["spam"]["evidence"][0])
    assert rules(answer)["spam"] == "fail"


@pytest.mark.parametrize("named", ["journal", "The Journal", "the journal"])
def test_a_configured_source_counts_with_its_authority(named, score):
    (answer,) = score({**STORY, "source": named}).lines
    assert answer["source"] == "journal"
    assert (factors(answer)["source_authority"]["value"], answer["factors"][0]["reason"]) == (
        0.9,
        "authority 0.90: academic",
    )


@pytest.mark.parametrize(("named", "why"), [(None, "no source is named"), ("other", "the source is not configured")])
def test_another_source_counts_as_unknown_and_says_why(named, why, score):
    (answer,) = score({**STORY, "source": named}).lines
    assert answer["source"] is None
    assert factors(answer)["source_authority"]["value"] == 0.2
    assert why in factors(answer)["source_authority"]["reason"]


def test_what_is_assumed_is_said_and_leaves_no_question_open(score):
    (answer,) = score({**STORY, "text": f"{STORY['text']} See https://a.example/1."}).lines
    assert set(answer["assumed"]) == {"duplicate", "connections", "links", "calibration", "reviews"}
    assert rules(answer)["broken_links"] == "skipped"
    assert rules(answer)["duplicate"] == "ok"
    assert "unknown" not in rules(answer).values()


def test_an_item_that_a_filter_would_stop_before_is_told(score):
    (short, long) = score(
        {"title": "Short", "text": "A text of some sixty characters, too short for the door."}, STORY
    ).lines
    assert (short["dropped_at_ingest"], long["dropped_at_ingest"]) == ("too_short", None)


def test_lines_are_answered_in_their_order_and_a_bad_one_costs_no_good_one(score):
    done = score({"id": 1, **STORY}, b"no json", b"", [1], {"id": "z", **SPAM}, b'{"text": "\xff"}', {"id": None})
    assert done.code == 1
    assert [one.get("id", "-") for one in done.lines] == [1, "-", "-", "z", "-", None]
    assert [one.get("line") for one in done.lines] == [None, 2, 4, None, 6, None]
    assert "no JSON object" in done.lines[2]["error"]


@pytest.mark.parametrize("field", ["title", "text", "url", "source", "published"])
@pytest.mark.parametrize("value", [5, True, [], {}, None], ids=["number", "true", "list", "object", "null"])
def test_a_field_of_the_wrong_type_counts_as_absent_and_is_told(field, value, score):
    done = score({**STORY, field: value}, {name: value for name, value in STORY.items() if name != field})
    wrong, absent = done.lines
    assert done.code == 0
    assert wrong["remarks"] == ([] if value is None else [f"{field} is no string, so it counts as absent"])
    assert {**wrong, "remarks": []} == absent


@pytest.mark.parametrize(
    "text",
    [
        "\x00" * 50,
        "\ud800 lone",
        "x" * 1_000_000,
        "<div>" * 100_000 + "deep",
        "\u202e turned \u202c",
        "<script>alert(1)</script>" * 5,
        "Привет мир 你好 world " * 30,
        "",
    ],
    ids=["nul", "surrogate", "one megabyte", "nested tags", "bidi", "scripts", "mixed scripts", "nothing"],
)
def test_hostile_text_has_a_verdict(text, score):
    done = score({"title": text, "text": text}, STORY)
    assert done.code == 0
    assert [one["verdict"]["status"] in {"rejected", "quarantined", "pending"} for one in done.lines] == [True, True]


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=80) | st.lists(st.integers(), max_size=2)
ITEMS = st.fixed_dictionaries({}, optional=dict.fromkeys(["title", "text", "url", "source", "published", "id"], VALUES))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(ITEMS, max_size=4))
def test_every_object_has_one_answer_in_its_order(items, score):
    done = score(*items)
    assert done.code == 0
    assert [one.get("id") for one in done.lines] == [item.get("id") for item in items]
    assert all(0.0 <= one["score"] <= 1.0 for one in done.lines)


def test_for_people_an_item_is_a_card_with_factors_and_what_speaks_against_it(score):
    done = score(STORY, SPAM, json_lines=False)
    assert "pending  Seen near the river" in done.stdout
    assert "source authority" in done.stdout
    assert "Spam score too high" in done.stdout
    assert "2 items: 1 pending, 1 rejected" in done.stdout
    assert "no link is asked" in done.stderr


def test_no_markup_of_a_title_reaches_the_terminal(score):
    done = score({**STORY, "title": "[bold red]Title[/]"}, json_lines=False)
    assert "[bold red]Title[/]" in done.stdout


def test_nothing_at_all_is_no_failure(score):
    done = score(json_lines=False)
    assert (done.code, done.stdout) == (0, "")
    assert "nothing to judge" in done.stderr


def test_a_file_can_be_named_and_one_that_is_not_there_is_one_sentence(terminal):
    terminal.configure(SOURCES)
    (terminal.home / "items.jsonl").write_text(json.dumps(STORY))
    assert terminal.pake("qa", "score", "items.jsonl", "--json").lines[0]["source"] == "journal"
    done = terminal.pake("qa", "score", "nowhere.jsonl")
    assert done.code == 1
    assert "nowhere.jsonl: No such file" in done.stderr


def test_items_are_judged_as_they_come_in(terminal):
    """The first answer is there before the last line is read: memory does not grow with the list."""
    scoring = importlib.import_module("pake_pipelines.cli.qa.score")
    terminal.configure(SOURCES)
    read = []

    def lines():
        for number in range(1000):
            read.append(number)
            yield json.dumps(STORY).encode()

    first = next(scoring._scored(lines(), Kit.of(Settings(home=terminal.home)), NOW))
    assert first[1].source == "journal"
    assert len(read) < 100
