"""A configuration is read whole or refused with the file, the line, the key and what was expected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.loading import ConfigError, deep_merge, load, load_quality, load_sources
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.sources import SourcesConfig

GOOD = "{name: A, kind: feed, url: 'https://a.example/feed'}"


def sources(tmp_path, text):
    (tmp_path / "configs").mkdir(exist_ok=True)
    file = tmp_path / "configs" / "sources.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(SourcesConfig, file, "sources.yaml")


def quality(tmp_path, text):
    (tmp_path / "configs").mkdir(exist_ok=True)
    file = tmp_path / "configs" / "quality.yaml"
    file.write_text(text)
    return load(QualityConfig, file, "quality.yaml", "spam_phrases.yaml")


SCHEDULE = """
schedules:
  s:
    name: S
    sources: {sources}
    frequency: {frequency}
    enabled: true
    priority: low
    max_items_per_run: 1"""

FAULTS = {
    "unknown key at the top": ("first_day: 2026-01-01\nsuorces: {}", 2, "suorces", "unknown key"),
    "unknown key deep down": (f"sources:\n  a: {GOOD}\nhttp:\n  max_byte: 3", 4, "http.max_byte", "unknown key"),
    "unknown key of a source": (
        "sources:\n  a:\n    name: A\n    kind: feed\n    url: https://a.example\n    link: x",
        6,
        "sources.a.link",
        "unknown key",
    ),
    "wrong type": ("max_concurrent_sources: many", 1, "max_concurrent_sources", "integer.*found 'many'"),
    "out of range": ("http:\n  attempts: 0", 2, "http.attempts", "greater than or equal to 1.*found 0"),
    "duplicate key": ("http:\n  attempts: 1\n  attempts: 2", 3, "http.attempts", r"given twice \(first in line 2\)"),
    "duplicate slug": (
        f"sources:\n  a: {GOOD}\n  b: {GOOD}\n  a: {GOOD}",
        4,
        "sources.a",
        r"given twice \(first in line 2\)",
    ),
    "no slug": (f"sources:\n  My Source: {GOOD}", 2, "sources.My Source", "is not a slug"),
    "unknown kind": (
        "sources:\n  a:\n    name: A\n    kind: rss",
        4,
        "sources.a.kind",
        "expected one of 'feed'.*'folder'.*found 'rss'",
    ),
    "no address": ("sources:\n  a: {name: A, kind: feed}", 2, "sources.a", "either a url or a path"),
    "two addresses": (
        "sources:\n  a: {name: A, kind: feed, url: 'http://a.example', path: x}",
        2,
        "sources.a",
        "one of the two",
    ),
    "folder without path": ("sources:\n  a: {name: A, kind: folder}", 2, "sources.a", "a folder needs a path"),
    "not a web address": (
        "sources:\n  a:\n    name: A\n    kind: feed\n    url: file:///etc/passwd",
        5,
        "sources.a.url",
        "http:// or https://",
    ),
    "disabled without reason": (
        "sources:\n  a: {name: A, kind: feed, enabled: false}",
        2,
        "sources.a",
        "disabled_because is missing",
    ),
    "mailbox without host": ("sources:\n  a: {name: A, kind: mailbox}", 2, "sources.a", "a mailbox needs a host"),
    "password in the file": (
        "sources:\n  a:\n    name: A\n    kind: mailbox\n    host: h.example\n    password_env: s3cret",
        6,
        "sources.a.password_env",
        "name of an environment variable",
    ),
    "key of another kind": (
        "sources:\n  a:\n    name: A\n    kind: hackernews\n    subreddit: x",
        5,
        "sources.a.subreddit",
        "unknown key",
    ),
    "no kind": ("sources:\n  a: {name: A, url: 'http://a.example'}", 2, "sources.a", "its kind is missing"),
    "unknown authority": (
        f"sources:\n  a: {GOOD[:-1]}, authority: royal}}",
        2,
        "sources.a.authority",
        "'royal'.*known: .*academic",
    ),
    "schedule of nobody": (
        f"sources:\n  a: {GOOD}{SCHEDULE.format(sources='[a, b]', frequency='every_hour')}",
        6,
        "schedules.s.sources",
        "no such source: 'b'",
    ),
    "unknown frequency": (
        SCHEDULE.format(sources="all_enabled", frequency="hourly"),
        6,
        "schedules.s.frequency",
        "unknown frequency 'hourly'",
    ),
    "missing key": ("schedules:\n  s:\n    name: S", 2, "schedules.s.frequency", "Field required"),
    "null": ("sources:", 1, "sources", "valid dictionary"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_file_line_key_and_what_was_expected(fault, tmp_path):
    text, line, key, message = FAULTS[fault]
    with pytest.raises(ConfigError, match=rf"configs/sources\.yaml:{line}: {key}.*{message}"):
        sources(tmp_path, text)


def test_every_fault_of_a_file_is_listed_at_once(tmp_path):
    with pytest.raises(ConfigError) as raised:
        sources(tmp_path, "wrong: 1\nhttp:\n  attempts: 0\n  other: 2\n")
    assert len(str(raised.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1, 2", 1),
        ("a: 1\n b: 2", 2),
        ("a: 1\nb: \t- x\n  c", 2),
        ("'unclosed: 1", 1),
        ("a: &x 1\nb: *y", 2),
        ("%", 1),
    ],
)
def test_broken_yaml_is_refused_with_its_place(text, line, tmp_path):
    with pytest.raises(ConfigError, match=r"configs/sources\.yaml:\d+: not valid YAML"):
        sources(tmp_path, text)


@pytest.mark.parametrize("text", ["- a\n- b", "just text", "7"])
def test_a_file_that_holds_no_keys_is_refused(text, tmp_path):
    with pytest.raises(ConfigError, match="expected keys and values"):
        sources(tmp_path, text)


@pytest.mark.parametrize("text", [b"name: caf\xe9", b"\xff\xfe\x00\x01", b"a: \x00"])
def test_bytes_that_are_no_text_are_refused(text, tmp_path):
    with pytest.raises(ConfigError, match=r"sources\.yaml"):
        sources(tmp_path, text)


def test_yaml_cannot_make_objects(tmp_path):
    with pytest.raises(ConfigError):
        sources(tmp_path, "http:\n  user_agent: !!python/object/apply:os.getcwd []")


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@a.example/feed",
        "https://me:s3cret/x@a.example/feed",
        "https://me:s3cret?x@a.example",
        "ftp://me:s3cret@a.example",
    ],
)
def test_an_address_with_credentials_is_refused_and_the_password_not_repeated(url, tmp_path):
    with pytest.raises(ConfigError) as raised:
        sources(tmp_path, f"sources:\n  a:\n    name: A\n    kind: feed\n    url: {url}")
    assert "s3cret" not in str(raised.value)
    assert "configs/sources.yaml:5: sources.a.url" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "confidence:\n  weights:\n    source_authority: 0.5",
            r"quality\.yaml:2: confidence\.weights: the six weights must sum to 1, .*1\.250",
        ),
        (
            "content:\n  forbidden_patterns: ['fine', '(']",
            r"quality\.yaml:2: content\.forbidden_patterns\.1: not a regular expression",
        ),
        ("spam:\n  phrases:\n    mine: {'[': 0.1}", r"quality\.yaml:3: spam\.phrases\.mine\.\[: not a phrase"),
        (
            "duplicates:\n  candidate_threshold: 0.9",
            r"quality\.yaml:1: duplicates: candidate_threshold must not exceed",
        ),
        ("verdict:\n  auto_reject: 0.5", r"quality\.yaml:1: verdict: expected auto_reject <= auto_archive"),
        ("duplicates:\n  keep: best", r"quality\.yaml:2: duplicates\.keep: .*'oldest' or 'newest'"),
        ("language: {supported: []}", r"quality\.yaml:1: language\.supported: .*at least 1"),
        ("spam: {max_score: 1.5}", r"quality\.yaml:1: spam\.max_score"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(text, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        quality(tmp_path, text)


def test_the_users_file_lies_over_the_defaults_key_by_key(tmp_path):
    config = sources(tmp_path, "http:\n  attempts: 5\nauthorities:\n  family: 0.7")
    assert (config.http.attempts, config.http.max_redirects) == (5, 5)
    assert (config.authorities["family"], config.authorities["academic"]) == (0.7, 0.9)


def test_a_list_of_the_user_replaces_the_default_list(tmp_path):
    assert quality(tmp_path, "content: {forbidden_patterns: [only this]}").content.forbidden_patterns == ("only this",)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_means_the_defaults(text, tmp_path):
    assert sources(tmp_path, text).max_concurrent_sources == 3


def test_a_missing_file_means_the_defaults(tmp_path):
    assert load_sources(tmp_path / "nowhere").sources == {}
    assert load_quality(tmp_path / "nowhere").verdict.auto_verify == 0.9


def test_a_directory_in_the_files_place_is_an_error_and_not_the_defaults(tmp_path):
    (tmp_path / "sources.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(SourcesConfig, tmp_path / "sources.yaml", "sources.yaml")


def test_a_loaded_configuration_cannot_be_changed(tmp_path):
    with pytest.raises(Exception, match="frozen"):
        sources(tmp_path, "").max_concurrent_sources = 1


trees = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)
mappings = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(mappings)
def test_merging_nothing_changes_nothing(tree):
    assert deep_merge(tree, {}) == deep_merge({}, tree) == deep_merge(tree, tree) == tree


@given(mappings, mappings)
def test_what_lies_over_wins_and_nothing_else_is_lost(base, over):
    merged = deep_merge(base, over)
    assert merged.keys() == base.keys() | over.keys()
    assert deep_merge(merged, over) == merged
    for key in over:
        if not isinstance(over[key], dict):
            assert merged[key] == over[key]
