"""The language of a text, or the honest answer that it cannot be told."""

import re
from functools import cache
from typing import Any, Final

from pake_pipelines.config.quality import LanguageRules
from pake_pipelines.model.document import Language
from pake_pipelines.text.clean import clean_characters
from pake_pipelines.text.prose import prose

UNDETERMINED: Final = "und"
"""ISO 639-2's code for a language that is not determined."""

# Tokens of code, addresses and identifiers: they carry letters but no language.
_CODE_LIKE: Final = re.compile(r"[_{}<>=\\|@#$^~]|://|::|\w[(.]\w|\(\)|[a-z][A-Z]|\w/\w+/|[^\W\d_]\d|\d[^\W\d_]")
# Prose must be found even if a text begins with this many characters of code.
_READ_CHARACTERS: Final = 100_000


def detect_language(text: str, rules: LanguageRules) -> Language:
    """Return the most probable language of `text` (ISO 639-1) with its probability in [0, 1].

    The code is `und` with probability 0 for fewer than `rules.min_letters` letters outside code and URLs, and `und`
    with the best language's probability where that is below `rules.min_probability`. Read are
    `rules.sample_characters` from start, middle and end. The same text gives the same answer in every process (seed 0).
    Raises nothing.
    """
    words = _language_bearing(_sample(prose(clean_characters(text[:_READ_CHARACTERS])), rules.sample_characters))
    if sum(map(str.isalpha, words)) < rules.min_letters:
        return Language(UNDETERMINED, 0.0)
    code, probability = _most_probable(_lowered_if_shouted(words))
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
    return " ".join(word for word in sample.split() if not _CODE_LIKE.search(word))


def _lowered_if_shouted(words: str) -> str:
    """Lower the case of a text in capitals: langdetect takes such words for abbreviations and skips them."""
    upper = sum(map(str.isupper, words))
    return words.lower() if 2 * upper > sum(map(str.isalpha, words)) else words


def _most_probable(words: str) -> tuple[str, float]:
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory().create()
    detector.append(words)
    try:
        found = detector.get_probabilities()
    except LangDetectException:  # no n-gram of any language it knows
        return UNDETERMINED, 0.0
    probabilities: dict[str, float] = {}
    for language in found:
        code = language.lang.partition("-")[0]  # zh-cn and zh-tw are one language here
        probabilities[code] = probabilities.get(code, 0.0) + language.prob
    if not probabilities:
        return UNDETERMINED, 0.0
    code, probability = max(probabilities.items(), key=lambda item: item[1])
    return code, min(probability, 1.0)


@cache
def _factory() -> Any:
    """Return a seeded detector factory of our own: every detector starts at the seed, so call order does not matter.

    The profiles are loaded in sorted order, where langdetect's own loader takes the file system's.
    """
    from importlib.resources import files

    from langdetect.detector_factory import DetectorFactory

    profiles = sorted(
        (file for file in files("langdetect.profiles").iterdir() if file.is_file()), key=lambda file: file.name
    )
    factory = DetectorFactory()
    factory.load_json_profile([file.read_text(encoding="utf-8") for file in profiles if "." not in file.name])
    factory.set_seed(0)
    return factory
