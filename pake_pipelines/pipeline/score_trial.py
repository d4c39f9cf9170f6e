"""Score trial: how the pipeline would judge items that are in no store, by the same rules; nothing is stored.

An item is judged as if it were the only one that is held, and before any of its links is asked: what is assumed so is
said, see `ASSUMED`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.model.document import Language
from pake_pipelines.model.judgement import RuleOutcome, Verdict
from pake_pipelines.model.signals import Spam
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.pipeline.confidence import Evidence, judge
from pake_pipelines.pipeline.documents import filter_reason
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.trial_items import TrialItem, Tried, clean_items
from pake_pipelines.quality.verdict import decide
from pake_pipelines.store.judgements import Judgement

ASSUMED: Final = {
    "duplicate": "nothing else is held, so the item repeats nothing",
    "connections": "nothing else is held, so nothing supports the item",
    "links": "no link is asked, and none speaks against the item",
    "calibration": "none: scores count as they are",
    "reviews": "nobody has decided on the item",
}
"""What is taken for granted of every item, because it is in no store."""

# B.2 gives what is not known this authority; the configuration may say otherwise under the same name
_UNKNOWN: Final = "unknown"
_UNKNOWN_AUTHORITY: Final = 0.2
# entities play no part in a score, and finding them takes ten times as long as everything else
_NO_MODEL: Final = "blank en"
_LINKS: Final = RuleOutcome("broken_links", CheckStatus.SKIPPED, "No link is asked in a trial")


@dataclass(frozen=True, slots=True)
class Scored:
    """How an item would be judged. `dropped` names the ingest filter that would stop it before; None when all let it
    pass.
    """

    title: str
    language: Language
    spam: Spam
    judgement: Judgement
    verdict: Verdict
    source: str | None
    dropped: str | None


def try_scores(items: Sequence[tuple[TrialItem, str | None]], kit: Kit, now: datetime) -> Iterator[Scored]:
    """Yield how each of `items` would be judged, in order; with it goes what names its source, if anything."""
    rules = kit.quality
    tried = clean_items([item for item, _ in items], rules, _NO_MODEL)
    for (_, named), one in zip(items, tried, strict=True):
        yield _scored(one, _slug(named, kit.sources), named, kit, now)


def _scored(tried: Tried, slug: str | None, named: str | None, kit: Kit, now: datetime) -> Scored:
    rules = kit.quality
    authority, basis = _authority(slug, named, kit.sources)
    document = replace(
        tried.document, source=slug or "trial", authority=authority, authority_basis=basis, is_copy=False
    )
    judgement = judge(Evidence(document, tried.signals, linked=(), links=None), _without_links(rules), now, None)
    judgement = replace(judgement, outcomes=tuple(map(_truly, judgement.outcomes)))
    verdict = decide(
        judgement.outcomes,
        judgement.confidence,
        is_duplicate=False,
        canonical=None,
        rules=rules.verdict,
        actions=rules.actions,
    )
    dropped = filter_reason(tried.title, tried.text, rules.ingest)
    return Scored(tried.title, document.language, tried.signals.spam, judgement, verdict, slug, dropped)


def _without_links(rules: QualityConfig) -> QualityConfig:
    return rules.model_copy(update={"links": rules.links.model_copy(update={"check_external": False})})


def _truly(outcome: RuleOutcome) -> RuleOutcome:
    return _LINKS if outcome.code == _LINKS.code else outcome


def _slug(named: str | None, config: SourcesConfig) -> str | None:
    """Return the slug of the configured source that `named` is the slug or the name of, None when there is none."""
    if named is None or named in config.sources:
        return named
    wanted = named.casefold()
    return next((slug for slug, source in config.sources.items() if source.name.casefold() == wanted), None)


def _authority(slug: str | None, named: str | None, config: SourcesConfig) -> tuple[float, str]:
    if slug is not None:
        basis = config.sources[slug].authority
        return config.authorities[basis], basis
    why = "no source is named" if named is None else "the source is not configured"
    return config.authorities.get(_UNKNOWN, _UNKNOWN_AUTHORITY), f"unknown, {why}"
