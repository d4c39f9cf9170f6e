"""Writing systems: which characters they have and which languages are written in them."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CODE_POINTS: Final = 0x10000
"""Scripts are told apart within the Basic Multilingual Plane, where all letters of living languages are."""


@dataclass(frozen=True, slots=True)
class Script:
    """A writing system.

    `blocks` are its Unicode blocks as inclusive ranges; `languages` are the ISO 639-1 codes told apart in it: for a
    script of one language that is the likely language of Unicode CLDR. `weight` is how many letters of an alphabet one
    of its characters is worth: about three where a character is a syllable or a word.
    """

    blocks: tuple[tuple[int, int], ...]
    languages: tuple[str, ...]
    weight: int = 1


SCRIPTS: Final = (
    Script(
        ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x2AF), (0x1E00, 0x1EFF)),
        (
            *("af", "ca", "cs", "cy", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "lt", "lv"),
            *("nl", "no", "pl", "pt", "ro", "sk", "sl", "so", "sq", "sv", "sw", "tl", "tr", "vi"),
        ),
    ),
    Script(((0x400, 0x52F),), ("bg", "mk", "ru", "uk")),
    Script(((0x600, 0x6FF), (0x750, 0x77F)), ("ar", "fa", "ur")),
    Script(((0x900, 0x97F),), ("hi", "mr", "ne")),
    Script(((0x3005, 0x3005), (0x3041, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF)), ("ja", "zh"), 3),
    Script(((0x1100, 0x11FF), (0x3131, 0x318E), (0xAC00, 0xD7A3)), ("ko",), 3),
    Script(((0x370, 0x3FF), (0x1F00, 0x1FFF)), ("el",)),
    Script(((0x530, 0x58F),), ("hy",)),
    Script(((0x590, 0x5FF),), ("he",)),
    Script(((0x780, 0x7BF),), ("dv",)),
    Script(((0x980, 0x9FF),), ("bn",)),
    Script(((0xA00, 0xA7F),), ("pa",)),
    Script(((0xA80, 0xAFF),), ("gu",)),
    Script(((0xB00, 0xB7F),), ("or",)),
    Script(((0xB80, 0xBFF),), ("ta",)),
    Script(((0xC00, 0xC7F),), ("te",)),
    Script(((0xC80, 0xCFF),), ("kn",)),
    Script(((0xD00, 0xD7F),), ("ml",)),
    Script(((0xD80, 0xDFF),), ("si",)),
    Script(((0xE00, 0xE7F),), ("th",)),
    Script(((0xE80, 0xEFF),), ("lo",)),
    Script(((0xF00, 0xFFF),), ("bo",)),
    Script(((0x1000, 0x109F),), ("my",)),
    Script(((0x10A0, 0x10FF), (0x1C90, 0x1CBF)), ("ka",)),
    Script(((0x1200, 0x137F),), ("am",), 2),
    Script(((0x1780, 0x17FF),), ("km",)),
)


def characters(script: Script) -> list[str]:
    """Return the letters and marks of `script`; digits and punctuation in its blocks carry no language."""
    points = (chr(point) for first, last in script.blocks for point in range(first, last + 1))
    return [character for character in points if unicodedata.category(character)[0] in "LM"]


def code_points(text: str) -> "NDArray[np.uint32]":
    """Return the code points of `text`; those beyond the Basic Multilingual Plane become 0."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    return np.where(points < CODE_POINTS, points, 0).astype(np.uint32)


def script_weights(points: "NDArray[np.uint32]") -> "NDArray[np.int64]":
    """Return how many letters of each of `SCRIPTS` are among `points`, each counted with the weight of its script."""
    import numpy as np

    counts: NDArray[np.int64] = np.bincount(_script_of_code_point()[points], minlength=len(SCRIPTS) + 1)[1:]
    return counts * np.array([script.weight for script in SCRIPTS], dtype=np.int64)


@cache
def _script_of_code_point() -> "NDArray[np.uint8]":
    """Return 1 + the index in `SCRIPTS` of each code point, 0 for what belongs to none."""
    import numpy as np

    table = np.zeros(CODE_POINTS, dtype=np.uint8)
    for number, script in enumerate(SCRIPTS, 1):
        table[[ord(character) for character in characters(script)]] = number
    return table
