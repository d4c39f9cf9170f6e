"""Items that are in no store, cleaned and measured as the pipeline would; nothing is stored."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.signals import Signals
from pake_pipelines.pipeline.signals import find_signals
from pake_pipelines.store.documents import StoredDocument
from pake_pipelines.text.clean import clean_title
from pake_pipelines.text.extract import extract
from pake_pipelines.text.language import detect_language
from pake_pipelines.text.linguistics import load_pipeline, measure_all
from pake_pipelines.text.links import find_links
from pake_pipelines.text.structure import measure_structure

_IDS: Final = UUID("5f0a3d6e-3b5c-5a0e-9c67-0d6f4f2b7c11")  # a name space of our own: the same item, the same id
_AUTHORITY: Final = 0.5  # the same for all whose source is not known, so that it decides nothing among them
_UNTOLD: Final = "und"  # as the model's Language says
# a tag that ends something, or one that stands alone: "a < b" and "vector<bool>" are text
_HTML: Final = re.compile(r"</[a-z][a-z0-9]*\s*>|<(?:br|hr|img|p)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrialItem:
    """An item as it was given; `key` is unique among those it is tried with."""

    key: str
    title: str
    text: str
    url: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What the stages would know of an item."""

    document: StoredDocument
    title: str
    text: str
    signals: Signals


def clean_items(
    items: Sequence[TrialItem], rules: QualityConfig, spacy_model: str, *, authority: float = _AUTHORITY
) -> Iterator[Tried]:
    """Yield what would be known of each of `items`, in order."""
    whole = [extract(item.text, "text/html" if _HTML.search(item.text) else "text/plain") for item in items]
    texts = [text[: rules.ingest.max_content_length] for text in whole]
    # no trial shows key phrases, and finding them takes longer than all the other measures; `und` has none
    measures = measure_all(texts, load_pipeline(spacy_model), [_UNTOLD] * len(texts))
    for item, text, linguistics in zip(items, texts, measures, strict=True):
        title = clean_title(item.title)
        document = StoredDocument(
            entry_id=0,
            pake_id=uuid5(_IDS, item.key),
            source="",
            source_name="",
            authority=authority,
            authority_basis="the source is not known",
            url=item.url,
            key=item.key,
            published_at=item.published_at,
            characters=len(text),
            language=detect_language(text, rules.language),
            structure=measure_structure(text),
            linguistics=linguistics,
            is_copy=None,
        )
        yield Tried(document, title, text, find_signals(title, text, find_links(item.text), rules))
