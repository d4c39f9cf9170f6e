"""The score: points of phrases and signals, less what speaks against."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from pake_pipelines.config.quality import SpamRules
from pake_pipelines.model.signals import Evidence, Spam
from pake_pipelines.text.spam.counts import count
from pake_pipelines.text.spam.mentions import mentions
from pake_pipelines.text.spam.phrases import Hit, Phrase, PhraseIndex, keys_of
from pake_pipelines.text.spam.reading import WORD, Reading, read
from pake_pipelines.text.spam.signals import signals

# Up to here phrases count in full. An advertisement is shorter; in a longer text a few phrases are a mention.
_FULL_DENSITY_WORDS: Final = 100
# What a phrase still counts where it is named and not used: enough to stay visible in the evidence.
_MENTION_SHARE: Final = 0.2
# All further occurrences of one phrase together add half of the first: w * (1 + 1/4 + 1/8 + ...).
_REPEATED_PHRASE_SHARE: Final = 0.5
# Each further phrase of a theme counts half of the one before: several themes are spam, not many words for one.
_NEXT_PHRASE_SHARE: Final = 0.5
_EXCERPT: Final = 60
_AGAINST: Final = "against: "


def score_spam(title: str, text: str, rules: SpamRules, *, links: Sequence[str] = ()) -> Spam:
    """Return the spam score of `title` and `text`; `links` are the targets of its markup, which clean text lacks.

    The phrases of `rules.phrases` add points, those of `rules.against` and the share of telling words take points
    away, down to zero and at most `rules.most_against`. Of a theme the heaviest phrase counts in full and each further
    one half of the one before; one that is only named (in quotation marks, or listed after "phrases such as") counts a
    fifth. Beyond 100 plain words phrases count by their density. Each signal adds at most what `rules.signals` says.
    Raises nothing.
    """
    found, against = _weigh(title, text, rules, links)
    most = min(rules.most_against, sum(item.points for item in found))
    taken = sum(item.points for item in against)
    share = most / taken if taken > most else 1.0
    against = [item._replace(points=-item.points * share) for item in against]
    evidence = sorted([*found, *against], key=lambda item: (-item.points, item.signal, item.excerpt))
    return Spam(min(1.0, max(0.0, sum(item.points for item in evidence))), tuple(evidence))


def _weigh(title: str, text: str, rules: SpamRules, links: Sequence[str]) -> tuple[list[Evidence], list[Evidence]]:
    """Return what speaks for spam and what against it, both with positive points."""
    index = _index(rules)
    reading = read(title, text, links, index.words)
    hits = index.find(keys_of(reading.words))
    pitch = [hit for hit in hits if not hit.phrase.against]
    covered = bytearray(len(reading.words))
    for hit in pitch:
        covered[hit.first : hit.end] = b"\x01" * (hit.end - hit.first)
    counts = count(reading.words, reading.written, covered)
    density = min(1.0, _FULL_DENSITY_WORDS / max(counts.plain, 1))
    found = _themes(pitch, reading, density, _named(reading))
    others = [hit for hit in hits if hit.phrase.against and not any(covered[hit.first : hit.end])]
    against = [item._replace(signal=_AGAINST + item.signal) for item in _themes(others, reading, density, None)]
    for name, strength, words_found in signals(title, reading, counts):
        item = Evidence(name, getattr(rules.signals, name) * strength, words_found[:_EXCERPT])
        if item.points > 0.0:
            (against if name == "telling" else found).append(item)
    return found, against


def _themes(hits: Sequence[Hit], reading: Reading, density: float, named: bytearray | None) -> list[Evidence]:
    by_phrase: dict[Phrase, list[Hit]] = {}
    for hit in hits:
        by_phrase.setdefault(hit.phrase, []).append(hit)
    themes: dict[str, list[tuple[float, Hit]]] = {}
    for phrase, places in by_phrase.items():
        used = places if named is None else [hit for hit in places if not all(named[hit.first : hit.end])]
        share = 1.0 + _REPEATED_PHRASE_SHARE * (1.0 - 0.5 ** (len(used) - 1)) if used else _MENTION_SHARE
        themes.setdefault(phrase.theme, []).append((phrase.points * share * density, (used or places)[0]))
    return [
        Evidence(theme, points * _NEXT_PHRASE_SHARE**rank, " ".join(reading.words[hit.first : hit.end])[:_EXCERPT])
        for theme, phrases in themes.items()
        for rank, (points, hit) in enumerate(sorted(phrases, key=lambda one: (-one[0], one[1])))
        if points > 0.0
    ]


def _named(reading: Reading) -> bytearray | None:
    """Return which words are only named, or None where no word is."""
    spans = mentions(reading.low)
    if not spans:
        return None
    named = bytearray(len(reading.words))
    starts = [match.start() for match in WORD.finditer(reading.low)]
    for start, end in spans:
        first, behind = bisect_left(starts, start), bisect_left(starts, end)
        named[first:behind] = b"\x01" * (behind - first)
    return named


_indexes: dict[int, tuple[SpamRules, PhraseIndex]] = {}
_MOST_INDEXES: Final = 8


def _index(rules: SpamRules) -> PhraseIndex:
    """Return the index of the phrases of `rules`, built once for each object: rules do not change."""
    held = _indexes.get(id(rules))
    if held is None or held[0] is not rules:
        if len(_indexes) >= _MOST_INDEXES:
            _indexes.clear()
        held = _indexes[id(rules)] = (rules, PhraseIndex(rules.phrases, rules.against))
    return held[1]
