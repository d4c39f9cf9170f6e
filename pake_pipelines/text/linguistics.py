"""Measures of the language of a text: words, sentences, syllables, readability, variety, named entities."""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from pake_pipelines.model.document import Linguistics
from pake_pipelines.text.clean import clean_text
from pake_pipelines.text.prose import prose

MEASURED_CHARACTERS: Final = 20_000
"""How much of a text is measured: about 3,300 words, far beyond where the averages settle; bounds time and memory."""

_TTR_WORDS: Final = 500  # a type-token ratio falls with length; over a fixed window texts stay comparable
_MAX_ENTITIES: Final = 25
_BATCH: Final = 64
# spaCy keeps every word it has met: that makes the tokenizer three times as fast, and grows without end. Words beyond
# this number are forgotten after their batch.
_KEPT_WORDS: Final = 200_000
_WORD: Final = re.compile(r"(?<!\w)[^\W\d_]+(?:['\u2019-][^\W\d_]+)*(?!\w)")
# spaCy's tokenizer is quadratic in an unbroken run of characters: 20,000 parentheses took it 27 s.
_LONG_RUN: Final = re.compile(r"\S{60}(?=\S)")
_VOWELS: Final = re.compile("[aeiouy\u00e0-\u00e6\u00e8-\u00ef\u00f2-\u00f6\u00f9-\u00fd]+")
# Sentences come from the same rule whether or not a model is installed, so that installing one changes no readability.
_UNUSED: Final = ("tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A spaCy pipeline; `ner` is "ok" or "unavailable", `version` names the model for staleness of documents."""

    nlp: Any
    ner: str
    version: str


@cache
def load_pipeline(name: str) -> Pipeline:
    """Return the spaCy pipeline `name` (an installed package or a folder), or a blank English one where it is absent.

    Only absence is made up for: a model that is there but does not load raises spaCy's OSError or ValueError.
    """
    from importlib.metadata import version as installed_version

    import spacy
    from spacy.pipeline import Sentencizer

    installed = spacy.util.is_package(name) or Path(name).is_dir()
    nlp = spacy.load(name, exclude=_UNUSED) if installed else spacy.blank("en")
    if not nlp.has_pipe("sentencizer"):
        # A blank line ends a sentence too: headings and list items carry no full stop.
        nlp.add_pipe("sentencizer", config={"punct_chars": [*Sentencizer.default_punct_chars, "\n\n"]}, first=True)
    ner = "ok" if nlp.has_pipe("ner") else "unavailable"
    model = f"{nlp.meta['name']} {nlp.meta['version']}" if installed else "blank en"
    return Pipeline(nlp, ner, f"spacy {installed_version('spacy')}, {model}")


def measure(text: str, pipeline: Pipeline) -> Linguistics:
    """Return the measures of one Markdown text; see `measure_all`."""
    return next(measure_all([text], pipeline))


def measure_all(texts: Iterable[str], pipeline: Pipeline) -> Iterator[Linguistics]:
    """Yield the measures of each Markdown text, in order; code blocks, URLs and block marks are not measured.

    Only the first `MEASURED_CHARACTERS` of each text count. Words are runs of letters with inner apostrophes and
    hyphens; "0x3f" is none.
    `flesch` follows Flesch (1948) and means something for English only. At most 25 different entities are
    kept, in the order of their first mention. Raises nothing for any text.
    """
    remaining = iter(texts)
    while batch := [_measurable(text) for text in islice(remaining, _BATCH)]:
        with _bounded_vocabulary(pipeline.nlp):
            parsed = zip(batch, pipeline.nlp.pipe(batch, batch_size=_BATCH), strict=True)
            measured = [_measured(text, doc, pipeline.ner) for text, doc in parsed]
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


def _measured(text: str, doc: Any, ner: str) -> Linguistics:
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
        entities=_entities(doc) if ner == "ok" else (),
        ner=ner,
    )


def _sentences(doc: Any) -> int:
    """Count the sentences that hold a word: rules, numbers and blank lines are none."""
    marks = doc.to_array(["SENT_START", "IS_ALPHA"])  # one array, since spans as objects took half the time
    sentence_of_token = (marks[:, 0] == 1).cumsum()
    return len(set(sentence_of_token[marks[:, 1] == 1].tolist()))


def _flesch(words: int, sentences: int, syllables: int) -> float | None:
    if not words:
        return None
    return 206.835 - 1.015 * words / max(1, sentences) - 84.6 * syllables / words


def _entities(doc: Any) -> tuple[tuple[str, str], ...]:
    found = ((" ".join(entity.text.split()), str(entity.label_)) for entity in doc.ents)
    return tuple(islice(dict.fromkeys(entity for entity in found if entity[0]), _MAX_ENTITIES))
