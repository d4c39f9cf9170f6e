"""What speaks for a pair, in words: measures, clashing facts, and why close items are no duplicates all the same."""

from collections.abc import Mapping
from typing import Any, Final

from pake_pipelines.config.quality import DuplicateRules

_WORDS: Final = {
    "jaccard": "words in common",
    "containment": "contained",
    "title": "titles",
    "cosine": "meaning",
    "facts": "facts",
}


def measures(evidence: Mapping[str, Any]) -> str:
    """Return the measures of a pair in one line, each in [0, 1]."""
    said = [f"{name} {evidence[key]:.2f}" for key, name in _WORDS.items() if key in evidence]
    if "address" in evidence:
        said.append(str(evidence["address"]))
    return ", ".join(said)


def clashes(evidence: Mapping[str, Any]) -> str:
    """Return the facts in which a pair differs, or "" when none is known."""
    return "; ".join(evidence.get("clashes", ()))


def found(level: str, reason: str, score: float) -> str:
    """Return how a pair was found: level, score and reason."""
    return f"{level} {score:.3f}, {reason.replace('_', ' ')}"


def why_apart(
    decision: str, reason: str, score: float, evidence: Mapping[str, Any], rules: DuplicateRules, ruling: str | None
) -> str:
    """Return why two compared items are not in one group; `ruling` is what a person said of the two, if anything."""
    if ruling == "apart":
        return "a person ruled them apart"
    if decision == "contradicted":
        differing = clashes(evidence)
        agreeing = f"they agree in {evidence.get('facts', 0.0):.2f}, duplicates do from {rules.facts_threshold:.2f}"
        return f"close, but they state other facts ({differing or agreeing})"
    if decision == "duplicate":
        return "duplicates by themselves, but more between their groups contradicts, or a person parted them"
    if reason == "same_address":
        return "one address, but two texts that share too little"
    return f"similar: meaning {score:.2f}, duplicates from {rules.content_threshold:.2f}"
