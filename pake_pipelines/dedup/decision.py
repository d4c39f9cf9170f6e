"""The decision on one pair of items: duplicates, close but about something else, merely similar, or nothing at all.

Three levels in one decision: the same text or address (exact), most of the words in common (near), the same meaning
(semantic). Unless the texts are word for word the same, they are duplicates only if they state the same facts:
bulletins made from one template share their words and their meaning, and differ in nothing but what they report.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pake_pipelines.config.quality import DuplicateRules
from pake_pipelines.dedup.agreement import agreement
from pake_pipelines.dedup.profile import Profile
from pake_pipelines.dedup.shingles import containment, jaccard
from pake_pipelines.dedup.titles import title_similarity
from pake_pipelines.model.comparison import Candidate, Decision, Level, Reason

# two texts at one address that share less than this are two things that one page showed in turn
_SAME_PAGE: Final = 0.2
# a text of fewer words at one address is a note about the page, and need not share words with it
_NOTE_WORDS: Final = 30


@dataclass(frozen=True, slots=True)
class Measures:
    """How close two items are, each in [0, 1]; `cosine` is None where one has no vector."""

    jaccard: float
    containment: float
    title: float
    cosine: float | None


def measure(one: Profile, other: Profile, cosine: float | None) -> Measures:
    """Measure two items against each other."""
    shared = [kind for kind in one.kinds if kind in other.kinds]
    return Measures(
        jaccard=max((jaccard(one.shingles(kind), other.shingles(kind)) for kind in shared), default=0.0),
        containment=containment(one.shingles("words"), other.shingles("words")),
        title=title_similarity(one.title_words, other.title_words),
        cosine=None if cosine is None else min(max(cosine, 0.0), 1.0),
    )


def decide(one: Profile, other: Profile, cosine: float | None, rules: DuplicateRules) -> Candidate | None:
    """Decide on two items whose embeddings have the cosine `cosine`; None when they have nothing to do with each other.

    The first reason that holds, from the most exact level on, names the pair's level, reason and score.
    """
    one, other = sorted((one, other), key=lambda profile: profile.pake_id)
    measured = measure(one, other, cosine)
    found = _closeness(one, other, measured, rules)
    if found is None:
        return None
    level, reason, score, is_close = found
    decision: Decision = "similar"
    evidence = _evidence(one, reason, measured)
    if reason == "same_text":
        decision = "duplicate"
    elif is_close:
        facts = agreement(one.facts, other.facts)
        decision = "duplicate" if facts.value >= rules.facts_threshold else "contradicted"
        evidence["facts"] = round(facts.value, 4)
        if facts.clashes:
            evidence["clashes"] = list(facts.clashes)
    return Candidate(one.pake_id, other.pake_id, level, reason, round(score, 4), decision, evidence)


def _closeness(
    one: Profile, other: Profile, measured: Measures, rules: DuplicateRules
) -> tuple[Level, Reason, float, bool] | None:
    """Return level, reason and score of what brings two items closest, and whether that is enough for duplicates."""
    readable = (one.is_latin and other.is_latin) or not rules.meaning_needs_latin_letters
    cosine = (measured.cosine or 0.0) if readable else 0.0
    same_title = measured.title >= rules.title_threshold
    telling, means_alike = one.is_telling and other.is_telling, cosine >= rules.candidate_threshold
    known_by_words = telling or (same_title and _says_something(one))
    if one.content_hash == other.content_hash and known_by_words:
        return "exact", "same_text", 1.0, True
    if _share_address(one, other):
        note = min(len(one.words), len(other.words)) < _NOTE_WORDS
        same_page = note or same_title or measured.containment >= _SAME_PAGE
        return "exact", "same_address", 1.0 if same_page else max(cosine, measured.jaccard), same_page
    if measured.jaccard >= rules.near_threshold and known_by_words:
        return "near", "shared_words", measured.jaccard, True
    if telling and measured.containment >= rules.containment_threshold and (same_title or means_alike):
        return "near", "contained", measured.containment, True
    if same_title and means_alike and len(one.title_words) > 2:
        return "near", "same_title", measured.title, True
    if means_alike:
        return "semantic", "close_meaning", cosine, cosine >= rules.content_threshold
    return None


def _says_something(one: Profile) -> bool:
    return len(one.words) + len(one.title_words) > 3


def _share_address(one: Profile, other: Profile) -> bool:
    """Tell whether both have one address, and one of a page: a site's front page is the address of many items."""
    if one.canonical_url is None or one.canonical_url != other.canonical_url:
        return False
    parts = urlsplit(one.canonical_url)
    return parts.path not in {"", "/"} or bool(parts.query)


def _evidence(one: Profile, reason: Reason, measured: Measures) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "jaccard": round(measured.jaccard, 4),
        "containment": round(measured.containment, 4),
        "title": round(measured.title, 4),
    }
    if measured.cosine is not None:
        evidence["cosine"] = round(measured.cosine, 4)
    if reason == "same_address":
        evidence["address"] = one.canonical_url
    return evidence
