"""The manifest of the samples holds the whole pipeline, with the real model, to its word."""

from collections import Counter

import pytest
import yaml

from pake_pipelines.settings import PACKAGE_HOME

pytestmark = pytest.mark.long

_ITEMS = yaml.safe_load((PACKAGE_HOME / "data" / "samples" / "manifest.yaml").read_text("utf-8"))["items"]


def _planted(*, having):
    return [pytest.param(item, id=f"{item['planted']}: {item['title'][:40]}") for item in _ITEMS if having in item]


def _key(item):
    return item["source"], item["title"]


@pytest.fixture(scope="module")
def facts(walked):
    return walked[0]


@pytest.fixture(scope="module")
def pairs(walked):
    return walked[1]


def test_each_sample_source_delivers_what_the_manifest_counts(facts, manifest):
    assert Counter(source for source, _ in facts) == manifest["counts"]


@pytest.mark.parametrize("item", _planted(having="ends_as"))
def test_a_planted_item_ends_as_the_manifest_says(item, facts):
    found = facts[_key(item)]
    if item["ends_as"] == ["duplicate"]:
        partner = facts[_key(item["with"])]
        members = {found["pake_id"], partner["pake_id"]}
        copies = [one for one in (found, partner) if one["flagged"] == "potential_duplicate"]
        assert found["canonical_id"] == partner["canonical_id"]
        assert found["canonical_id"] in members
        assert [one["pake_id"] for one in copies] == list(members - {found["canonical_id"]})
    else:
        end = "dropped" if found["dropped"] else found["status"]
        assert end in item["ends_as"], found["reasons"]
        assert found["flagged"] is None


@pytest.mark.parametrize("item", _planted(having="level"))
def test_a_planted_copy_is_found_at_the_level_that_the_manifest_names(item, facts, pairs):
    pair = pairs[frozenset((facts[_key(item)]["pake_id"], facts[_key(item["with"])]["pake_id"]))]
    assert pair["decision"] == "duplicate"
    assert pair["level"] == item["level"]


@pytest.mark.parametrize("item", _planted(having="never_duplicate"))
def test_items_of_one_form_with_other_facts_are_never_merged(item, facts, pairs):
    one, other = facts[_key(item)], facts[_key(item["with"])]
    pair = pairs.get(frozenset((one["pake_id"], other["pake_id"])))
    assert pair is None or pair["decision"] == "contradicted", pair
    assert one["canonical_id"] is None or one["canonical_id"] != other["canonical_id"]


@pytest.mark.parametrize("item", _planted(having="text_contains"))
def test_the_stored_text_holds_what_the_manifest_expects(item, facts):
    text = facts[_key(item)]["text"]
    assert [wanted for wanted in item["text_contains"] if wanted not in text] == []


@pytest.mark.parametrize("item", _planted(having="text_lacks"))
def test_the_stored_text_holds_nothing_that_the_manifest_forbids(item, facts):
    text = facts[_key(item)]["text"]
    assert [unwanted for unwanted in item["text_lacks"] if unwanted in text] == []


def test_an_ordinary_item_is_kept_and_is_no_copy_of_anything(facts):
    planted = {_key(item) for item in _ITEMS} | {_key(item["with"]) for item in _ITEMS if "with" in item}
    ordinary = {key: row for key, row in facts.items() if key not in planted}
    assert len(ordinary) > 50
    odd = {
        key: (row["dropped"], row["status"], row["flagged"], row["reasons"])
        for key, row in ordinary.items()
        if row["dropped"] or row["status"] not in {"pending", "verified"} or row["flagged"] or row["canonical_id"]
    }
    assert odd == {}


def test_only_the_planted_pairs_form_groups(facts):
    members = Counter(row["canonical_id"] for row in facts.values() if row["canonical_id"])
    assert sorted(members.values()) == [2] * sum(item["ends_as"] == ["duplicate"] for item in _ITEMS)
