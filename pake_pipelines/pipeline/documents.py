"""Documents: clean text from every entry in force, with language, structure and measures, and the ingest filters."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from pake_pipelines import crash, dedup, text
from pake_pipelines.config.quality import IngestFilters, QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.dedup.canonical import canonical_url
from pake_pipelines.dedup.facts import names
from pake_pipelines.dedup.fingerprint import content_hash, embedding_key
from pake_pipelines.model.document import Document, Language, Linguistics
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.extraction import Extractor
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.opening import open_cache
from pake_pipelines.pipeline.results import measures_of, texts_of
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.store import connections, documents, duplicates, entries, marks, nodes, references
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.entries import StoredEntry
from pake_pipelines.store.marks import Stage
from pake_pipelines.store.result_cache import ResultCache, summary
from pake_pipelines.text.clean import clean_title
from pake_pipelines.text.extract import Extracted, extractor_version
from pake_pipelines.text.linguistics import model_version
from pake_pipelines.text.links import find_links
from pake_pipelines.text.structure import measure_structure

_MAX_LINKS: Final = 50
_MAX_ADDRESS: Final = 2_000  # bytes; what is longer carries data and fits into no index
_MAX_NAME: Final = 100  # characters; what is longer is a sentence that was taken for a name
# entities that name nothing: numbers, amounts, times and languages
_NAMELESS: Final = frozenset(
    {"CARDINAL", "DATE", "LANGUAGE", "MONEY", "ORDINAL", "PERCENT", "QUANTITY", "TIME"},
)


async def build_documents(kit: Kit, database: Database, run: Run) -> StageResult:
    """Clean the entries of the run's day that have no document, or one made by other rules or another extractor."""
    watch, rules, model = Stopwatch(), kit.quality, kit.settings.spacy_model
    version = documents_version(rules, model)
    async with database.connection() as connection:
        todo = await marks.pending(connection, Stage.DOCUMENTS, run.day, version, everywhere=run.everywhere)
    result = StageResult(details={"dropped": {}})
    async with open_cache(kit, database) as cache:
        with Extractor(rules.extraction) as extractor:
            for batch in batches(todo):
                async with database.connection() as connection:
                    found = await entries.load_entries(connection, batch)
                made = await clean(found, rules, model, extractor, cache)
                async with database.transaction() as connection:
                    changed = await save(connection, made, rules, version, run.run_id)
                crash.point(CrashPoint.DOCUMENTS_COMMITTED)
                await cache.flush()
                result = _counted(result, made, len(changed))
    details = {**result.details, **summary(cache.tally)}
    return replace(result, looked_at=len(todo), seconds=watch.seconds, details=details)


async def save(
    connection: Connection, made: Sequence[Document], rules: QualityConfig, version: str, run_id: str
) -> list[int]:
    """Store `made` with what they refer to and have later stages look again at whatever that changes for others.

    Return the entries whose document is new or differs. Belongs into one transaction.
    """
    await connections.lock_connecting(connection)
    changed = await documents.save_documents(connection, made, version=version, run_id=run_id)
    # whichever run comes next judges them, even if this one ends before it does
    kept = {document.entry_id for document in made if document.dropped is None}
    await marks.request(connection, kept.intersection(changed), run_id, (Stage.CONFIDENCE, Stage.KNOWLEDGE_NODES))
    limit = rules.connections.max_entity_documents
    moved = await references.save_references(connection, made, max_documents=limit)
    await marks.disturb(connection, [Stage.CONNECTIONS], moved)
    await _withdraw(connection, changed, run_id)
    return changed


async def _withdraw(connection: Connection, changed: Sequence[int], run_id: str) -> None:
    """Take back what an earlier version of a now dropped item brought about: node, connections, part in any pair."""
    dropped = await documents.dropped_items(connection, changed)
    await nodes.withdraw(connection, dropped, run_id)
    left = await connections.forget(connection, list(dropped))
    await marks.disturb(connection, [Stage.CONNECTIONS, *marks.after(Stage.CONNECTIONS)], left)
    await marks.disturb(connection, [Stage.DUPLICATES], await duplicates.partners(connection, list(dropped)))


