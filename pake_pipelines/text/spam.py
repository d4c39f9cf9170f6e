"""How much a text looks like spam, with the evidence: weighted phrases scaled by density, and four signals.

Not the literal keyword ratio of the guide (D-18, D-19). Everything is counted against the *plain words*: words that are
no evidence themselves. So adding evidence of one kind never lowers the points of another.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pake_pipelines.config.quality import SpamRules, SpamSignals
from pake_pipelines.model.signals import Evidence, Spam
from pake_pipelines.text.clean import clean_text
from pake_pipelines.text.links import find_links

# Up to here phrases count in full. An advertisement is shorter; in a longer text a few phrases are a mention.
_FULL_DENSITY_WORDS: Final = 100
# What a phrase still counts where it is named and not used: enough to stay visible in the evidence.
_MENTION_SHARE: Final = 0.2
# All further occurrences of one phrase together add half of the first: w * (1 + 1/4 + 1/8 + ...).
_REPEATED_PHRASE_SHARE: Final = 0.5
# Shares are taken over at least this many words, or one link or one shout in a title would be a flood.
_FEWEST_WORDS: Final = 50
_FULL_LINK_SHARE: Final = 0.2  # a link to every four plain words
_CAPITALS_RAMP: Final = (0.1, 0.5)  # acronyms reach a tenth of the words of technical prose
_FULL_EXCLAMATION_SHARE: Final = 0.1
_REPETITION_RAMP: Final = (0.1, 0.5)  # Gopher (Rae et al. 2021) drops texts with over 30 % duplicate lines
_SHORTEST_CAPITALS: Final = 3
_SHORTEST_REPEATED: Final = 3  # words; "read more" and "1 min" repeat in honest texts
_EXCERPT: Final = 60

_TRACKING: Final = re.compile(
    r"[?&](?:utm_\w+|aff(?:iliate)?(?:_?id)?|clickid|gclid|fbclid|mc_eid)=|//(?:click|trk|track)\.", re.IGNORECASE
)
_QUOTED: Final = re.compile(
    r"\"[^\"\n]{1,80}\"|\u201c[^\u201d\n]{1,80}\u201d|\u00ab[^\u00bb\n]{1,80}\u00bb|`[^`\n]{1,80}`|(?<!\w)'[^'\n]{1,80}'(?!\w)"
)
# What announces a list of phrases, up to the end of its sentence.
_NAMED: Final = re.compile(
    r"\b(?:phrases?|wordings?|keywords?|expressions?|trigger words?|subject lines?)\b[^.!?\n]{0,160}", re.IGNORECASE
)
_SENTENCE_END: Final = re.compile(r"[.!?\n]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")  # with figures: lines that differ in them are no repetition
_URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[^\S\n]+")


class _Words(NamedTuple):
    plain: int
    repeated: int
    capitals: tuple[str, ...]
    first_repeated: str


def score_spam(title: str, text: str, rules: SpamRules, *, links: Sequence[str] = ()) -> Spam:
    """Return the spam score of `title` and `text`; `links` are the targets of its markup, which clean text lacks.

    Each different phrase of `rules.phrases` (on word boundaries, any case) adds its points, a repeated one little more,
    one that is only named (in quotation marks, or listed after "phrases such as") a fifth. Beyond 100 plain words
    phrase points shrink with density. Shares of links, capitals, exclamation marks and repeated sentences add at most
    what `rules.signals` says. Raises nothing.
    """
    said = _BLANKS.sub(" ", clean_text(f"{title}\n{text}").replace("\u2019", "'"))
    urls = dict.fromkeys([*find_links(said), *links])
    said = _URL.sub(" ", said)
    flat = said.replace("\n", " ")
    hits = {pattern: tuple(_compiled(pattern).finditer(flat)) for pattern in rules.phrases}
    spans = [match.span() for matches in hits.values() for match in matches]
    words = _count_words(_blanked(said, spans))
    evidence = [*_phrases(rules.phrases, hits, said, words.plain), *_signals(rules.signals, said, words, tuple(urls))]
    evidence.sort(key=lambda item: (-item.points, item.signal, item.excerpt))
    return Spam(min(1.0, sum(item.points for item in evidence)), tuple(evidence))


def _phrases(
    points: dict[str, float], hits: dict[str, tuple[re.Match[str], ...]], said: str, plain_words: int
) -> Iterator[Evidence]:
    density = min(1.0, _FULL_DENSITY_WORDS / max(plain_words, 1))
    named = [match.span() for pattern in (_QUOTED, _NAMED) for match in pattern.finditer(said)]
    for pattern, matches in hits.items():
        if not matches or not points[pattern]:
            continue
        used = [match for match in matches if not _inside(match.span(), named)]
        share = 1.0 + _REPEATED_PHRASE_SHARE * (1.0 - 0.5 ** (len(used) - 1)) if used else _MENTION_SHARE
        yield Evidence("phrase", points[pattern] * share * density, _excerpt(said, (used or matches)[0].span()))


def _signals(most: SpamSignals, said: str, words: _Words, urls: tuple[str, ...]) -> Iterator[Evidence]:
    tracking = [url for url in urls if _TRACKING.search(url)]
    weighted_links = len(urls) + len(tracking)
    capitals = len(words.capitals)
    exclamations = max(0, said.count("!") - 1)  # one is an emphasis
    found = (
        ("links", most.links, _share(weighted_links, words.plain) / _FULL_LINK_SHARE, (*tracking, *urls)[:1]),
        ("capitals", most.capitals, _ramp(_share(capitals, words.plain), _CAPITALS_RAMP), words.capitals[:5]),
        ("exclamations", most.exclamations, _share(exclamations, words.plain) / _FULL_EXCLAMATION_SHARE, ("!",)),
        (
            "repetition",
            most.repetition,
            _ramp(_share(words.repeated, words.plain), _REPETITION_RAMP),
            (words.first_repeated,),
        ),
    )
    for signal, weight, strength, excerpt in found:
        points = weight * min(1.0, strength)
        if points > 0.0:
            yield Evidence(signal, points, " ".join(excerpt)[:_EXCERPT])


def _share(part: int, plain_words: int) -> float:
    return part / max(part + plain_words, _FEWEST_WORDS)


def _ramp(value: float, ramp: tuple[float, float]) -> float:
    low, high = ramp
    return max(0.0, (value - low) / (high - low))


def _count_words(remaining: str) -> _Words:
    """Count the words of a text whose phrases and URLs are blanked out; a sentence said before is repeated."""
    plain = repeated = 0
    capitals: list[str] = []
    first_repeated = ""
    seen: set[tuple[str, ...]] = set()
    for sentence in _SENTENCE_END.split(remaining):
        words = _WORD.findall(sentence)
        shouted = [word for word in words if word.isupper() and len(word) >= _SHORTEST_CAPITALS]
        quiet = tuple(word.casefold() for word in words if not (word.isupper() and len(word) >= _SHORTEST_CAPITALS))
        capitals += shouted
        if len(quiet) >= _SHORTEST_REPEATED and quiet in seen:
            repeated += len(quiet)
            first_repeated = first_repeated or " ".join(quiet)
        else:
            plain += len(quiet)
            seen.add(quiet)
    return _Words(plain, repeated, tuple(capitals), first_repeated)


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


def _blanked(said: str, spans: list[tuple[int, int]]) -> str:
    characters = list(said)
    for start, end in spans:
        characters[start:end] = " " * (end - start)
    return "".join(characters)


def _inside(span: tuple[int, int], outer: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in outer)


def _excerpt(said: str, span: tuple[int, int]) -> str:
    margin = max(0, (_EXCERPT - (span[1] - span[0])) // 2)
    return said[max(0, span[0] - margin) : span[1] + margin].replace("\n", " ").strip()
