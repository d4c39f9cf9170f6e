"""The rules: every one is always evaluated, says what it found, and never takes "not determined" for good news."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.document import Language
from pake_pipelines.model.judgement import RuleOutcome
from pake_pipelines.model.link import CheckedLink, LinkState
from pake_pipelines.model.signals import Evidence, Spam
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.quality.rules import RULES, QaItem, evaluate
from pake_pipelines.text.patterns import find_patterns
from pake_pipelines_tests.text.strategies import any_text

_GOOD = QaItem(
    pake_id="6f1c",
    characters=85,
    source_uri="https://a.example/report",
    language=Language("en", 0.99),
    spam=Spam(0.0, ()),
    confidence=0.8,
    duplicate=False,
    patterns={},
    links=(CheckedLink("https://b.example", "working"),),
)


def _with(config: QualityConfig, section: str, **values: Any) -> QualityConfig:
    return config.model_copy(update={section: getattr(config, section).model_copy(update=values)})


def _without(item: QaItem, field: str) -> QaItem:
    changes: dict[str, Any] = {field: None}
    return replace(item, **changes)


def _outcome(code: str, item: QaItem, config: QualityConfig) -> RuleOutcome:
    return next(outcome for outcome in evaluate(item, config) if outcome.code == code)


def test_a_good_item_fails_nothing_and_what_is_not_set_up_says_so(config: QualityConfig) -> None:
    expected = dict.fromkeys(RULES, CheckStatus.OK)
    expected |= {"required_patterns": CheckStatus.NOT_CONFIGURED, "broken_links": CheckStatus.SKIPPED}
    unasked = _with(config, "links", check_external=False)
    assert {outcome.code: outcome.status for outcome in evaluate(_GOOD, unasked)} == expected


def test_a_missing_field_hides_no_other_failure(config: QualityConfig) -> None:
    item = replace(_GOOD, source_uri=" ", characters=7, patterns={"buy now": "buy now"}, language=Language("de", 0.99))
    failed = [outcome.code for outcome in evaluate(item, config) if outcome.status is CheckStatus.FAIL]
    assert failed == ["required_fields", "content_length_min", "forbidden_patterns", "language_supported"]


@pytest.mark.parametrize(
    ("code", "changes", "status", "message"),
    [
        ("required_fields", {"characters": 0}, "fail", "Missing required field: content"),
        ("required_fields", {"pake_id": ""}, "fail", "Missing required field: pake_id"),
        ("content_length_min", {"characters": 49}, "fail", "Content too short: 49 < 50"),
        ("content_length_min", {"characters": 50}, "ok", "Content is long enough: 50"),
        ("content_length_max", {"characters": 50_001}, "warn", "Content very long: 50001 > 50000"),
        ("content_length_max", {"characters": 50_000}, "ok", "Content is not too long: 50000"),
        (
            "forbidden_patterns",
            {"patterns": {"click here": "CLICK HERE"}},
            "fail",
            "Content contains forbidden pattern: click here",
        ),
        ("confidence_bounds", {"confidence": 1.5}, "fail", "Invalid confidence score: 1.5"),
        ("confidence_bounds", {"confidence": float("nan")}, "fail", "Invalid confidence score: nan"),
        (
            "language_supported",
            {"language": Language("de", 0.7)},
            "fail",
            "Unsupported language: de (probability 0.70)",
        ),
        (
            "language_supported",
            {"language": Language("de", 0.69)},
            "warn",
            "The language cannot be told from this text",
        ),
        (
            "language_supported",
            {"language": Language("und", 0.0)},
            "warn",
            "The language cannot be told from this text",
        ),
        ("spam", {"spam": Spam(0.31, ())}, "fail", "Spam score too high: 0.31 > 0.3"),
        ("spam", {"spam": Spam(0.30, ())}, "warn", "Spam score suspicious: 0.30 >= 0.15"),
        ("spam", {"spam": Spam(0.14, ())}, "ok", "Spam score low: 0.14"),
        ("duplicate", {"duplicate": True}, "warn", "Potential duplicate of another item"),
    ],
)
def test_each_rule_says_what_it_found(
    code: str, changes: Mapping[str, Any], status: str, message: str, config: QualityConfig
) -> None:
    outcome = _outcome(code, replace(_GOOD, **changes), config)
    assert (outcome.status.value, outcome.message) == (status, message)


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("confidence_bounds", "confidence"),
        ("language_supported", "language"),
        ("spam", "spam"),
        ("duplicate", "duplicate"),
        ("broken_links", "links"),
        ("forbidden_patterns", "patterns"),
    ],
)
def test_what_was_not_determined_is_unknown_and_never_ok(code: str, field: str, config: QualityConfig) -> None:
    checking = _with(config, "links", check_external=True)
    assert _outcome(code, _without(_GOOD, field), checking).status is CheckStatus.UNKNOWN


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ((), "ok"),
        (("working", "working"), "ok"),
        (("working", "broken"), "warn"),
        (("broken", "broken"), "fail"),
        (("working", "unknown"), "unknown"),
        (("broken", "unknown"), "unknown"),
        (("unknown",), "unknown"),
        (("skipped",), "ok"),
        (("skipped", "broken"), "fail"),
    ],
    ids="-".join,
)
def test_links_fail_only_when_all_are_known_to_be_broken(
    states: tuple[LinkState, ...], status: str, config: QualityConfig
) -> None:
    links = tuple(CheckedLink(f"https://a.example/{n}", state, "404") for n, state in enumerate(states))
    outcome = _outcome("broken_links", replace(_GOOD, links=links), _with(config, "links", check_external=True))
    assert outcome.status.value == status
    assert outcome.evidence["broken_links"] == states.count("broken")


def test_every_forbidden_pattern_is_reported_with_its_place(config: QualityConfig) -> None:
    hits = find_patterns("", "Buy now, limited time offer. " * 3, config.content.forbidden_patterns)
    outcome = _outcome("forbidden_patterns", replace(_GOOD, patterns=hits), config)
    assert [hit["pattern"] for hit in outcome.evidence["hits"]] == ["buy now", "limited (?:time )?offer"]
    assert "limited time offer" in outcome.evidence["hits"][1]["excerpt"]


def test_every_required_pattern_must_occur(config: QualityConfig) -> None:
    wanting = _with(config, "content", required_patterns=("grid", "wind"))
    outcome = _outcome("required_patterns", replace(_GOOD, patterns={"grid": "the grid"}), wanting)
    assert (outcome.status, outcome.evidence["missing"]) == (CheckStatus.FAIL, ["wind"])
    assert (
        _outcome("required_patterns", replace(_GOOD, patterns={"grid": "", "wind": ""}), wanting).status
        is CheckStatus.OK
    )


def test_spam_evidence_is_kept_with_its_words(config: QualityConfig) -> None:
    outcome = _outcome("spam", replace(_GOOD, spam=Spam(0.5, (Evidence("phrase", 0.5, "buy now"),))), config)
    assert outcome.evidence["is_spam"] is True
    assert outcome.evidence["detected"] == [{"signal": "phrase", "points": 0.5, "excerpt": "buy now"}]


@settings(deadline=None)
@given(title=any_text, text=any_text, uri=any_text, confidence=st.one_of(st.none(), st.floats()))
def test_any_item_gets_every_outcome_and_json_evidence(
    title: str, text: str, uri: str, confidence: float | None, config: QualityConfig
) -> None:
    hits = find_patterns(title, text, (".", "a", *config.content.forbidden_patterns))
    item = QaItem("1", len(text), uri, hits, confidence=confidence)
    outcomes = evaluate(item, config)
    assert [outcome.code for outcome in outcomes] == list(RULES)
    assert all(json.loads(json.dumps(dict(o.evidence), allow_nan=False)) == o.evidence for o in outcomes)
