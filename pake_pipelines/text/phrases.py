"""Key phrases: the terms that a text is about, found by counting, so that they are the same with and without a model.

Runs of words between stop words and punctuation are the candidates, as in RAKE (Rose et al. 2010). They are weighed as
in YAKE (Campos et al. 2020), by how often their words come back, how early, and whether they are written as names, and
by length as in the C-value (Frantzi et al. 2000).

Our own code, since no library fits: yake takes about 10 ms for 300 words, over ten times this, is under the LGPL and
finds no more of the keywords that publishers gave to their pages; rake-nltk wants NLTK with data that it downloads,
and pytextrank a tagger, a parser and networkx.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

import regex

MAX_PHRASES: Final = 8
# What is longer is hardly ever a term; a name may be ("New York State Attorney General").
_MAX_TERM: Final = 3
_MAX_NAME: Final = 5
# How candidates weigh against each other; the order of phrases changes little with any of these.
_EARLY_WORDS: Final = 80  # a phrase at the very start counts twice as much as one far behind this many words
_NAME: Final = 1.5  # a word written as a name, as against another
_PLAIN_WORD: Final = 0.7  # a single word that is no name: mostly too general
_PART: Final = 0.8  # what only ever occurs within longer runs
_ONCE: Final = 0.6  # several words that stand together once and are no name

# A dotted abbreviation keeps its last dot. Marks that belong to letters (Hindi, Arabic) are part of \w only in `regex`.
_TOKEN: Final = regex.compile(r"\w+(?:[&+.'\u2019-]\w+)*(?:\+\+|#|(?<=\.\p{Lu})\.)?|\n\n|[^\w\s]")
_SENTENCE_ENDS: Final = frozenset((*'.!?:;"\u201c\u201d', "\n\n"))
_CONTRACTED: Final = frozenset({"t", "re", "ve", "ll", "d", "m"})
# Words do not end at blanks here, so runs of words cannot be told.
_UNSPACED: Final = frozenset({"ja", "km", "lo", "my", "th", "zh"})
_CODES: Final = {"no": "nb"}  # langdetect's code, spaCy's code

# What English news and posts say of everything, beside spaCy's stop words, which are few for English.
_ENGLISH: Final = """
according ago ahead announced asked available based bit called came come comes coming day days different end far feel
felt find found gets getting given gives goes going gone got happen happened help helps hour hours image important
include included includes including instead january february march april june july august september october november
december monday tuesday wednesday thursday friday saturday sunday kind know known knows later let lets likely look
looked looking looks lot lots maybe mean means minute minutes month months mr mrs ms dr need needed needs number ones
people percent person photo place point pretty probably reason recent recently said saying says second seconds sort
start started starts stuff sure take takes taking tell tells thing things think thinking thought time times today told
tomorrow took tried try trying use used uses using usually want wanted wants way ways week weeks went year years
yesterday yet
"""
# These too, but with a capital they begin names: "New York", "High Court".
_ADJECTIVES: Final = frozenset(
    {"best", "better", "big", "bigger", "biggest", "good", "great", "high", "large", "little", "long", "new", "old"}
)


class _Word(NamedTuple):
    """What one token is, wherever it stands: `shown` is empty where it bears no meaning."""

    shown: str
    key: str  # for comparing; empty for punctuation
    capital: bool
    adjective: bool
    ends: bool  # no run goes on behind it
    closes: bool  # a sentence ends with it


class _Run(NamedTuple):
    """Words that follow each other with nothing between them."""

    words: list[_Word]
    start: int
    opens: bool  # begins a sentence, where a capital says nothing


class _Place(NamedTuple):
    """One occurrence of a candidate."""

    shown: str
    position: int
    complete: bool  # a whole run or a whole name, and no part of one


_Places = dict[str, list[_Place]]  # by the keys of a candidate's words, with a blank between them


def key_phrases(text: str, language: str = "en") -> tuple[str, ...]:
    """Return the terms that a plain text is about, as they are written in it, best first, at most `MAX_PHRASES`.

    `language` is its ISO 639-1 code. None are told for a language whose stop words are not known (`und` among them) or
    which puts no blanks between words. Raises nothing.
    """
    if not _stop_words(language):
        return ()
    runs = list(_runs(text, language))
    counts = Counter([word.key for run in runs for word in run.words])
    names = _names(runs)
    places = {key: found for key, found in _places(runs, counts, names).items() if _is_term(key, found, names)}
    weights = {key: math.log2(1 + count) * (_NAME if key in names else 1.0) for key, count in counts.items()}
    scores = {key: _score(key, found, weights) for key, found in places.items()}
    chosen: list[str] = []
    for key in sorted(scores, key=lambda key: (-scores[key], places[key][0].position)):
        if not any(_repeats(key, other, places) for other in chosen):
            chosen.append(key)
        if len(chosen) == MAX_PHRASES:
            break
    return tuple(Counter(place.shown for place in places[key]).most_common(1)[0][0] for key in chosen)


@cache
def _stop_words(language: str) -> frozenset[str]:
    if language in _UNSPACED:
        return frozenset()
    import spacy

    try:
        defaults = spacy.util.get_lang_class(_CODES.get(language, language)).Defaults
    except ImportError:  # no such language in spaCy
        return frozenset()
    return frozenset([*defaults.stop_words, *(_ENGLISH.split() if language == "en" else ())])


def _runs(text: str, language: str) -> Iterator[_Run]:
    """Yield the runs of words that bear meaning, between stop words, numbers and punctuation."""
    words: list[_Word] = []
    opens = run_opens = True
    tokens = _TOKEN.findall(text)
    for position, word in enumerate(map(_reader(language), tokens)):
        bears = word.shown and not (word.adjective and (opens or not word.capital))
        if bears:
            if not words:
                run_opens = opens
            words.append(word)
        if words and (word.ends or not bears):
            yield _Run(words, position - len(words) + bool(bears), run_opens)
            words = []
        opens = word.closes or (opens and not word.key)
    if words:
        yield _Run(words, len(tokens) - len(words), run_opens)


@cache
def _reader(language: str) -> Callable[[str], _Word]:
    """Return the function that reads a token of `language`; it remembers, since most words come back in every text."""
    stop_words = _stop_words(language)
    adjectives = _ADJECTIVES if language == "en" else frozenset()

    @lru_cache(maxsize=50_000)
    def read(token: str) -> _Word:
        shown, ends = _without_apostrophe(token.strip("_").replace("\u2019", "'"), stop_words)
        lower = shown.lower()
        adjective = lower in adjectives
        bears = len(shown) > 1 and (adjective or lower not in stop_words) and any(map(str.isalpha, shown))
        key = _folded(lower) if lower[:1].isalnum() else ""
        return _Word(shown if bears else "", key, shown != lower, adjective, ends, token in _SENTENCE_ENDS)

    return read


def _without_apostrophe(word: str, stop_words: frozenset[str]) -> tuple[str, bool]:
    """Return `word` without possessive, contracted verb or elided article, and whether its run ends with it."""
    head, apostrophe, tail = word.rpartition("'")
    if not apostrophe:
        return word, False
    if tail.lower() == "s":
        return head, True
    if tail.lower() in _CONTRACTED:
        return "", True
    elided = f"{head.lower()}'" in stop_words or head.lower() in stop_words
    return (tail if elided else word), False


def _folded(lower: str) -> str:
    """Return one form for singular and plural; only ever compared, never shown."""
    plural = len(lower) > 3 and lower[-1] == "s" and lower[-2] not in "isu"
    return lower[:-1] if plural else lower


def _names(runs: list[_Run]) -> set[str]:
    """Return the words that are mostly written with a capital where they do not begin a sentence."""
    inside = [word for run in runs for word in run.words[run.opens :]]
    counts = Counter([word.key for word in inside])
    capitals = Counter([word.key for word in inside if word.capital])
    return {key for key, count in capitals.items() if 2 * count > counts[key]}


def _places(runs: list[_Run], counts: Counter[str], names: set[str]) -> _Places:
    """Return where each candidate occurs."""
    places: _Places = {}
    singles = ({key for key, count in counts.items() if count > 1} | names) - _ADJECTIVES
    for words, position, _ in runs:
        if len(words) == 1:  # most runs, and worth a short cut
            if words[0].key in singles:
                places.setdefault(words[0].key, []).append(_Place(words[0].shown, position, True))
            continue
        for (start, end), complete in _spans(words, counts, singles).items():
            place = _Place(" ".join([word.shown for word in words[start:end]]), position + start, complete)
            places.setdefault(" ".join([word.key for word in words[start:end]]), []).append(place)
    return places


def _spans(words: list[_Word], counts: Counter[str], singles: set[str]) -> dict[tuple[int, int], bool]:
    """Return the spans of a run that may be terms, and whether they are complete: the whole run or a whole name."""
    spans = {}
    for start, word in enumerate(words):
        if word.key in singles:
            spans[start, start + 1] = False
        for end in range(start + 1, min(len(words), start + _MAX_TERM)):
            if counts[words[end - 1].key] < 2 or counts[words[end].key] < 2:
                break  # what holds a word that occurs once cannot recur
            spans[start, end + 1] = False
    for span in _complete(words):
        if 1 < span[1] - span[0] <= _MAX_NAME or span in spans:
            spans[span] = True
    return spans


def _complete(words: list[_Word]) -> list[tuple[int, int]]:
    """Return the span of a run and those of the names in it."""
    spans = [(0, len(words))]
    start = 0
    for end, word in enumerate([*words, None]):
        if word is None or not word.capital:
            if start < end:
                spans.append((start, end))
            start = end + 1
    return spans


def _is_term(key: str, places: list[_Place], names: set[str]) -> bool:
    """Tell whether a candidate may be shown: what occurs once must be a name, or several words between others."""
    if len(places) > 1:
        return True
    words = key.split(" ")
    return places[0].complete and (1 < len(words) <= _MAX_TERM or all(word in names for word in words))


def _score(key: str, places: list[_Place], weights: dict[str, float]) -> float:
    words = key.split(" ")
    score = sum([weights[word] for word in words]) / len(words) * math.log2(1 + len(words)) * math.cbrt(len(places))
    score *= 1 + _EARLY_WORDS / (_EARLY_WORDS + places[0].position)
    if len(words) == 1:
        return score * _PLAIN_WORD if places[0].shown.islower() else score
    if len(places) == 1:
        return score if all(word != word.lower() for word in places[0].shown.split(" ")) else score * _ONCE
    return score if any(place.complete for place in places) else score * _PART


def _repeats(key: str, chosen: str, places: _Places) -> bool:
    """Tell whether `key` says again what `chosen` says: it holds it, or is a part of it that seldom stands alone."""
    if f" {key} " in f" {chosen} ":
        return len(places[key]) <= 2 * len(places[chosen])
    return f" {chosen} " in f" {key} "
