"""Results that are dear and pure, asked of the cache first: the main content of pages, the language of texts.

A key is a digest of all that the result depends on: what was given, the code, the libraries, the model, the rules.
Converting a fragment or plain text takes less than asking (0.07 ms), so that only whole pages are kept.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any, Final

import orjson

from pake_pipelines import text
from pake_pipelines.config.quality import LanguageRules
from pake_pipelines.config.version import version_of
from pake_pipelines.model.document import Language, Linguistics
from pake_pipelines.pipeline.extraction import Body, Extractor, is_certain
from pake_pipelines.store.result_cache import ResultCache
from pake_pipelines.text.extract import Extracted, extractor_version, is_page
from pake_pipelines.text.language import detect_language
from pake_pipelines.text.linguistics import load_pipeline, measure_all, model_version

EXTRACTION: Final = "extraction"
LANGUAGE: Final = "language"


async def texts_of(cache: ResultCache, bodies: Sequence[Body], extractor: Extractor) -> list[Extracted]:
    """Return the clean Markdown of each body, in order; pages that were searched before are not searched again."""
    keys = {
        number: _key(extractor_version(), media_type, body)
        for number, (body, media_type) in enumerate(bodies)
        if is_page(body, media_type)
    }
    kept = await cache.look_up(EXTRACTION, list(keys.values()))
    known = {number: one for number, key in keys.items() if (one := _extracted(kept.get(key))) is not None}
    todo = [number for number in range(len(bodies)) if number not in known]
    begun = time.perf_counter()
    made = dict(zip(todo, extractor.extract([bodies[number] for number in todo]), strict=True))
    searched = {number: len(bodies[number][0]) for number in todo if number in keys}
    cost = _shared_out(1000 * (time.perf_counter() - begun), searched)
    for number in searched:
        if is_certain(made[number]):
            cache.keep(EXTRACTION, keys[number], orjson.dumps(asdict(made[number])), cost[number])
    return [known[number] if number in known else made[number] for number in range(len(bodies))]


async def measures_of(
    cache: ResultCache, texts: Sequence[str], rules: LanguageRules, spacy_model: str
) -> list[tuple[Language, Linguistics]]:
    """Return the language of each text and its measures, in order; the model is loaded only if one is not known."""
    version = language_version(rules, spacy_model)
    keys = [_key(version, one) for one in texts]
    kept = await cache.look_up(LANGUAGE, keys)
    found = {key: one for key in kept if (one := _measured(kept[key])) is not None}
    todo = {key: one for key, one in zip(keys, texts, strict=True) if key not in found}
    if todo:
        model = load_pipeline(spacy_model)
        begun = time.perf_counter()
        languages = [detect_language(one, rules) for one in todo.values()]
        measured = list(measure_all(todo.values(), model, [one.code for one in languages]))
        cost = _shared_out(1000 * (time.perf_counter() - begun), {key: len(one) for key, one in todo.items()})
        for key, language, linguistics in zip(todo, languages, measured, strict=True):
            found[key] = language, linguistics
            cache.keep(LANGUAGE, key, orjson.dumps([asdict(language), asdict(linguistics)]), cost[key])
    return [found[key] for key in keys]


def language_version(rules: LanguageRules, spacy_model: str) -> str:
    """Return the version of everything that the language of a text and its measures depend on, beside the text."""
    libraries = [f"{name} {metadata.version(name)}" for name in ("spacy", "langdetect")]
    return version_of(f"text {text.VERSION}", *libraries, model_version(spacy_model), rules)


def _key(*said: str) -> str:
    return hashlib.sha256("\0".join(said).encode(errors="surrogatepass")).hexdigest()


def _shared_out(cost_ms: float, sizes: dict[Any, int]) -> dict[Any, float]:
    """Return each one's share of a cost that was measured for all together, by their lengths."""
    whole = sum(sizes.values()) or 1
    return {one: cost_ms * size / whole for one, size in sizes.items()}


def _extracted(value: bytes | None) -> Extracted | None:
    """Return what a value says, None where it says nothing of this shape."""
    if value is None:
        return None
    try:
        said = orjson.loads(value)
        links = None if said["links"] is None else tuple(said["links"])
        return Extracted(said["text"], tuple(said["problems"]), links)
    except (ValueError, KeyError, TypeError):
        return None


def _measured(value: bytes) -> tuple[Language, Linguistics] | None:
    try:
        language, said = orjson.loads(value)
        said["key_phrases"] = tuple(said["key_phrases"])
        said["entities"] = tuple(map(tuple, said["entities"]))
        return Language(**language), Linguistics(**said)
    except (ValueError, KeyError, TypeError):
        return None
