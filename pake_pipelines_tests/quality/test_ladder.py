"""The ladder, end to end: each status is reached by an item as it really arrives, through both rooms."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.judgement import Verdict
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.quality import factors
from pake_pipelines.quality.confidence import combine
from pake_pipelines.quality.rules import QaItem, evaluate
from pake_pipelines.quality.verdict import decide
from pake_pipelines.text.language import detect_language
from pake_pipelines.text.linguistics import load_pipeline, measure
from pake_pipelines.text.patterns import find_patterns
from pake_pipelines.text.spam import score_spam
from pake_pipelines.text.structure import measure_structure

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_STORY = """\
Grid storage has to grow by a factor of six before the end of the decade, according to a study published today. Its
authors compared the plans of thirty operators with the hours in which wind and sun deliver little.

Batteries cover most short gaps. Their price has fallen by four fifths within ten years, and large parks now answer
within a second. For longer gaps the study looks at pumped water, compressed air and hydrogen.

Each of these has a weakness. Reservoirs need valleys that nobody lives in, caverns leak, and two thirds of the energy
is lost on the way through hydrogen and back again.

The operators therefore ask for stronger lines between the countries. A calm day in one region is seldom calm
everywhere, so neighbours can help each other for less money than any store would cost.

What remains open is who pays. The authors propose a fee for every hour in which capacity is held ready, in the way
that fire brigades are paid for being there and not for each fire they put out.
"""
_PARAGRAPHS = _STORY.strip().split("\n\n")
_ARTICLE = "# The price of calm days\n\n" + "\n\n## Details\n\n".join(_PARAGRAPHS) + "\n\n- lines\n- stores\n- prices"
_GERMAN = (
    "Der Ausschuss hat gestern einen neuen Bericht zur Lage der Netze vorgelegt. Darin steht, dass die Speicher bis "
    "zum Ende des Jahrzehnts wachsen m\u00fcssen. Offen bleibt, wer das bezahlen soll."
)


@dataclass(frozen=True)
class Arrival:
    """One item and what is known about it."""

    title: str
    text: str
    authority: float | None = 0.9
    age: timedelta | None = timedelta(days=1)
    connections: list[tuple[str, float]] = field(default_factory=list)
    copy: bool = False


def _judge(arrival: Arrival, config: QualityConfig) -> Verdict:
    weights = config.confidence.weights
    linguistics = measure(arrival.text, load_pipeline("no_such_model_installed"))
    published = None if arrival.age is None else _NOW - arrival.age
    confidence = combine(
        [
            factors.source_authority(arrival.authority, "as configured", weights.source_authority),
            factors.content_coherence(measure_structure(arrival.text), linguistics, weights.content_coherence),
            factors.cross_reference_strength(arrival.connections, weights.cross_reference_strength),
            factors.temporal_relevance(published, _NOW, weights.temporal_relevance),
            factors.linguistic_quality(linguistics, weights.linguistic_quality),
            factors.verification_status(VerificationStatus.PENDING, weights.verification_status),
        ]
    )
    item = QaItem(
        pake_id="6f1c",
        characters=len(arrival.text),
        source_uri="https://a.example/1",
        patterns=find_patterns(arrival.title, arrival.text, config.content.forbidden_patterns),
        language=detect_language(arrival.text, config.language),
        spam=score_spam(arrival.title, arrival.text, config.spam),
        confidence=confidence.score,
        duplicate=arrival.copy,
        links=(),
    )
    outcomes = evaluate(item, config)
    return decide(
        outcomes, confidence, is_duplicate=arrival.copy, canonical=None, rules=config.verdict, actions=config.actions
    )


@pytest.mark.parametrize(
    ("arrival", "status", "flags"),
    [
        (
            Arrival(
                "You won",
                "Click here to claim it. Limited time offer, act now, 100% free and no obligation!!! " * 2,
                0.2,
            ),
            "rejected",
            {"auto_rejected", "invalid"},
        ),
        (
            Arrival("meter dump", " ".join(f"0x{n:02x} {n * 7} {n / 3:.1f}" for n in range(40)), 0.2, None),
            "rejected",
            {"auto_rejected"},
        ),
        (
            Arrival("Strompreise", _GERMAN),
            "quarantined",
            {"quarantined"},
        ),
        (
            Arrival(
                "link",
                "Somebody posted this old thread again and nobody really knows the reason why.",
                0.2,
                timedelta(days=900),
            ),
            "pending",
            {"low_confidence"},
        ),
        (
            Arrival("Re: link", "thanks for the link and have a nice weekend " * 3, 0.1, timedelta(days=900)),
            "pending",
            {"low_confidence", "archive_candidate"},
        ),
        (Arrival("Storage", "\n\n".join(_PARAGRAPHS[:2])), "pending", set()),
        (Arrival("Storage", _ARTICLE, connections=[("similar_to", 0.78)] * 5, copy=True), "pending", {"flagged"}),
        (Arrival("Storage", _ARTICLE, connections=[("similar_to", 0.78)] * 5), "verified", set()),
    ],
    ids=["spam", "no content", "foreign", "faint", "to be archived", "ordinary", "copy", "confirmed"],
)
def test_each_status_is_within_reach(arrival: Arrival, status: str, flags: set[str], config: QualityConfig) -> None:
    verdict = _judge(arrival, config)
    assert (verdict.status.value, set(verdict.flags)) == (status, flags), verdict.reasons
