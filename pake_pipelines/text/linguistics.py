"""Measures of the language of a text: words, sentences, syllables, readability, variety, key phrases, entities."""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib import metadata
from itertools import islice, repeat
from pathlib import Path
from typing import Any, Final, cast

import regex

from pake_pipelines.model.document import Linguistics
from pake_pipelines.text.clean import clean_text
from pake_pipelines.text.phrases import key_phrases
from pake_pipelines.text.prose import prose

MEASURED_CHARACTERS: Final = 20_000
"""How much of a text is measured: about 3,300 words, far beyond where the averages settle; bounds time and memory."""

_TTR_WORDS: Final = 500  # a type-token ratio falls with length; over a fixed window texts stay comparable
_MAX_ENTITIES: Final = 25
_BLANK: Final = "blank en"
_BATCH: Final = 64
# spaCy keeps every word it has met: that makes the tokenizer three times as fast, and grows without end. Words beyond
# this number are forgotten after their batch.
_KEPT_WORDS: Final = 200_000
# Marks that belong to letters, as the vowels of Hindi, are part of \w in `regex` only.
_WORD: Final = regex.compile(r"(?<!\w)[^\W\d_]+(?:['\u2019-][^\W\d_]+)*(?!\w)")
# spaCy's tokenizer is quadratic in an unbroken run of characters: 20,000 parentheses took it 27 s.
_LONG_RUN: Final = re.compile(r"\S{60}(?=\S)")
_VOWELS: Final = re.compile("[aeiouy\u00e0-\u00e6\u00e8-\u00ef\u00f2-\u00f6\u00f9-\u00fd]+")
# A blank line ends a sentence too: headings and list items carry no full stop.
_PARAGRAPH: Final = "\n\n"
# Sentences come from the same rule whether or not a model is installed, so that installing one changes no readability.
_UNUSED: Final = ("tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer")


class LanguageModelError(Exception):
    """The language model is there and cannot be loaded; the message says why."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A spaCy pipeline; `ner` is "ok" or "unavailable", `version` names the model for staleness of documents."""

    nlp: Any
    ner: str
    version: str


def model_version(name: str) -> str:
    """Return what tells one state of the model `name` from another, without loading it: "blank en" where it is absent.

    For a folder that is a digest over its description and its weights for entities. Raises LanguageModelError for a
    path that leads to no model.
    """
    if (distribution := _distribution(name)) is not None:
        return f"{name} {distribution.version}"
    folder = Path(name)
    if not folder.is_dir():
        if folder.name != name:
            raise LanguageModelError(f"the language model {name!r} is a path, and there is no folder")
        return _BLANK
    digest = sha256()
    try:
        digest.update((folder / "meta.json").read_bytes())
    except OSError as error:
        raise LanguageModelError(f"the folder {name!r} holds no language model: {error}") from error
    weights = folder / "ner" / "model"
    if weights.is_file():
        digest.update(weights.read_bytes())
    return f"{name} {digest.hexdigest()[:16]}"


def _distribution(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):  # ValueError: an empty name
        return None


@cache
def load_pipeline(name: str) -> Pipeline:
    """Return the spaCy pipeline `name` (an installed package or a folder), or a blank English one where it is absent.

    Only absence is made up for: raises LanguageModelError for a model that is there but does not load.
    """
    import spacy

    version = model_version(name)
    nlp = _trained(name) if version != _BLANK else spacy.blank("en")
    ner = "ok" if nlp.has_pipe("ner") else "unavailable"
    return Pipeline(nlp, ner, f"spacy {metadata.version('spacy')}, {version}")


def _trained(name: str) -> Any:
    import spacy

    try:
        nlp: Any = spacy.load(name, exclude=_UNUSED)
    except (OSError, ValueError, ImportError) as error:  # what spaCy raises for damage and for missing parts
        raise LanguageModelError(f"the language model {name!r} cannot be loaded: {error}") from error
    if nlp.has_pipe("tok2vec") and not nlp.get_pipe("tok2vec").listening_components:
        nlp.remove_pipe("tok2vec")  # it fed only what is left out
    if nlp.has_pipe("ner") and not nlp.has_pipe("sentencizer"):
        # no entity reaches from one sentence into the next
        nlp.add_pipe("sentencizer", config={"punct_chars": sorted(_sentence_ends())}, first=True)
    return nlp


