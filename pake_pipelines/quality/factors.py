"""The six factors of confidence (B.2): each a pure function of its evidence, with a reason that a person understands.

A factor whose evidence is missing has the value None and is left out of the score; 0.0 says that the evidence is there
and speaks against the item.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.model.document import Linguistics, Structure
from pake_pipelines.model.judgement import Factor
from pake_pipelines.model.status import VerificationStatus

# How much one connection of full strength says: a citation is somebody's choice, to speak of the same names is not yet
# to agree, and two copies of a story confirm nothing.
_CONNECTION_WEIGHTS: Final = {"cites": 0.6, "shares_entity": 0.2, "duplicate_of": 0.05}
_OTHER_CONNECTION: Final = 0.5

# B.2: age in days up to which the value holds.
_AGE_STEPS: Final = ((7, 1.0), (30, 0.8), (90, 0.6), (365, 0.4))
_OLDER: Final = 0.2
_CLOCK_TOLERANCE: Final = timedelta(days=1)  # time zones left out and clocks that run ahead

_MOMENT: Final = timedelta(microseconds=1)

_SUBSTANCE_WORDS: Final = 100  # 1 - 1/e of the substance; 200 words, a good summary, have 0.86 of it
_UNSTRUCTURED: Final = 0.6  # what text without paragraphs still can reach
_STRUCTURE_STEP: Final = 0.6  # each paragraph or heading leaves 0.6 of what was missing

# Full value between the two inner points, none beyond the outer ones.
_FLESCH_BAND: Final = (
    -40.0,
    10.0,
    80.0,
    121.0,
)  # scientific abstracts lie at 10 to 30; 121 is the formula's highest value
_SENTENCE_BAND: Final = (1.0, 8.0, 30.0, 60.0)  # words per sentence
_VARIETY: Final = (0.15, 0.4)  # type-token ratio over 500 words: English prose lies at 0.4 to 0.6

_STATUS_VALUES: Final = {
    VerificationStatus.VERIFIED: 1.0,
    VerificationStatus.PENDING: 0.2,
    VerificationStatus.ARCHIVED: 0.2,
    VerificationStatus.QUARANTINED: 0.1,
    VerificationStatus.REJECTED: 0.0,
}


def source_authority(authority: float | None, basis: str, weight: float) -> Factor:
    """Return how far the source is trusted: `authority` in [0, 1] as configured, `basis` says by what (B.2 levels)."""
    if authority is None:
        return Factor("source_authority", None, weight, f"the source's authority is not known: {basis}")
    return Factor("source_authority", _clamped(authority), weight, f"authority {_clamped(authority):.2f}: {basis}")


def content_coherence(structure: Structure, linguistics: Linguistics, weight: float) -> Factor:
    """Return how far the text is a whole: substance in words times structure in paragraphs, headings and list items.

    substance = 1 - exp(-words / 100); structure = 1 - 0.6 ** (paragraphs + headings + list_items / 2);
    value = substance * (0.6 + 0.4 * structure). Both saturate, so neither padding nor a forest of headings makes
    a good text. An empty text has 0.0: it is known to say nothing.
    """
    substance = 1.0 - math.exp(-linguistics.words / _SUBSTANCE_WORDS)
    parts = structure.paragraphs + structure.headings + structure.list_items / 2
    value = substance * (_UNSTRUCTURED + (1.0 - _UNSTRUCTURED) * (1.0 - _STRUCTURE_STEP**parts))
    counted = (
        (linguistics.words, "word"),
        (structure.paragraphs, "paragraph"),
        (structure.headings, "heading"),
        (structure.list_items, "list item"),
    )
    counts = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counted)
    return Factor("content_coherence", _clamped(value), weight, counts)


def cross_reference_strength(connections: Sequence[tuple[str, float]] | None, weight: float) -> Factor:
    """Return how well other items support this one; a connection is (kind, strength in [0, 1]).

    1 - product of (1 - weight of kind * strength), a noisy or: each further connection adds less, none takes away.
    None means that connections were not computed, an empty sequence that there are none yet.
    """
    if connections is None:
        return Factor("cross_reference_strength", None, weight, "connections were not computed")
    if not connections:
        return Factor("cross_reference_strength", 0.0, weight, "no connections yet")
    missing = math.prod(
        1.0 - _CONNECTION_WEIGHTS.get(kind, _OTHER_CONNECTION) * _clamped(strength) for kind, strength in connections
    )
    strongest = max(connections, key=lambda connection: connection[1])
    count = "1 connection" if len(connections) == 1 else f"{len(connections)} connections"
    reason = f"{count}, the strongest: {strongest[0]} {_clamped(strongest[1]):.2f}"
    return Factor("cross_reference_strength", _clamped(1.0 - missing), weight, reason)


def temporal_relevance(published_at: datetime | None, now: datetime, weight: float) -> Factor:
    """Return how recent the item is, by the steps of B.2: 7, 30, 90 and 365 days. Both times are aware.

    A date more than a day ahead of `now` cannot be right and counts as missing. Raises TypeError for a naive time.
    """
    if published_at is None:
        return Factor("temporal_relevance", None, weight, "the date of publication is not known")
    age = now - published_at
    if age < -_CLOCK_TOLERANCE:
        return Factor(
            "temporal_relevance", None, weight, f"the date of publication lies ahead: {published_at:%Y-%m-%d}"
        )
    value = next((value for days, value in _AGE_STEPS if age <= timedelta(days=days)), _OLDER)
    return Factor("temporal_relevance", value, weight, f"published {max(0, age.days)} days ago")


def ages_at(published_at: datetime | None, now: datetime) -> datetime | None:
    """Return the moment after `now` from which `temporal_relevance` says less, None when it stays as it is.

    A date that lies ahead, and so counts as missing, begins to count once it is no longer too far ahead.
    """
    if published_at is None:
        return None
    moments = [published_at - _CLOCK_TOLERANCE, *(published_at + timedelta(days=days) for days, _ in _AGE_STEPS)]
    # a step's value holds to the end of its last moment
    return next((moment + _MOMENT for moment in moments if moment >= now), None)


def linguistic_quality(linguistics: Linguistics, weight: float) -> Factor:
    """Return how well the text reads: 0.4 Flesch reading ease, 0.3 sentence length, 0.3 variety of words.

    Each is 1 within the range of ordinary to scientific prose and falls off linearly outside it. None without words.
    """
    if linguistics.flesch is None or not linguistics.words:
        return Factor("linguistic_quality", None, weight, "no words to measure")
    length = linguistics.words / max(1, linguistics.sentences)
    low, high = _VARIETY
    variety = _clamped((linguistics.type_token_ratio - low) / (high - low))
    value = 0.4 * _band(linguistics.flesch, _FLESCH_BAND) + 0.3 * _band(length, _SENTENCE_BAND) + 0.3 * variety
    reason = (
        f"reading ease {linguistics.flesch:.0f}, {length:.0f} words per sentence, "
        f"type-token ratio {linguistics.type_token_ratio:.2f}"
    )
    return Factor("linguistic_quality", _clamped(value), weight, reason)


def verification_status(status: VerificationStatus, weight: float) -> Factor:
    """Return what the status so far says: verified 1.0 and pending 0.2 as in B.2, which lacks the other three.

    Rejected is 0.0, for it was judged and found wanting; quarantined 0.1, B.2's level of a draft, for a doubt is
    open; archived 0.2 like pending, for archiving says that an item is old or faint, not that it is wrong.
    """
    return Factor("verification_status", _STATUS_VALUES[status], weight, f"status {status.value}")


def _clamped(value: float) -> float:
    return min(1.0, max(0.0, value))


def _band(value: float, points: tuple[float, float, float, float]) -> float:
    nothing_below, full_from, full_to, nothing_above = points
    if value < full_from:
        return _clamped((value - nothing_below) / (full_from - nothing_below))
    if value > full_to:
        return _clamped((nothing_above - value) / (nothing_above - full_to))
    return 1.0
