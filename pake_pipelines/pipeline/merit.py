"""Merit: what speaks for an item from its own evidence alone, and so for one member of a group before another.

The confidence that a node shows also rests on its connections and its age. Both would make the choice of a canonical
member depend on the choice made before, or on the day; so they are left out here.
"""

from pake_pipelines.config.quality import QualityConfig, Weights
from pake_pipelines.model.comparison import Member
from pake_pipelines.model.judgement import Factor
from pake_pipelines.model.signals import Spam
from pake_pipelines.quality import factors
from pake_pipelines.quality.confidence import combine
from pake_pipelines.store.documents import StoredDocument


def member_of(document: StoredDocument, spam: Spam, rules: QualityConfig) -> Member:
    """Return the member that `document` is: fit to stand for others unless it is bound to be rejected (D-22)."""
    confidence = combine(own_factors(document, rules.confidence.weights))
    return Member(
        pake_id=document.pake_id,
        dated=document.published_at,
        confidence=confidence.score,
        acceptable=spam.score <= rules.spam.max_score and confidence.score >= rules.verdict.auto_reject,
    )


def own_factors(document: StoredDocument, weights: Weights) -> tuple[Factor, Factor, Factor]:
    """Return the factors of confidence that rest on the item itself: authority, coherence, language."""
    return (
        factors.source_authority(document.authority, document.authority_basis, weights.source_authority),
        factors.content_coherence(document.structure, document.linguistics, weights.content_coherence),
        factors.linguistic_quality(document.linguistics, weights.linguistic_quality),
    )
