"""The factors: B.2's levels, values in [0, 1], more evidence never lowers, and missing is not zero."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.model.document import Linguistics, Structure
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.quality.factors import (
    ages_at,
    content_coherence,
    cross_reference_strength,
    linguistic_quality,
    source_authority,
    temporal_relevance,
    verification_status,
)

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_counts = st.integers(min_value=0, max_value=100_000)
_shares = st.floats(min_value=0.0, max_value=1.0)
_structures = st.builds(Structure, _counts, _counts, _counts)
_kinds = st.sampled_from(["cites", "shares_entity", "similar_to", "duplicate_of", "a kind of tomorrow"])
_connections = st.lists(st.tuples(_kinds, _shares), max_size=8)


def _value(value: float | None) -> float:
    assert value is not None
    return value


def test_authority_is_what_was_configured_and_its_basis_is_told() -> None:
    factor = source_authority(0.9, "academic source", 0.25)
    assert (factor.value, factor.weight) == (0.9, 0.25)
    assert "academic source" in factor.reason


@given(st.floats(allow_nan=False))
def test_authority_stays_within_its_range(authority: float) -> None:
    assert 0.0 <= _value(source_authority(authority, "", 0.25).value) <= 1.0


@pytest.mark.parametrize(
    ("days", "value"), [(0, 1.0), (7, 1.0), (8, 0.8), (30, 0.8), (90, 0.6), (365, 0.4), (366, 0.2), (9_000, 0.2)]
)
def test_age_follows_the_steps(days: int, value: float) -> None:
    assert temporal_relevance(_NOW - timedelta(days=days), _NOW, 0.15).value == value


@given(st.timedeltas(timedelta(), timedelta(days=2_000)), st.timedeltas(timedelta(), timedelta(days=2_000)))
def test_a_newer_item_is_never_less_relevant(age: timedelta, more: timedelta) -> None:
    newer, older = (temporal_relevance(_NOW - days, _NOW, 0.15).value for days in (age, age + more))
    assert _value(newer) >= _value(older)


@given(st.timedeltas(timedelta(days=-30), timedelta(days=800)), st.timedeltas(timedelta(0), timedelta(days=800)))
def test_relevance_stays_the_same_until_the_moment_that_is_foretold(age: timedelta, wait: timedelta) -> None:
    published = _NOW - age
    due = ages_at(published, _NOW)
    before, after = (temporal_relevance(published, moment, 0.15).value for moment in (_NOW, _NOW + wait))
    assert (before == after) == (due is None or _NOW + wait < due) or (due is not None and due <= _NOW + wait)


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_at_the_moment_that_is_foretold_relevance_falls(days: int) -> None:
    published = _NOW - timedelta(days=days)
    due = ages_at(published, _NOW)
    assert due is not None
    assert _value(temporal_relevance(published, due, 0.15).value) < _value(
        temporal_relevance(published, _NOW, 0.15).value
    )


def test_an_old_item_grows_no_older_and_an_undated_one_has_no_age() -> None:
    assert ages_at(_NOW - timedelta(days=400), _NOW) is None
    assert ages_at(None, _NOW) is None


def test_a_clock_that_runs_ahead_is_forgiven_and_a_date_far_ahead_is_missing() -> None:
    assert temporal_relevance(_NOW + timedelta(hours=20), _NOW, 0.15).value == 1.0
    assert temporal_relevance(_NOW + timedelta(days=2), _NOW, 0.15).value is None


@given(_structures, _counts, _counts, st.integers(0, 50))
def test_more_words_and_more_structure_never_lower_coherence(
    base: Structure, words: int, more: int, parts: int
) -> None:
    richer = Structure(base.paragraphs + parts, base.headings + parts, base.list_items + parts)
    before = _value(content_coherence(base, Linguistics(words=words), 0.2).value)
    after = _value(content_coherence(richer, Linguistics(words=words + more), 0.2).value)
    assert 0.0 <= before <= after <= 1.0


def test_coherence_tells_an_article_from_a_blurb_and_an_empty_text_has_none() -> None:
    article = content_coherence(Structure(8, 3, 4), Linguistics(words=700), 0.2)
    blurb = content_coherence(Structure(1, 0, 0), Linguistics(words=30), 0.2)
    assert _value(article.value) > 0.95
    assert _value(blurb.value) < 0.3
    assert content_coherence(Structure(), Linguistics(), 0.2).value == 0.0


def test_a_citation_says_more_than_likeness_likeness_more_than_shared_names_and_a_copy_next_to_nothing() -> None:
    kinds = ("cites", "similar_to", "shares_entity", "duplicate_of")
    values = [_value(cross_reference_strength([(kind, 1.0)], 0.2).value) for kind in kinds]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(kinds)
    assert values[-1] < 0.1


@given(_connections, _kinds, _shares)
def test_a_further_connection_never_lowers_cross_references(
    connections: list[tuple[str, float]], kind: str, strength: float
) -> None:
    before = _value(cross_reference_strength(connections, 0.2).value)
    after = _value(cross_reference_strength([*connections, (kind, strength)], 0.2).value)
    assert 0.0 <= before <= after + 1e-12
    assert after <= 1.0


def test_copies_confirm_much_less_than_independent_items() -> None:
    copies = cross_reference_strength([("duplicate_of", 1.0)] * 5, 0.2)
    others = cross_reference_strength([("relates_to", 0.75)] * 5, 0.2)
    assert _value(copies.value) < 0.3 < 0.85 < _value(others.value)


@given(_counts, st.integers(1, 1_000), st.floats(-1_000, 206), _shares)
def test_linguistic_quality_stays_within_its_range(words: int, sentences: int, flesch: float, variety: float) -> None:
    measured = Linguistics(words, sentences, words, flesch if words else None, variety)
    value = linguistic_quality(measured, 0.1).value
    assert (value is None) is (words == 0)
    assert value is None or 0.0 <= value <= 1.0


def test_prose_and_scientific_abstracts_read_well_and_keyword_heaps_do_not() -> None:
    prose = linguistic_quality(Linguistics(300, 17, 480, 54.0, 0.6), 0.1)
    abstract = linguistic_quality(Linguistics(200, 8, 420, 4.0, 0.65), 0.1)
    heap = linguistic_quality(Linguistics(200, 1, 420, -170.0, 0.1), 0.1)
    assert prose.value == 1.0
    assert _value(abstract.value) > 0.9
    assert heap.value == 0.0


def test_the_status_levels_keep_their_order() -> None:
    order = ["rejected", "quarantined", "archived", "pending", "verified"]
    values = [_value(verification_status(VerificationStatus(status), 0.1).value) for status in order]
    assert values == [0.0, 0.1, 0.2, 0.2, 1.0]


def test_missing_evidence_is_not_zero_evidence() -> None:
    missing = [
        source_authority(None, "no rating", 0.25),
        cross_reference_strength(None, 0.2),
        temporal_relevance(None, _NOW, 0.15),
        linguistic_quality(Linguistics(), 0.1),
    ]
    assert [factor.value for factor in missing] == [None] * 4
    assert source_authority(0.0, "known to lie", 0.25).value == 0.0
    none_yet = cross_reference_strength([], 0.2)
    assert (none_yet.value, none_yet.reason) == (0.0, "no connections yet")
