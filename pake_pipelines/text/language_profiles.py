"""What langdetect's profiles say: how likely each n-gram is in each language of a script."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from pake_pipelines.text.scripts import Script, characters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Table = NDArray[np.float64]

# The profiles whose file is not named by the ISO 639-1 code.
_PROFILES: Final = {"zh": ("zh-cn", "zh-tw")}
_LONGEST: Final = 3  # langdetect's n-grams have one to three letters
# A profile leaves out what was rare: an n-gram that it lacks counts this many times as much as its rarest one.
_UNSEEN: Final = 3.0
_LETTERS: Final = 400  # how many letters and marks share what a profile leaves to those that it lacks
_ALPHA: Final = 0.5 / 10_000  # langdetect's own smoothing: ALPHA_DEFAULT / BASE_FREQ
# The power of langdetect's naive Bayes beside the chain. From 0.1 to 1 it changes little, without it words are told a
# little worse (measured, as `_UNSEEN`, on half of a corpus of 37 languages).
_NAIVE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Profiles:
    """The n-grams of a script with their log-likelihoods: a row for each n-gram, a column for each language.

    `forms` is what stands for each character of the script, `unknown` the row of a letter that no profile has, and
    `typical` the mean log-likelihood of a letter in each language's own texts.
    """

    forms: dict[str, str]
    grams: tuple[str, ...]
    likelihoods: "Table"
    unknown: "Table"
    typical: "Table"


def load_profiles(script: Script) -> Profiles:
    """Read the profiles of the languages of `script` (files of the installed langdetect)."""
    import numpy as np

    forms = _forms(script)
    profiles = [_profile(language, forms) for language in script.languages]
    grams = sorted({part for profile in profiles for gram in profile for part in _parts(gram)})
    row = {gram: index for index, gram in enumerate(grams)}
    counts = np.zeros((len(grams), len(profiles)))
    for column, profile in enumerate(profiles):
        counts[[row[gram] for gram in profile], column] = list(profile.values())
    begins = np.array([len(gram) == 2 and gram[0] == " " for gram in grams])
    counts[row[" "]] = counts[begins].sum(axis=0)  # as many words end as begin
    rarest = np.array([min(profile.values()) for profile in profiles], dtype=np.float64)
    likelihoods, unknown = _log_likelihoods(grams, row, counts, _UNSEEN * rarest)
    own = np.array([len(gram) == _LONGEST for gram in grams]) | begins
    typical = (counts[own] * likelihoods[own]).sum(axis=0) / counts[own].sum(axis=0)
    return Profiles(forms, tuple(grams), likelihoods, unknown, typical)


def _forms(script: Script) -> dict[str, str]:
    """Return what stands for each character of `script`: one case, and langdetect's classes of characters."""
    from langdetect.utils.ngram import NGram

    return {
        character: NGram.normalize(character.lower() if len(character.lower()) == 1 else character)
        for character in characters(script)
    }


def _profile(language: str, forms: dict[str, str]) -> Counter[str]:
    """Return how often langdetect met each n-gram of `language`, both cases of a letter taken together."""
    profile: Counter[str] = Counter()
    for name in _PROFILES.get(language, (language,)):
        counts = json.loads(files("langdetect.profiles").joinpath(name).read_text(encoding="utf-8"))["freq"]
        for gram, count in counts.items():
            form = "".join(forms.get(character, " ") for character in gram)
            if form.strip() and " " not in form[1:-1] and "  " not in form:
                profile[form] += count
    return profile


def _parts(gram: str) -> list[str]:
    return [gram[start:end] for start in range(len(gram)) for end in range(start + 1, len(gram) + 1)]


def _log_likelihoods(
    grams: Sequence[str], row: dict[str, int], counts: "Table", unseen: "Table"
) -> "tuple[Table, Table]":
    """Return how likely the last letter of each of `grams` is after its others, and a letter that no profile has.

    The logarithm of a Markov chain with back-off (Katz 1987: what a context leaves to letters not seen after it is
    shared out as after the shorter context) plus that of langdetect's naive Bayes, to the power of `_NAIVE`.
    """
    import numpy as np

    length = np.array([len(gram) for gram in grams])
    context = np.array([row.get(gram[:-1], 0) for gram in grams])
    shorter = np.array([row.get(gram[1:], 0) for gram in grams])
    letters = counts[length == 1].sum(axis=0)
    total = letters + unseen * _LETTERS
    chain = (counts + unseen) / total
    naive = np.zeros_like(counts)
    ends_only = row[" "]
    for size in range(1, _LONGEST + 1):
        rows = np.flatnonzero(length == size)
        of_size = letters - counts[ends_only] if size == 1 else counts[rows].sum(axis=0)
        naive[rows] = np.log(counts[rows] / of_size + _ALPHA)
        if size == 1:
            naive[ends_only] = 0.0  # langdetect counts no blank by itself
            continue
        naive[rows] += naive[shorter[rows]]
        followed = np.zeros_like(counts)
        np.add.at(followed, context[rows], counts[rows])
        before = np.maximum(counts, followed)[context[rows]]
        left = before - followed[context[rows]] + unseen
        chain[rows] = (counts[rows] + left * chain[shorter[rows]]) / (before + unseen)
    # The naive Bayes of an n-gram that is in no profile is the same for all languages and left out.
    return np.log(chain) + _NAIVE * naive, np.log(unseen / total) + _NAIVE * np.log(_ALPHA)