def measure(text: str, pipeline: Pipeline, language: str = "en") -> Linguistics:
    """Return the measures of one Markdown text; see `measure_all`."""
    return next(measure_all([text], pipeline, [language]))


def measure_all(
    texts: Iterable[str], pipeline: Pipeline, languages: Iterable[str] | None = None
) -> Iterator[Linguistics]:
    """Yield the measures of each Markdown text, in order; code blocks, URLs and block marks are not measured.

    Only the first `MEASURED_CHARACTERS` of each text count. Words are runs of letters with inner apostrophes and
    hyphens; "0x3f" is none. `languages` are the ISO 639-1 codes of the texts, English where they are not given; key
    phrases alone depend on them. `flesch` follows Flesch (1948) and means something for English only. At most 25
    different entities are kept, in the order of their first mention. Raises nothing for any text.
    """
    remaining = zip(texts, repeat("en") if languages is None else languages, strict=languages is not None)
    while batch := [(_measurable(text), language) for text, language in islice(remaining, _BATCH)]:
        with _bounded_vocabulary(pipeline.nlp):
            docs = pipeline.nlp.pipe([text for text, _ in batch], batch_size=_BATCH)
            measured = [
                _measured(text, language, doc, pipeline.ner) for (text, language), doc in zip(batch, docs, strict=True)
            ]
        yield from measured


@lru_cache(maxsize=50_000)
def count_syllables(word: str) -> int:
    """Return the syllables of an English word: its groups of vowels, less a silent final e; at least 1.

    A heuristic, not a dictionary: readability needs the average over a text only, where its errors (about one word in
    ten, in both directions) cancel, and it knows new words and names too.
    """
    word = word.lower()
    groups = len(_VOWELS.findall(word))
    silent_e = word.endswith("e") and not word.endswith("le") and word[-2:-1] not in "aeiouy"
    return max(1, groups - 1 if silent_e else groups)


def _measurable(text: str) -> str:
    # Code is left out before the text is cut, so that an article which begins with a listing is measured too.
    start = prose(clean_text(text[: 4 * MEASURED_CHARACTERS]))
    return _LONG_RUN.sub(r"\g<0> ", clean_text(start)[:MEASURED_CHARACTERS])


def _bounded_vocabulary(nlp: Any) -> AbstractContextManager[Any]:
    return (
        nullcontext()
        if len(nlp.vocab.strings) < _KEPT_WORDS
        else cast("AbstractContextManager[Any]", nlp.memory_zone())
    )


def _measured(text: str, language: str, doc: Any, ner: str) -> Linguistics:
    words = _WORD.findall(text)
    sentences = _sentences(doc)
    syllables = sum(map(count_syllables, words))
    window = [word.casefold() for word in words[:_TTR_WORDS]]
    return Linguistics(
        words=len(words),
        sentences=sentences,
        syllables=syllables,
        flesch=_flesch(len(words), sentences, syllables),
        type_token_ratio=len(set(window)) / len(window) if window else 0.0,
        key_phrases=key_phrases(text, language),
        entities=_entities(doc) if ner == "ok" else (),
        ner=ner,
    )


def _sentences(doc: Any) -> int:
    """Count the sentences that hold a word: rules, numbers and blank lines are none.

    The rule is that of spaCy's sentencizer, on arrays: tokens as objects took a fifth of all the time.
    """
    import numpy as np

    tokens = doc.to_array(["ORTH", "IS_ALPHA"])
    sentence_of_token = np.isin(tokens[:, 0], _end_ids()).cumsum()
    return len(np.unique(sentence_of_token[tokens[:, 1] == 1]))


@cache
def _sentence_ends() -> frozenset[str]:
    from spacy.pipeline import Sentencizer

    return frozenset([*Sentencizer.default_punct_chars, _PARAGRAPH])


@cache
def _end_ids() -> Any:
    import numpy as np
    from spacy.strings import get_string_id

    return np.array([get_string_id(end) for end in sorted(_sentence_ends())], dtype=np.uint64)


def _flesch(words: int, sentences: int, syllables: int) -> float | None:
    if not words:
        return None
    return 206.835 - 1.015 * words / max(1, sentences) - 84.6 * syllables / words


def _entities(doc: Any) -> tuple[tuple[str, str], ...]:
    found = ((" ".join(entity.text.split()), str(entity.label_)) for entity in doc.ents)
    return tuple(islice(dict.fromkeys(entity for entity in found if entity[0]), _MAX_ENTITIES))
