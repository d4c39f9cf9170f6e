"""The language of a text, or the honest answer that it cannot be told.

langdetect's profiles say how often each language uses which letters; how well the text fits each of them is summed over
all of a bounded sample (`language_model`) instead of drawn at random. Only languages of the text's script compete, the
function words of close neighbours count beside the letters, and the probability is tempered: letters next to each other
are no independent witnesses.
"""

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.quality import LanguageRules
from pake_pipelines.model.document import Language
from pake_pipelines.text.clean import clean_characters
from pake_pipelines.text.function_words import function_words
from pake_pipelines.text.language_model import language_model
from pake_pipelines.text.prose import prose
from pake_pipelines.text.scripts import SCRIPTS, Script, code_points, script_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNDETERMINED: Final = "und"
"""ISO 639-2's code for a language that is not determined."""

# Tokens of code, addresses and identifiers: they carry letters but no language. They are in ASCII, and what surrounds
# them may not be set off by blanks (Chinese, Japanese and Thai have none).
_ASCII: Final = re.compile(r"[!-~]+")
_CODE_LIKE: Final = re.compile(
    r"[_{}<>=\\|@#$^~]|://|::|\w[(.]\w|\(\)|[a-z][A-Z]|\w/\w+/|[A-Za-z]\d|\d[A-Za-z]", re.ASCII
)
# Prose must be found even if a text begins with this many characters of code.
_READ_CHARACTERS: Final = 100_000
_PUNCTUATION: Final = ".,;:!?()[]\"'«»„“”‘’…،؛؟।–—-"  # noqa: RUF001

# Chosen, like the two below it, on half of a corpus of 37 languages so that the probability is the share of right
# answers, for words as for sentences.
_TEMPER: Final = 0.42  # how much of a letter's log-likelihood counts
_DEPENDENCE: Final = 300  # letters from which on more of them say little more
_FUNCTION_WORD: Final = 7.0  # log-likelihood of a function word beside its letters
# A stretch of this many letters is not in the language of the whole text where another one fits it better by so much a
# letter, or where its letters are so much less likely than in that language's own texts (with some chance, that shrinks
# with the root of their number). Such are texts in two languages, and those in a language that nobody here knows.
_STRETCH: Final = 60
_OTHERWISE: Final = 0.3
_UNLIKE: Final = 1.4
_CHANCE: Final = 2.5


def detect_language(text: str, rules: LanguageRules) -> Language:
    """Return the most probable language of `text` (ISO 639-1) with its probability in [0, 1].

    The code is `und` with probability 0 for fewer than `rules.min_letters` letters outside code and URLs (a character
    that is a syllable or a word counts as several), and `und` with the best language's probability where that is below
    `rules.min_probability`. Read are `rules.sample_characters` from start, middle and end. Nothing is random: the same
    text gives the same answer in every process. Raises nothing.
    """
    sample = _sample(prose(clean_characters(text[:_READ_CHARACTERS])), rules.sample_characters)
    words = _one_case(_language_bearing(sample))
    points = code_points(words)
    weights = script_weights(points)
    if weights.max() < rules.min_letters:
        return Language(UNDETERMINED, 0.0)
    script = SCRIPTS[int(weights.argmax())]
    share = float(weights.max() / weights.sum())
    code, probability = _most_probable(words, points, script, share)
    return Language(code if probability >= rules.min_probability else UNDETERMINED, probability)


def _sample(text: str, size: int) -> str:
    """Return at most `size` characters: three equal parts from start, middle and end, cut between words."""
    if len(text) <= size:
        return text
    part = size // 3
    starts = (0, (len(text) - part) // 2, len(text) - part)
    return " ".join(_between_words(text, start, start + part) for start in starts)


def _between_words(text: str, start: int, end: int) -> str:
    piece = text[start:end]
    if start and not text[start - 1].isspace():
        piece = piece.partition(" ")[2] or piece  # a script without blanks is cut anywhere
    if end < len(text) and not text[end].isspace():
        piece = piece.rpartition(" ")[0] or piece
    return piece


def _language_bearing(sample: str) -> str:
    if not _CODE_LIKE.search(sample):
        return sample
    return _ASCII.sub(lambda token: " " if _CODE_LIKE.search(token[0]) else token[0], sample)


def _one_case(words: str) -> str:
    # the small form of a dotted capital I keeps its dot as a character of its own
    return unicodedata.normalize("NFC", words).lower().replace("\u0307", "")


def _most_probable(words: str, points: "NDArray[np.uint32]", script: Script, share: float) -> tuple[str, float]:
    """Return the language of `words` with its probability; `share` of their letters are written in `script`."""
    import numpy as np

    if len(script.languages) == 1:
        return script.languages[0], _mixed(share)
    model = language_model(script)
    letters = model.likelihoods(points)
    evidence = letters.sum(axis=0) + _FUNCTION_WORD * _function_words(words, script)
    evidence *= _TEMPER / (1 + len(letters) / _DEPENDENCE)
    probabilities = np.exp(evidence - evidence.max())
    best = int(probabilities.argmax())
    # words of Chinese and Japanese are far from typical, and nothing else is written like them
    typical = float(model.typical[best]) if script.weight == 1 else -np.inf
    fitting = share * _fitting(letters, best, typical)
    probability = float(probabilities[best] / probabilities.sum()) * _mixed(fitting)
    return script.languages[best], probability


def _mixed(share: float) -> float:
    """Return what `share` of a text in its language leaves of the probability: two thirds all, a half a half."""
    return min(1.0, max(0.0, 3 * share - 1.0))


def _function_words(words: str, script: Script) -> "NDArray[np.float64]":
    """Return how many function words of each language of `script` are among `words`."""
    import numpy as np

    known, column = function_words(), {language: index for index, language in enumerate(script.languages)}
    counts = np.zeros(len(column))
    for word in words.split():
        for language in known.get(word.strip(_PUNCTUATION), ()):
            if language in column:
                counts[column[language]] += 1
    return counts


def _fitting(letters: "NDArray[np.float64]", best: int, typical: float) -> float:
    """Return the share of letters in stretches that are in the language `best`; `typical` is its mean for a letter."""
    import numpy as np

    starts = np.arange(0, len(letters), _STRETCH)
    sizes = np.diff(np.append(starts, len(letters)))
    stretches = np.add.reduceat(letters, starts, axis=0)
    own = stretches[:, best]
    fits = stretches.max(axis=1) - own <= _OTHERWISE * np.maximum(sizes, _STRETCH / 3)
    fits &= own / sizes >= typical - _UNLIKE - _CHANCE / np.sqrt(sizes)
    return float(sizes[fits].sum() / len(letters))
