"""A change of a YAML text is made in its place, and every other character stays."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.yaml_text import with_entries, with_items, without_entry

SOURCE = {"name": "N: one", "tags": ["no", "a, b"]}

TEXTS = {
    "nothing": "",
    "only a comment": "# mine\n",
    "another key": "first_day: 2026-01-01",
    "empty braces": "sources: {}\n",
    "empty braces and a comment": "sources: {}  # none yet\nhttp: {}\n",
    "empty braces below their key": "sources:\n  {}\nhttp: {}\n",
    "braces around all": "{sources: {a: {name: A}}, http: {}}\n",
    "braces around nothing": "{}",
    "braces in braces": "{sources: {}}",
    "braces over several lines": "---\nsources:\n  a: {name: A,\n      kind: feed}\n...\n",
    "braces below their key": "sources:\n  a:\n    {name: A, kind: feed}\n\nhttp: {}\n",
    "deep indents": "sources:\n    a:\n        name: A   # his\n\n# the rest\nhttp: {}\n",
    "no line end": "sources:\n  a:\n    name: A",
    "foreign line ends": "sources:\r\n  a:\r\n    name: A\r\n\r\nhttp: {}\r\n",
    "a long text last": "sources:\n  a:\n    name: >\n      long\n      text\n\n# end\nhttp: {}",
    "a list last": "sources:\n  a:\n    tags:\n      - x # yes\n    # trailing\n\nhttp: {}",
    "an empty value last": "sources:\n  a:\n    name:\nhttp: {}",
    "a byte order mark": "\ufeffsources:\n  a: {name: A}\n",
    "letters of two units": "# 😀\nsources:\n  a: {name: 😀}\nhttp: {}\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_added_source_is_there_and_everything_else_is_as_it_was(text):
    changed = with_entries(text, ("sources",), {"new": SOURCE})
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(changed)
    assert after.pop("sources") == {**before.pop("sources", {}), "new": SOURCE}
    assert after == before


@pytest.mark.parametrize("text", [text for text in TEXTS.values() if "a:" in text and "{a:" not in text])
def test_adding_leaves_every_line_as_it_was_typed(text):
    changed = with_entries(text, ("sources",), {"new": SOURCE})
    added = {"new:", 'name: "N: one"', "name: 'N: one'", "tags: ['no', 'a, b']"}
    assert [line for line in changed.splitlines() if line.strip() not in added] == text.splitlines()


def test_line_ends_stay_those_of_the_file():
    assert with_entries(TEXTS["foreign line ends"], ("sources",), {"n": {"name": "N"}}) == (
        "sources:\r\n  a:\r\n    name: A\r\n  n:\r\n    name: N\r\n\r\nhttp: {}\r\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b: 1 # one\n  c: 2\n", "a:\n  b: 7 # one\n  c: 2\n"),
        ("a: {b: 1, c: 2} # x\n", "a: {b: 7, c: 2} # x\n"),
        ("a:\n  b: >\n    long\n    text\n\n  c: 2\n", "a:\n  b: 7\n\n  c: 2\n"),
        ("a:\n  b:\n    - 1\n    - 2 # two\n  c: 2\n", "a:\n  b:\n    7 # two\n  c: 2\n"),
    ],
)
def test_a_known_key_is_given_its_value_in_its_place(text, expected):
    assert with_entries(text, ("a",), {"b": 7}) == expected
    assert yaml.safe_load(expected) == {"a": {"b": 7, "c": 2}}


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("a:\n  b: 1 # one\n  # about c\n  c: 2\n", "b", "a:\n  # about c\n  c: 2\n"),
        ("a:\n  c: 2\n  b: |\n    long\n    text\n\nd: 3\n", "b", "a:\n  c: 2\n\nd: 3\n"),
        ("a: {b: 1, c: 2}\n", "b", "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", "c", "a: {b: 1}\n"),
        ("a: {b: 1}\n", "b", "a: {}\n"),
        ("a: {b: 1}", "c", "a: {b: 1}"),
        ("d: 1", "c", "d: 1"),
        ("a:\n  b: 1\n  c: 2", "c", "a:\n  b: 1\n"),
    ],
)
def test_a_key_goes_with_its_line_and_nothing_else(text, key, expected):
    assert without_entry(text, ("a",), key) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [x, y] # two\n", "a: [x, y, 'no', z] # two\n"),
        ("a: []\n", "a: ['no', z]\n"),
        ("a:\n- x # one\n\nb: 1\n", "a:\n- x # one\n- 'no'\n- z\n\nb: 1\n"),
        ("a:\n    - x\n", "a:\n    - x\n    - 'no'\n    - z\n"),
    ],
)
def test_items_come_at_the_end_of_a_list(text, expected):
    assert with_items(text, ("a",), ["no", "z"]) == expected


def test_what_is_no_list_takes_no_items():
    with pytest.raises(TypeError, match=r"a\.b is not a list"):
        with_items("a: {b: all_enabled}", ("a", "b"), ["x"])


anything = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("text", ["s:\n  a: {b: c} # d\n", "s:\n  a:\n    b: c # d\n", "{s: {a: {b: c}}}"])
@given(said=anything)
def test_any_text_is_written_so_that_it_is_read_as_itself_and_can_be_taken_back(text, said):
    changed = with_entries(text, ("s", "a"), {"because": said, "tags": [said]})
    assert yaml.safe_load(changed) == {"s": {"a": {"b": "c", "because": said, "tags": [said]}}}
    assert without_entry(without_entry(changed, ("s", "a"), "because"), ("s", "a"), "tags") == text


slugs = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)


@given(
    known=st.dictionaries(slugs, anything, max_size=4), added=st.dictionaries(slugs, anything, min_size=1, max_size=4)
)
def test_entries_over_known_ones_are_a_merge(known, added):
    text = with_entries("", ("s",), {key: {"name": said} for key, said in known.items()}) if known else ""
    changed = with_entries(text, ("s",), {key: {"name": said} for key, said in added.items() if key not in known})
    expected = {key: {"name": said} for key, said in {**added, **known}.items()}
    assert (yaml.safe_load(changed) or {"s": {}})["s"] == expected
