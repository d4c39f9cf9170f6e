"""Tokens: the words of a text in the one form in which texts are compared, whatever their script."""

import re
import unicodedata
from typing import Final

import regex

_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
# a word of any script with its marks; scripts that put no space between words give a token for each character
_UNSPACED: Final = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD: Final = regex.compile(rf"(?V1)[[\p{{L}}\p{{N}}\p{{M}}]--{_UNSPACED}]+|{_UNSPACED}")


def words(text: str) -> list[str]:
    """Return the words of `text` in order: compatibility forms (NFKC), case and punctuation do not count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _ASCII_WORD.findall(folded) if folded.isascii() else _WORD.findall(folded)
