"""Numbers and dates as they are written, and the one form in which they are compared."""

import re
from decimal import Decimal
from math import isclose
from typing import Final, Literal

WEEKDAYS: Final = frozenset(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])

_MONTH: Final = (
    r"(?ai:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH_NUMBERS: Final = {month: number for number, month in enumerate(_MONTHS.split(), start=1)}
_SCALES: Final = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "mn": 6, "bn": 9, "m": 6, "k": 3}
_SCALE_FACTORS: Final = (1e3, 1e6, 1e9, 1e12)
_CARDINALS: Final = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_ORDINALS: Final = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS: Final[dict[str, str]] = (
    {word: str(number) for number, word in enumerate(_CARDINALS.split(), start=2)}
    | {word: str(number) for number, word in enumerate(_ORDINALS, start=1)}
    | {word: str(10 * number) for number, word in enumerate(_TENS, start=2)}
)
# scripts without spaces give a token for each character, as in `tokens`
_SPACELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
_TOKEN: Final = rf"""
    (?=[\djfmasondJFMASOND])(?P<date>
        (?=\d)(?:
            (?<![\d.-])\d{{4}}([-/.])\d{{1,2}}\2\d{{1,2}}(?![\d-])(?:T[\d:.]+Z?)?
          | \d{{4}}年(?:\d{{1,2}}月(?:\d{{1,2}}日)?)? | \d{{1,2}}月\d{{1,2}}日
          | (?<![\d.,])\d{{1,2}}(?:st|nd|rd|th)?(?:\ of)?[ ]{_MONTH}(?:,?\ \d{{4}}\b)?
          | (?<![\d./])\d{{1,2}}([/.])\d{{1,2}}\3\d{{4}}(?!\d)
        )
      | \b{_MONTH}(?:\ \d{{1,2}}(?:st|nd|rd|th)?(?![\d.:]*\d)(?:,?\ \d{{4}}\b)?|,?\ \d{{4}}\b)
    )
  | (?P<word> LETTER++(?:['-]LETTER++)*+(?!-?\d) | [SPACELESS] )
  | (?P<code> \b(?:[A-Za-z]+|[A-Z][A-Za-z]*-)\d\w*(?:[.-]\d+)* | \b\d+(?:\.\d+){{2,}}(?:-?[A-Za-z]+\.?\d*)?
      | \b\d+[A-Za-z]+\d\w* | \b\d{{1,2}}:\d\d(?::\d\d)? )
  | (?P<number> (?:(?<![\w)])-)?(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?
        (?:[ -]?(?P<scale>(?ai:thousand|million|billion|trillion|mn|bn))\b|(?P<letter>[mk]\b))?+ )
  | (?P<rest> LETTER++ )
"""
_ASCII: Final = re.compile(_TOKEN.replace("LETTER", "[A-Za-z]").replace("| [SPACELESS]", ""), re.VERBOSE | re.ASCII)
_ANY: Final = re.compile(
    _TOKEN.replace("LETTER", f"(?:(?![{_SPACELESS}])[^\\W\\d_])").replace("SPACELESS", _SPACELESS), re.VERBOSE
)
_CURRENCIES: Final = frozenset("$£€¥₹")
_NUMBER_PARTS: Final = re.compile(r"[\d,.]+|^-")
_DIGITS: Final = re.compile(r"\d+")
_LETTERS: Final = re.compile(r"[^\W\d_]{3}")


def scan(plain: str) -> list[re.Match[str]]:
    """Return the words, numbers and dates of a text whose digits are ASCII; `value_of` says which they are."""
    return list((_ASCII if plain.isascii() else _ANY).finditer(plain))


def value_of(match: re.Match[str], lower: str) -> tuple[Literal["number", "date"], str] | None:
    """Return the kind and the value of what `scan` found, or None for a word. `lower` is what was matched, lower case.

    A date is `2024-05-03`, with question marks for what is not said, or two readings apart by `|`. A number is written
    without separators and needless zeros; a code such as `v1.2` or `covid-19` keeps its letters.
    """
    kind = match.lastgroup
    if kind in ("word", "rest"):
        return None
    if kind == "date":
        return "date", _date(lower)
    if kind == "code":
        return "number", lower.replace("-", "") if not _is_version(lower) else lower.removeprefix("v")
    return "number", _number(match)


def readings(date: str) -> frozenset[str]:
    """Return the dates that `date` can stand for."""
    return frozenset(date.split("|"))


def same_date(one: str, other: str) -> bool:
    """Whether two dates can be the same day, month or year; what is not said does not differ."""
    return any(
        all(a == b or "?" in (a, b) for a, b in zip(first, second, strict=True))
        for first in readings(one)
        for second in readings(other)
    )


def same_number(one: str, other: str) -> bool:
    """Whether two numbers differ at most by a scale word that one of them has lost, as in "5.2 milion"."""
    if one == other:
        return True
    try:
        small, large = sorted((float(one), float(other)))
    except ValueError:
        return False
    return small > 0 and any(isclose(large, small * scale) for scale in _SCALE_FACTORS)


def significant(number: str) -> str:
    """Return the digits that a scale word leaves as they are."""
    return number.replace(".", "").strip("0")


def _is_version(code: str) -> bool:
    return code.removeprefix("v")[:1].isdigit()


def _number(match: re.Match[str]) -> str:
    scale = match["scale"] or ""
    if match["letter"] and match.string[match.start() - 1 : match.start()] in _CURRENCIES:
        scale = match["letter"]
    text = "".join(_NUMBER_PARTS.findall(match[0])).replace(",", "")
    if scale:
        text = format(Decimal(text).scaleb(_SCALES[scale.lower()]), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    sign = "-" if text[0] == "-" else ""
    return sign + (text.lstrip("-").lstrip("0") or "0")


def _date(lower: str) -> str:
    digits = _DIGITS.findall(lower)
    if letters := _LETTERS.search(re.sub(r"\d+(?:st|nd|rd|th)?", " ", lower)):
        return _worded(digits, _MONTH_NUMBERS[letters[0]])
    if len(digits[0]) == 4:
        return _stated(*digits[:3])
    if len(digits) == 2:
        return _stated("????", *digits)
    first, second, year = digits
    if int(first) > 12 or first == second:
        return _stated(year, second, first)
    if int(second) > 12:
        return _stated(year, first, second)
    return "|".join(sorted((_stated(year, first, second), _stated(year, second, first))))


def _worded(digits: list[str], month: int) -> str:
    year = next((number for number in digits if len(number) == 4), "????")
    day = next((number for number in digits if len(number) < 3), "??")
    return _stated(year, str(month), day)


def _stated(year: str, month: str = "??", day: str = "??") -> str:
    return f"{year}-{month.zfill(2)}-{day.zfill(2)}"
