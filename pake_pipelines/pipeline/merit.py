"""Merit: what makes one member of a group better than another, from the member's own evidence alone.

The confidence that a node shows also rests on its connections and its age. Both would make the choice depend on the
choice made before, or on the day; so they are left out here.
"""

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.comparison import Member
from pake_pipelines.quality import factors
from pake_pipelines.quality.confidence import combine
from pake_pipelines.store.documents import StoredDocument
from pake_pipelines.text.links import find_links
from pake_pipelines.text.spam import score_spam


def member_of(document: StoredDocument, rules: QualityConfig) -> Member:
    """Return the member that `document` is: fit to stand for others unless it is bound to be rejected (D-22)."""
    weights = rules.confidence.weights
    confidence = combine(
        (
            factors.source_authority(document.authority, document.authority_basis, weights.source_authority),
            factors.content_coherence(document.structure, document.linguistics, weights.content_coherence),
            factors.linguistic_quality(document.linguistics, weights.linguistic_quality),
        )
    )
    spam = score_spam(document.title, document.text, rules.spam, links=find_links(document.body))
    return Member(
        pake_id=document.pake_id,
        dated=document.published_at,
        confidence=confidence.score,
        acceptable=spam.score <= rules.spam.max_score and confidence.score >= rules.verdict.auto_reject,
    )
