"""Typed form of `quality.yaml`: the ingest filters, the quality rules, the weights and the thresholds."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from pake_pipelines.config.frequency import Frequency
from pake_pipelines.config.section import Section
from pake_pipelines.model.comparison import Keep


def _compilable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


_WORD: Final = r"(?:[^\W_]+(?:['.,][^\W_]+)*|[#$%])"
_ALTERNATIVE: Final = rf"{_WORD}(?:-{_WORD})*"
_CHOICE: Final = rf"{_ALTERNATIVE}(?:\|{_ALTERNATIVE})*"
_PHRASE: Final = re.compile(rf"(?:{_CHOICE}|\({_CHOICE}\))(?: (?:{_CHOICE}|\({_CHOICE}\)))*")


def _phrase(text: str) -> str:
    if not _PHRASE.fullmatch(text) or all(position.startswith("(") for position in text.split()):
        raise ValueError("not a phrase: words, (optional ones), one|other, joined-words, # for a number, $ for money")
    return text


Pattern = Annotated[str, AfterValidator(_compilable)]
Phrase = Annotated[str, AfterValidator(_phrase)]
"""Words in any case, one blank between them. Those in parentheses may be missing, `|` stands between alternatives, `-`
joins the words of one alternative, `#` is any number, `$` any sign of money, and a plural is found by its singular."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class IngestFilters(Section):
    """What stops an item at the door (ING-13, ING-14); lengths are in characters of clean text."""

    min_content_length: int = Field(ge=0)
    max_content_length: int = Field(gt=0)
    exclude_patterns: tuple[Pattern, ...]
    require_patterns: tuple[Pattern, ...]


class ExtractionLimits(Section):
    """Caps on the search of one web page for its main content, in a worker process; a page beyond is kept whole."""

    deadline_seconds: float = Field(gt=0)
    memory_mb: int = Field(ge=100)
    max_characters: int = Field(gt=0)
    workers: int = Field(ge=1)


class ContentRules(Section):
    """Length and pattern rules (QA-01..03)."""

    min_length: int = Field(ge=0)
    max_length: int = Field(gt=0)
    forbidden_patterns: tuple[Pattern, ...]
    required_patterns: tuple[Pattern, ...]


class LanguageRules(Section):
    """Which languages are read and how sure detection must be (QA-06)."""

    supported: tuple[str, ...] = Field(min_length=1)
    min_probability: Share
    min_letters: int = Field(ge=1)
    sample_characters: int = Field(ge=100)


class SpamSignals(Section):
    """The most that each signal beside the phrases can add to the spam score; `telling` takes away."""

    address: Share
    selling: Share
    calls: Share
    prices: Share
    deadlines: Share
    title: Share
    links: Share
    affiliates: Share
    capitals: Share
    exclamations: Share
    symbols: Share
    repetition: Share
    stuffing: Share
    disguise: Share
    telling: Share


class SpamRules(Section):
    """Signals, and phrases with their points by theme (QA-07, D-18, D-19); those `against` take points away."""

    max_score: Share
    suspicious_share: Share
    most_against: Share
    signals: SpamSignals
    phrases: dict[str, dict[Phrase, Share]] = Field(repr=False)  # hundreds of lines
    against: dict[str, dict[Phrase, Share]] = Field(repr=False)


class LinkBudget(Section):
    """How much one run may ask: so many addresses, within so many seconds."""

    max_addresses: int = Field(ge=1)
    max_seconds: float = Field(gt=0)


class LinkRules(Section):
    """Link checking (QA-08, QA-16, D-21): what is asked, how politely, and how long an answer is believed.

    The n-th answer in a row from which nothing can be told is believed for the n-th of `unknown_hours`, the last of
    them from then on. `per_ingestion` bounds the check of every ingestion run, `per_round` the scheduled one.
    """

    check_external: bool
    max_per_item: int = Field(ge=1, le=50)
    timeout_seconds: float = Field(gt=0)
    concurrency: int = Field(ge=1, le=100)
    max_per_host: int = Field(ge=1)
    host_pause_seconds: float = Field(ge=0)
    per_ingestion: LinkBudget
    per_round: LinkBudget
    working_days: float = Field(gt=0)
    broken_days: float = Field(gt=0)
    skipped_days: float = Field(gt=0)
    unknown_hours: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    broken_after_failures: int = Field(ge=2)
    max_broken_share: Share


class DuplicateRules(Section):
    """When two items are duplicates (C-05) and which member of a group stays canonical (C-06).

    The near threshold is a Jaccard similarity of shingles, containment the share of the shorter text's shingles that
    the longer one has, the title threshold a normalised edit similarity; the other two are cosines. All in [0, 1].
    """

    near_threshold: Share
    containment_threshold: Share
    title_threshold: Share
    candidate_threshold: Share
    content_threshold: Share
    facts_threshold: Share
    meaning_needs_latin_letters: bool
    max_candidates: int = Field(ge=1, le=100)
    keep: Keep
    suspicious_members: int = Field(ge=2)

    @model_validator(mode="after")
    def _ordered(self) -> "DuplicateRules":
        if self.candidate_threshold > self.content_threshold:
            raise ValueError("candidate_threshold must not exceed content_threshold")
        return self


class ConnectionRules(Section):
    """How items are connected beside being copies; `max_degree` bounds the connections of one type of an item."""

    max_degree: int = Field(ge=1, le=100)
    min_shared_entities: int = Field(ge=1)
    max_entity_documents: int = Field(ge=2)


class Weights(Section):
    """Weights of the six confidence factors (B.2)."""

    source_authority: Share
    content_coherence: Share
    cross_reference_strength: Share
    temporal_relevance: Share
    linguistic_quality: Share
    verification_status: Share

    @model_validator(mode="after")
    def _sum_to_one(self) -> "Weights":
        total = sum(self.model_dump().values())
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the six weights must sum to 1, they sum to {total:.3f}")
        return self


class ConfidenceRules(Section):
    """How the factors are combined."""

    weights: Weights


class VerdictRules(Section):
    """The ladder of C-04, on the decision score of C-41."""

    auto_verify: Share
    high_confidence: Share
    low_confidence_report: Share
    low_confidence_flag: Share
    auto_archive: Share
    auto_reject: Share
    archive_after_days: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> "VerdictRules":
        if not self.auto_reject <= self.auto_archive <= self.low_confidence_flag <= self.auto_verify:
            raise ValueError("expected auto_reject <= auto_archive <= low_confidence_flag <= auto_verify")
        return self


class GateRules(Section):
    """When a day's verdicts are withheld (QA-35): too large a share of at least so many items breaks a rule."""

    max_failing_share: Share
    min_items: int = Field(ge=1)


class Scans(Section):
    """How often what waits to be judged is judged, beside what every ingestion judges by itself (QA-10)."""

    full: Frequency
    incremental: Frequency
    priority: Frequency


class Actions(Section):
    """Which automatic actions are on (QA-09)."""

    auto_reject_spam: bool
    auto_verify_high_confidence: bool
    auto_flag_duplicates: bool
    auto_update_confidence: bool
    quarantine_suspicious: bool


class QualityConfig(Section):
    """The whole of `quality.yaml`."""

    ingest: IngestFilters
    extraction: ExtractionLimits
    content: ContentRules
    language: LanguageRules
    spam: SpamRules
    links: LinkRules
    duplicates: DuplicateRules
    connections: ConnectionRules
    confidence: ConfidenceRules
    verdict: VerdictRules
    gate: GateRules
    scans: Scans
    actions: Actions
