"""`pake duplicates group` answers every item it is given, whatever the lines beside it hold."""

import json

import pytest

from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.feeds import prose


@pytest.fixture
def without_model(monkeypatch):
    """Word counts instead of the embedding model."""
    monkeypatch.setattr("pake_pipelines.pipeline.kit.MiniLmEmbedder", lambda _: WordEmbedder())


@pytest.fixture
def grouped(terminal, without_model):
    def run(*lines, json_lines=True):
        stdin = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        return terminal.pake("duplicates", "group", *(["--json"] if json_lines else []), stdin=stdin)

    return run


STORY = {"title": "Seen near the river", "text": prose(1)}
OTHER = {"title": "Heritage wheat", "text": "Bakers across Normandy mill wheat because customers want less gluten."}


def test_each_item_is_answered_in_its_order_with_group_canonical_and_closest_tie(grouped):
    done = grouped(
        {"id": "b", **STORY, "published": "2026-11-21T08:00:00Z"},
        {"id": 7, **OTHER},
        {"id": "a", **STORY, "published": "2026-11-20"},
    )
    assert done.code == 0
    first, alone, copy = done.lines
    assert (first["id"], first["group"], first["canonical"], first["with"]) == ("b", "a", "a", "a")
    assert (copy["group"], copy["level"], copy["reason"], copy["score"]) == ("a", "exact", "same_text", 1.0)
    assert copy["evidence"]["jaccard"] == 1.0
    assert (alone["group"], alone["level"], alone["score"], alone["with"], alone["members"]) == (7, None, None, None, 1)


def test_addresses_are_compared_in_their_canonical_form(grouped):
    note = {"title": "Wheat", "text": "A note on the page of the bakers."}
    done = grouped(
        {"id": 1, **OTHER, "url": "https://www.bread.example/wheat?utm_source=feed"},
        {"id": 2, **note, "url": "http://bread.example/wheat/"},
    )
    assert {(one["group"], one["reason"]) for one in done.lines} == {(done.lines[0]["group"], "same_address")}


def test_what_comes_close_but_states_other_facts_is_shown_apart(grouped):
    count = "In all {} herons were counted near the old mill."
    done = grouped(
        *({"id": herons, "title": STORY["title"], "text": f"{prose(1)} {count.format(herons)}"} for herons in (51, 93))
    )
    one, other = done.lines
    assert one["group"] != other["group"]
    (apart,) = one["apart"]
    assert (apart["with"], apart["decision"]) == (93, "contradicted")
    assert any("51" in clash and "93" in clash for clash in apart["evidence"]["clashes"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"not json", "no JSON"),
        (b"\xff\xfe\xfd", "no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "no JSON object"),
        ({"title": "x"}, "no id"),
        ({"id": True, "title": "x"}, "no id"),
        ({"id": "new"}, "neither title nor text"),
        ({"id": "new", "text": 5}, "text is no string"),
        ({"id": "good", "text": "x"}, 'the id "good" stands in line 1 already'),
    ],
    ids=["words", "bytes", "deep", "list", "no-id", "truth-as-id", "no-text", "number-as-text", "twice"],
)
def test_a_bad_line_is_named_and_costs_no_other(grouped, line, said):
    done = grouped({"id": "good", **STORY}, b"", line, {"id": "last", **STORY})
    assert done.code == 1
    assert [one["id"] for one in done.lines] == ["good", "last"]
    assert f"line 3: {said}" in done.stderr


def test_a_date_that_cannot_be_read_is_remarked_on_and_counts_as_none(grouped):
    done = grouped({"id": 1, **STORY, "published": "yesterday"})
    assert (done.code, len(done.lines)) == (0, 1)
    assert "line 1: published is no ISO 8601 date" in done.stderr


def test_ids_come_back_as_they_were_given(grouped):
    given = [1, "1", "\ud800", "höhe", "[red]"]
    assert [one["id"] for one in grouped(*({"id": key, "text": "x"} for key in given)).lines] == given


def test_no_items_are_said_in_words_and_are_no_failure(grouped):
    done = grouped()
    assert (done.code, done.stdout) == (0, "")
    assert "no items" in done.stderr


def test_people_see_groups_and_a_summary(grouped):
    done = grouped({"id": "a", **STORY}, {"id": "[b]", **STORY}, {"id": "c", **OTHER}, json_lines=False)
    assert "group of 2" in done.stdout
    assert "[b]" in done.stdout
    assert "3 items: 1 group, 1 duplicate (1 exact), 1 alone" in done.stdout


def test_a_file_is_read_as_well_and_a_missing_one_is_a_clear_error(terminal, without_model):
    file = terminal.home / "items.jsonl"
    file.write_text(json.dumps({"id": 1, **STORY}))
    assert [one["id"] for one in terminal.pake("duplicates", "group", file, "--json").lines] == [1]
    done = terminal.pake("duplicates", "group", terminal.home / "none.jsonl")
    assert (done.code, "No such file" in done.stderr) == (1, True)
