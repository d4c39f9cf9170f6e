"""The quality rules: each looks at one item and always says something, so that no failure hides another (D-26)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.document import Language
from pake_pipelines.model.judgement import RuleOutcome
from pake_pipelines.model.link import CheckedLink
from pake_pipelines.model.signals import Spam
from pake_pipelines.model.status import CheckStatus

_MAX_EVIDENCE: Final = 20  # per outcome: enough to act on, and bounded in the database
# The bounds that QA-04 gives a score; they follow from its meaning and are nothing to configure.
_LOWEST_SCORE: Final = 0.0
_HIGHEST_SCORE: Final = 1.0
_UNDETERMINED: Final = "und"  # as the model's Language says


@dataclass(frozen=True, slots=True)
class QaItem:
    """One item as the rules see it. None means "could not be determined", which is never taken for good news.

    `characters` is the length of the clean text, `patterns` an excerpt for each configured pattern that occurs in it.
    """

    pake_id: str
    characters: int
    source_uri: str
    patterns: Mapping[str, str] | None = None
    language: Language | None = None
    spam: Spam | None = None
    confidence: float | None = None
    duplicate: bool | None = None
    links: Sequence[CheckedLink] | None = None


Rule = Callable[[QaItem, QualityConfig], RuleOutcome]


def evaluate(item: QaItem, config: QualityConfig) -> tuple[RuleOutcome, ...]:
    """Return the outcome of every rule in the order of `RULES`, whatever the others found. Raises nothing."""
    return tuple(rule(item, config) for rule in RULES.values())


def _required_fields(item: QaItem, _: QualityConfig) -> RuleOutcome:
    # DB-12; score and verification status are this package's own results and cannot be missing from its input.
    present = {"pake_id": item.pake_id.strip(), "content": item.characters, "source_uri": item.source_uri.strip()}
    missing = [name for name, value in present.items() if not value]
    if not missing:
        return _outcome("required_fields", CheckStatus.OK, "All required fields are present")
    message = "; ".join(f"Missing required field: {name}" for name in missing)
    return _outcome("required_fields", CheckStatus.FAIL, message, missing=missing)


def _content_length_min(item: QaItem, config: QualityConfig) -> RuleOutcome:
    length, least = item.characters, config.content.min_length
    if length < least:
        return _outcome("content_length_min", CheckStatus.FAIL, f"Content too short: {length} < {least}", length=length)
    return _outcome("content_length_min", CheckStatus.OK, f"Content is long enough: {length}", length=length)


def _content_length_max(item: QaItem, config: QualityConfig) -> RuleOutcome:
    length, most = item.characters, config.content.max_length
    if length > most:
        return _outcome("content_length_max", CheckStatus.WARN, f"Content very long: {length} > {most}", length=length)
    return _outcome("content_length_max", CheckStatus.OK, f"Content is not too long: {length}", length=length)


def _forbidden_patterns(item: QaItem, config: QualityConfig) -> RuleOutcome:
    patterns = config.content.forbidden_patterns
    if not patterns:
        return _outcome("forbidden_patterns", CheckStatus.NOT_CONFIGURED, "No forbidden patterns are configured")
    if item.patterns is None:
        return _outcome("forbidden_patterns", CheckStatus.UNKNOWN, "Forbidden patterns were not sought")
    hits = {pattern: item.patterns[pattern] for pattern in patterns if pattern in item.patterns}
    if not hits:
        return _outcome("forbidden_patterns", CheckStatus.OK, "Content contains no forbidden pattern")
    message = "; ".join(f"Content contains forbidden pattern: {pattern}" for pattern in hits)
    return _outcome("forbidden_patterns", CheckStatus.FAIL, message, hits=_as_evidence(hits))


def _required_patterns(item: QaItem, config: QualityConfig) -> RuleOutcome:
    patterns = config.content.required_patterns
    if not patterns:
        return _outcome("required_patterns", CheckStatus.NOT_CONFIGURED, "No required patterns are configured")
    if item.patterns is None:
        return _outcome("required_patterns", CheckStatus.UNKNOWN, "Required patterns were not sought")
    missing = [pattern for pattern in patterns if pattern not in item.patterns]
    if not missing:
        return _outcome("required_patterns", CheckStatus.OK, "Content contains every required pattern")
    message = "; ".join(f"Content lacks required pattern: {pattern}" for pattern in missing)
    return _outcome("required_patterns", CheckStatus.FAIL, message, missing=missing[:_MAX_EVIDENCE])


def _confidence_bounds(item: QaItem, _: QualityConfig) -> RuleOutcome:
    score = item.confidence
    if score is None:
        return _outcome("confidence_bounds", CheckStatus.UNKNOWN, "The confidence score was not determined")
    if not _LOWEST_SCORE <= score <= _HIGHEST_SCORE:  # nan too is outside
        return _outcome("confidence_bounds", CheckStatus.FAIL, f"Invalid confidence score: {score}", score=str(score))
    return _outcome("confidence_bounds", CheckStatus.OK, f"The confidence score is valid: {score:.3f}", score=score)


def _language_supported(item: QaItem, config: QualityConfig) -> RuleOutcome:
    code, language, rules = "language_supported", item.language, config.language
    if language is None:
        return _outcome(code, CheckStatus.UNKNOWN, "The language was not determined")
    supported = language.code in rules.supported
    found = {"detected_language": language.code, "confidence": language.probability, "is_supported": supported}
    if language.code == _UNDETERMINED or language.probability < rules.min_probability:
        return _outcome(code, CheckStatus.WARN, "The language cannot be told from this text", **found)
    said = f"{language.code} (probability {language.probability:.2f})"
    if supported:
        return _outcome(code, CheckStatus.OK, f"The language is supported: {said}", **found)
    return _outcome(code, CheckStatus.FAIL, f"Unsupported language: {said}", **found)


def _spam(item: QaItem, config: QualityConfig) -> RuleOutcome:
    spam, rules = item.spam, config.spam
    if spam is None:
        return _outcome("spam", CheckStatus.UNKNOWN, "The spam score was not determined")
    found = {
        "is_spam": spam.score > rules.max_score,
        "spam_score": spam.score,
        "detected": [
            {"signal": signal, "points": points, "excerpt": excerpt}
            for signal, points, excerpt in spam.evidence[:_MAX_EVIDENCE]
        ],
    }
    if spam.score > rules.max_score:
        return _outcome("spam", CheckStatus.FAIL, f"Spam score too high: {spam.score:.2f} > {rules.max_score}", **found)
    suspicious = rules.max_score * rules.suspicious_share
    if spam.score and spam.score >= suspicious:
        return _outcome(
            "spam", CheckStatus.WARN, f"Spam score suspicious: {spam.score:.2f} >= {suspicious:.2f}", **found
        )
    return _outcome("spam", CheckStatus.OK, f"Spam score low: {spam.score:.2f}", **found)


def _broken_links(item: QaItem, config: QualityConfig) -> RuleOutcome:
    if not config.links.check_external:
        return _outcome("broken_links", CheckStatus.SKIPPED, "External links are not checked (links.check_external)")
    if item.links is None:
        return _outcome("broken_links", CheckStatus.UNKNOWN, "The links were not checked")
    links = [link for link in item.links if link.state != "skipped"]
    broken = [link for link in links if link.state == "broken"]
    unknown = [link for link in links if link.state == "unknown"]
    found = {
        "total_links": len(links),
        "working_links": len(links) - len(broken) - len(unknown),
        "broken_links": len(broken),
        "unknown_links": len(unknown),
        "broken_link_details": [{"url": link.url, "detail": link.detail} for link in broken[:_MAX_EVIDENCE]],
        "unknown_link_details": [{"url": link.url, "detail": link.detail} for link in unknown[:_MAX_EVIDENCE]],
    }
    if broken and len(broken) == len(links):
        return _outcome("broken_links", CheckStatus.FAIL, f"All links are broken: {len(broken)}", **found)
    if unknown:
        untold = f"Links whose state could not be told: {len(unknown)} of {len(links)}"
        return _outcome("broken_links", CheckStatus.UNKNOWN, untold, **found)
    if broken:
        return _outcome("broken_links", CheckStatus.WARN, f"Broken links: {len(broken)} of {len(links)}", **found)
    return _outcome("broken_links", CheckStatus.OK, f"No link is broken: {len(links)} checked", **found)


def _duplicate(item: QaItem, _: QualityConfig) -> RuleOutcome:
    if item.duplicate is None:
        return _outcome("duplicate", CheckStatus.UNKNOWN, "Duplicates were not sought")
    if item.duplicate:
        return _outcome("duplicate", CheckStatus.WARN, "Potential duplicate of another item")
    return _outcome("duplicate", CheckStatus.OK, "Not a duplicate of another item")


RULES: Final[Mapping[str, Rule]] = {
    "required_fields": _required_fields,
    "content_length_min": _content_length_min,
    "content_length_max": _content_length_max,
    "forbidden_patterns": _forbidden_patterns,
    "required_patterns": _required_patterns,
    "confidence_bounds": _confidence_bounds,
    "language_supported": _language_supported,
    "spam": _spam,
    "broken_links": _broken_links,
    "duplicate": _duplicate,
}
"""Every rule by the code of its outcome."""


def _outcome(code: str, status: CheckStatus, message: str, **evidence: Any) -> RuleOutcome:
    return RuleOutcome(code, status, message, evidence)


def _as_evidence(hits: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"pattern": pattern, "excerpt": excerpt} for pattern, excerpt in list(hits.items())[:_MAX_EVIDENCE]]
