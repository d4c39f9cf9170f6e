"""Base texts of the copies: stories written by a grammar, passages of documentation, of real articles and languages.

The stories and the documentation (the language reference that every Python brings along) are always there; articles
and other languages come from the corpora where they are found.
"""

import json
import random
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics as documentation
from typing import Final

from benchmarks.near_copies.slots import Slots
from benchmarks.near_copies.truth import index, neutral_words, word_shingles
from benchmarks.near_copies.vocabulary import FRAMES, TOPICS

ARTICLES: Final = "pages/article-extraction/ground-truth.json"
SENTENCES: Final = "languages/lingua/language-testdata/sentences"
SENTENCE_END: Final = re.compile(r"(?<=[.!?。؟।])[\"”']?\s+")
_PASSAGE: Final = (45, 190)
_SHORT_SHARE: Final = 0.15
_REPEATED: Final = 0.2

Text = tuple[str, str]


def story(chance: random.Random, topic: str | None = None, known: dict[str, str] | None = None) -> Text:
    """Return title and text of a story of 20 to 200 words on `topic`, with the names and places `known`."""
    topic = topic or chance.choice(sorted(TOPICS))
    slots = Slots(chance, known)
    about = [chance.sample(phrases, len(phrases)) for phrases in TOPICS[topic]]
    aside = [chance.sample(phrases, len(phrases)) for phrases in TOPICS[chance.choice(sorted(TOPICS))]]
    for name, phrases, others in zip(("actor", "act", "issue", "outcome"), about, aside, strict=True):
        slots.values |= {name: phrases[0], f"{name}2": chance.choice((phrases[1], others[0]))}
    count = chance.randint(2, 3) if chance.random() < _SHORT_SHARE else chance.randint(4, 11)
    sentences = [f"{_capital(slots.fill(frame))}." for frame in chance.sample(FRAMES, count)]
    headline = chance.choice(("{actor} {act}", "{place}: {outcome}", "{issue}, and what {person} makes of it"))
    return _capital(slots.fill(headline)), in_paragraphs(sentences, chance)


def in_paragraphs(sentences: list[str], chance: random.Random) -> str:
    """Return `sentences` in paragraphs of two to four."""
    paragraphs = []
    while sentences:
        size = chance.randint(2, 4)
        paragraphs.append(" ".join(sentences[:size]))
        sentences = sentences[size:]
    return "\n\n".join(paragraphs)


def documentation_passages(chance: random.Random) -> Iterator[Text]:
    """Yield passages of Python's language reference in which prose prevails; it repeats itself, its passages do not."""
    seen: set[str] = set()
    for name, text in sorted(documentation.items()):
        paragraphs = [" ".join(textwrap.dedent(one).split()) for one in text.split("\n\n") if _is_prose(one)]
        prose = [one for one in paragraphs if one not in seen]
        seen.update(prose)
        yield from _passages(f"Python reference, {name}: ", prose, chance)


def article_passages(corpora: Path, chance: random.Random) -> Iterator[Text]:
    """Yield passages of the articles in `corpora`, those of one article one after the other."""
    for article in json.loads((corpora / ARTICLES).read_text("utf-8")).values():
        paragraphs = [" ".join(one.split()) for one in article["articleBody"].split("\n") if one.strip()]
        yield from _passages("", paragraphs, chance)


def foreign_texts(corpora: Path, chance: random.Random) -> Iterator[Text]:
    """Yield texts of three to nine sentences in the languages of `corpora`, each sentence in one text only."""
    for file in sorted((corpora / SENTENCES).glob("*.txt")):
        sentences = list(dict.fromkeys(filter(None, map(str.strip, file.read_text("utf-8").splitlines()))))
        chance.shuffle(sentences)
        while len(sentences) >= 10:
            size = chance.randint(4, 10)
            taken, sentences = sentences[:size], sentences[size:]
            yield " ".join(taken[0].split()[:8]), in_paragraphs(taken[1:], chance)


def _passages(title: str, paragraphs: list[str], chance: random.Random) -> Iterator[Text]:
    """Yield passages one after the other, except those that repeat an earlier one: they would be one item."""
    taken: list[str] = []
    before: list[set[str]] = []
    length = chance.randint(*_PASSAGE)
    for sentence in (one for paragraph in paragraphs for one in SENTENCE_END.split(paragraph)):
        taken.append(sentence)
        if sum(len(one.split()) for one in taken) >= length:
            said = word_shingles(neutral_words(" ".join(taken)), 3)
            if all(index(said, earlier) < _REPEATED for earlier in before):
                yield f"{title}{' '.join(taken[0].split()[:8])}", in_paragraphs(taken, chance)
            before.append(said)
            taken, length = [], chance.randint(*_PASSAGE)


def _is_prose(paragraph: str) -> bool:
    letters = sum(one.isalpha() or one.isspace() for one in paragraph)
    return len(paragraph) > 120 and letters > 0.93 * len(paragraph) and ">>>" not in paragraph


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
