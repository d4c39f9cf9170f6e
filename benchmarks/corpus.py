"""Generated entries in feed files: the same for the same seed, with copies and near copies among them.

The sentences come from a chain of word pairs over English prose that every Python brings along (its language
reference), each document mixing in rare words of its own, so that texts differ in subject as real ones do.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from itertools import pairwise
from pathlib import Path
from pydoc_data.topics import topics
from typing import Final

_EXACT_COPIES: Final = 0.02
_NEAR_COPIES: Final = 0.02
_OWN_WORDS: Final = 24
_OWN_SHARE: Final = 0.3
_WORDS: Final = (150, 250)
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")


class Writer:
    """Writes documents; the same `seed` writes the same ones."""

    def __init__(self, seed: int = 0) -> None:
        """Read the prose."""
        self._random = random.Random(seed)
        self._next: dict[str, list[str]] = defaultdict(list)
        words = [word for _, text in sorted(topics.items()) for word in _WORD.findall(text.lower())]
        for one, other in pairwise(words):
            self._next[one].append(other)
        self._known = sorted(self._next)
        self._rare = [word for word in self._known if len(word) > 4 and len(self._next[word]) < 5]

    def document(self) -> tuple[str, str]:
        """Return the title and the text of a new document; paragraphs are separated by empty lines."""
        own = [self._word(self._rare) for _ in range(_OWN_WORDS)]
        length = self._random.randint(*_WORDS)
        sentences = []
        while sum(map(len, sentences)) < length:
            sentences.append(self._sentence(own))
        text = [" ".join([sentence[0].capitalize(), *sentence[1:]]) + "." for sentence in sentences]
        cut = len(text) // 2
        title = " ".join(self._random.sample(own, 5)).capitalize()
        return title, f"{' '.join(text[:cut])}\n\n{' '.join(text[cut:])}"

    def near_copy(self, text: str) -> str:
        """Return `text` with a few words exchanged."""
        words = text.split(" ")
        for _ in range(4):
            words[self._random.randrange(len(words))] = self._word(self._rare)
        return " ".join(words)

    def documents(self, count: int) -> Iterator[tuple[str, str]]:
        """Yield `count` documents, some of them copies of earlier ones."""
        recent: list[tuple[str, str]] = []
        for _ in range(count):
            luck = self._random.random()
            if recent and luck < _EXACT_COPIES:
                yield self._random.choice(recent)
            elif recent and luck < _EXACT_COPIES + _NEAR_COPIES:
                title, text = self._random.choice(recent)
                yield title, self.near_copy(text)
            else:
                recent = [*recent[-999:], self.document()]
                yield recent[-1]

    def _sentence(self, own: list[str]) -> list[str]:
        word = self._word(self._known)
        words = [word]
        for _ in range(self._random.randint(8, 22)):
            word = self._word(self._next.get(word) or self._known)
            words.append(self._word(own) if len(word) > 4 and self._random.random() < _OWN_SHARE else word)
        if self._random.random() < 0.1:
            words.insert(self._random.randrange(1, len(words)), str(self._random.randint(2, 5000)))
        return words

    def _word(self, words: list[str]) -> str:
        return words[int(self._random.random() * len(words))]


def write_feeds(directory: Path, documents: int, feeds: int, seed: int = 0) -> dict[str, Path]:
    """Write `documents` entries into `feeds` RSS files below `directory`; return the files by slug."""
    directory.mkdir(parents=True, exist_ok=True)
    items: list[list[str]] = [[] for _ in range(feeds)]
    start = datetime.now(UTC) - timedelta(days=60)
    for number, (title, text) in enumerate(Writer(seed).documents(documents)):
        body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n"))
        items[number % feeds].append(
            f"<item><guid>{number}</guid><link>https://feed-{number % feeds}.example/{number}</link>"
            f"<title>{escape(title)}</title><pubDate>{format_datetime(start + timedelta(minutes=number))}</pubDate>"
            f"<description><![CDATA[{body}]]></description></item>"
        )
    written = {}
    for number, held in enumerate(items):
        file = directory / f"feed-{number}.xml"
        channel = f"<title>Feed {number}</title>{''.join(held)}"
        file.write_text(f'<rss version="2.0"><channel>{channel}</channel></rss>', "utf-8")
        written[f"feed-{number}"] = file
    return written