def documents_version(rules: QualityConfig, spacy_model: str) -> str:
    """Return the version of the documents stage; it changes when the language model is installed, too."""
    code = f"{text.VERSION} {dedup.VERSION} {extractor_version()}"
    return version_of(code, model_version(spacy_model), rules.ingest, rules.language)


async def clean(
    found: Sequence[StoredEntry], rules: QualityConfig, spacy_model: str, extractor: Extractor, cache: ResultCache
) -> list[Document]:
    """Return the document of each entry, in order; what the cache knows of it is not worked out again."""
    texts = await texts_of(cache, [(entry.body, entry.media_type) for entry in found], extractor)
    cut = [one.text[: rules.ingest.max_content_length] for one in texts]
    measures = await measures_of(cache, cut, rules.language, spacy_model)
    return [
        _document(entry, whole, language, measured, rules)
        for entry, whole, (language, measured) in zip(found, texts, measures, strict=True)
    ]


def _document(
    entry: StoredEntry, whole: Extracted, language: Language, measured: Linguistics, rules: QualityConfig
) -> Document:
    title, address = clean_title(entry.title), canonical_url(entry.url)
    body = whole.text[: rules.ingest.max_content_length]
    hrefs = _hrefs(find_links(entry.body) if whole.links is None else whole.links, address)
    return Document(
        entry_id=entry.entry_id,
        title=title,
        text=body,
        canonical_url=address,
        content_hash=content_hash(body),
        embedding_key=embedding_key(title, body),
        language=language,
        structure=measure_structure(body),
        linguistics=measured,
        links=_links(hrefs, address),
        hrefs=tuple(hrefs),
        entities=_entities(title, body, measured),
        truncated=len(whole.text) > len(body),
        problems=whole.problems,
        dropped="gone_from_source" if entry.gone else filter_reason(title, body, rules.ingest),
    )


def _hrefs(links: Sequence[str], own: str | None) -> list[str]:
    """Return those of `links` that are not an entry's `own` address, as far as they can be kept."""
    short = (url for url in links if len(url.encode(errors="replace")) <= _MAX_ADDRESS)
    return list(islice((url for url in short if canonical_url(url) != own), _MAX_LINKS))


def _links(hrefs: Sequence[str], own: str | None) -> tuple[str, ...]:
    """Return the canonical forms of `hrefs`, each once."""
    found = dict.fromkeys(map(canonical_url, hrefs))
    return tuple(url for url in found if url is not None and url != own)


def _entities(title: str, body: str, measured: Linguistics) -> tuple[str, ...]:
    """Return the names in a text, casefolded, each once: those that a model found, or else those that look like some.

    An article and a possessive are no part of a name.
    """
    if measured.ner != "ok":
        found = iter(names(title, body))
    else:
        said = (text.casefold() for text, label in measured.entities if label not in _NAMELESS)
        found = (re.sub(r"^the |['\u2019]s$", "", name).strip() for name in said)
    return tuple(dict.fromkeys(name for name in found if 1 < len(name) <= _MAX_NAME))


def filter_reason(title: str, body: str, filters: IngestFilters) -> str | None:
    """Return which ingest filter stops an item (ING-13, ING-14), or None when all let it pass."""
    if len(body) < filters.min_content_length:
        return "too_short"
    if any(_matches(pattern, title) for pattern in filters.exclude_patterns):
        return "excluded_pattern"
    if filters.require_patterns and not any(_matches(p, f"{title}\n{body}") for p in filters.require_patterns):
        return "missing_required_pattern"
    return None


def _matches(pattern: str, said: str) -> bool:
    return re.search(rf"\b(?:{pattern})\b", said, re.IGNORECASE) is not None


def _counted(result: StageResult, made: Sequence[Document], changed: int) -> StageResult:
    dropped = dict(result.details["dropped"])
    for document in made:
        if document.dropped:
            dropped[document.dropped] = dropped.get(document.dropped, 0) + 1
    return replace(
        result,
        new=result.new + changed,
        unchanged=result.unchanged + len(made) - changed,
        skipped=sum(dropped.values()),
        details={"dropped": dropped},
    )
