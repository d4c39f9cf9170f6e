"""Reading: a text as the score sees it, in words, with what was repeated or disguised in it."""

import re
from collections.abc import Container, Sequence
from typing import Final, NamedTuple

from pake_pipelines.text.clean import clean_text
from pake_pipelines.text.links import find_links
from pake_pipelines.text.spam.disguise import may_be_disguised, undisguised

_URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_SENTENCE_END: Final = re.compile(r"([.!?\n]+)")
# Words, numbers, signs of money, and the marks that end a sentence: no phrase goes over these.
WORD: Final = re.compile(r"[^\W\d_][^\W_]*(?:'[^\W_]+)*|\d+(?:[.,]\d+)*[^\W_]*|[$£€%]|[.!?](?!\S)")
_FEWEST_REPEATED: Final = 3  # words; "read more" and "1 min" repeat in honest texts


class Reading(NamedTuple):
    """A text without addresses and repeated sentences, as it was written and in lower case; its words likewise.

    Among the words stand the marks that end a sentence.
    """

    said: str
    low: str
    written: list[str]
    words: list[str]
    links: tuple[str, ...]
    repeated_words: int
    first_repeated: str
    disguised: list[str]


def read(title: str, text: str, links: Sequence[str], sought: Container[str]) -> Reading:
    """Return what is read of `title` and `text`; `links` came with them, `sought` is what may be disguised."""
    said = clean_text(f"{title}\n{text}").replace("\u2019", "'")
    if "://" in said:
        links = [*find_links(said), *links]
        said = _URL.sub(" ", said)
    said, repeated_words, first_repeated = _once(said)
    written = WORD.findall(said)
    disguised: list[str] = []
    if may_be_disguised(said, written):
        said, disguised = undisguised(said, sought)
        written = WORD.findall(said)
    low = said.lower()
    if len(low) != len(said):  # a few letters become two; places must agree
        said, written = low, WORD.findall(low)
    words = [word.lower() for word in written]
    return Reading(said, low, written, words, tuple(dict.fromkeys(links)), repeated_words, first_repeated, disguised)


def _once(said: str) -> tuple[str, int, str]:
    """Return the text without the sentences that were said before, how many words these had, and the first."""
    parts = _SENTENCE_END.split(said)
    sentences = [part.strip() for part in parts[::2]]
    spoken = [sentence for sentence in sentences if sentence.count(" ") + 1 >= _FEWEST_REPEATED]
    if len(set(spoken)) == len(spoken):
        return said, 0, ""
    kept: list[str] = []
    seen: set[str] = set()
    repeated: list[str] = []
    for place, sentence in enumerate(sentences):
        if sentence in seen:
            repeated.append(sentence)
            kept.append("\n")
            continue
        if sentence.count(" ") + 1 >= _FEWEST_REPEATED:
            seen.add(sentence)
        kept += parts[2 * place : 2 * place + 2]
    return "".join(kept), sum(sentence.count(" ") + 1 for sentence in repeated), repeated[0]
