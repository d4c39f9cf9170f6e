"""Disguises: words spelled so that no filter finds them, written as they are read.

`fr€€`, `m0ney`, `F R E E` and letters of other alphabets among Latin ones. Signs are read as letters only where a word
comes out that is looked for; `B2B` and `H264` stay.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Sequence
from typing import Final

from pake_pipelines.text.spam.phrases import key

_UNSEEN: Final = re.compile("[\u200b-\u200d\u2060-\u2064]")
_STYLED: Final = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff]")  # full-width and mathematical letters
_MIXED: Final = re.compile("[A-Za-z][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][A-Za-z]")
_LOOK_ALIKE: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u0432\u043d"
    "\u0410\u0415\u041e\u0420\u0421\u0423\u0425\u0406\u0408\u0405\u041a\u041c\u0422\u0412\u041d"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba",
    "aeopcyxijsdhkmtbhAEOPCYXIJSKMTBHABEZHIKMNOPTYXaopvik",
)
# A sign for a letter behind one, or between two; sought by the sign, which is rare.
_SIGNED: Final = re.compile("[@$\u20ac\u00a5](?<=[A-Za-z].)|[!|](?<=[A-Za-z].)[!|]*[A-Za-z]|[@$](?=[A-Za-z]{2})")
# A figure between letters, or at the beginning of a word that is no "4K" and no "3rd".
_FIGURED: Final = re.compile("[A-Za-z][0134578]{1,4}[A-Za-z]|^[0134578][A-Za-z]{3}")
_SIGNS: Final = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i", "|": "l"} | {
    "\u20ac": "e",
    "\u00a5": "y",
}
_READINGS: Final = tuple(str.maketrans({**_SIGNS, "1": one}) for one in "il")
_STRANGE: Final = re.compile("[\u0370-\u04ff\u200b-\u200d\u2060-\u2064\uff01-\uff5e\U0001d400-\U0001d7ff]")
_LETTER_SIGNS: Final = "@$!|\u20ac\u00a5"
_SPACED: Final = re.compile(r"(?<!\w)\w(?:[ .*_-]\w){2,}(?!\w)")
_SEPARATORS: Final = re.compile(r"[ .*_-]")
_WORD: Final = re.compile(r"\w+")
_UNSPACED: Final = re.compile(r"\S+")
_LONGEST_ABBREVIATION: Final = 2
_QUOTES: Final = frozenset("\"'`\u201c\u201e\u00ab")
_AROUND: Final = ".,;:?()[]\"'-\u201c\u201d"


def may_be_disguised(text: str, words: Sequence[str]) -> bool:
    """Whether a closer look at `text`, of which `words` are read, is worth its time."""
    if not _is_western(text) and _STRANGE.search(text):
        return True
    if _has_single_letters(words):
        return True
    if any(sign in text for sign in _LETTER_SIGNS) and _SIGNED.search(text):
        return True
    return any(_FIGURED.search(word) for word in words if not word.isalpha() and not word.isdecimal())


def _is_western(text: str) -> bool:
    """Whether `text` has only the letters and marks of Western typesetting, told faster than by a search."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _has_single_letters(words: Sequence[str]) -> bool:
    """Whether three words of one letter follow each other."""
    lengths = list(map(len, words))
    place = -1
    for _ in range(lengths.count(1)):
        place = lengths.index(1, place + 1)
        if lengths[place : place + 3] == [1, 1, 1] and "".join(words[place : place + 3]).isalpha():
            return True
    return False


def undisguised(text: str, sought: Container[str]) -> tuple[str, list[str]]:
    """Return `text` as it is read, and the disguised words as they were written; `sought` are folded words."""
    found: list[str] = []
    if not text.isascii():
        text = _UNSEEN.sub("", text)
        if _STYLED.search(text):
            text = unicodedata.normalize("NFKC", text)
        if _MIXED.search(text):
            text = _replaced(
                _WORD, text, lambda word: word.translate(_LOOK_ALIKE) if _MIXED.search(word) else word, found
            )
    text = _replaced(_UNSPACED, text, lambda word: _spelled(word, sought), found)
    text = _replaced(_SPACED, text, lambda word: _joined(word, sought), found)
    return text, found


def _replaced(pattern: re.Pattern[str], text: str, read: Callable[[str], str], found: list[str]) -> str:
    def one(match: re.Match[str]) -> str:
        word = read(match[0])
        before = match.string[max(0, match.start() - 1) : match.start() + 1]
        if word != match[0] and not _QUOTES.intersection(before):  # who quotes a disguise shows it
            found.append(match[0])
        return word

    return pattern.sub(one, text)


def _spelled(word: str, sought: Container[str]) -> str:
    core = word.strip(_AROUND).lower()
    if core.isalpha() or core.isdecimal():
        return word
    for written in (core, core.rstrip("!")):
        for signs in _READINGS:
            read = written.translate(signs)
            if read != written and read.isalpha() and len(read) > 2 and _is_sought(read, sought):
                return read
    return word


def _joined(word: str, sought: Container[str]) -> str:
    read = _SEPARATORS.sub("", word)
    return read if _is_sought(read.lower(), sought) else word


def _is_sought(word: str, sought: Container[str]) -> bool:
    return len(word) > _LONGEST_ABBREVIATION and (key(word) in sought or word.rstrip("z") in sought)
