"""Statements: the sentences of a document as words, quantities and names.

Quantities are read in any script, names where capitals tell them: a capitalised word or run of words inside a sentence,
or at its start if it stands inside another one. A headline that capitalises every word tells no names.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from pake_pipelines.dedup.quantities import NUMBER_WORDS, WEEKDAYS, scan, value_of

Kind = Literal["number", "date", "name", "weekday"]

# what makes an item is said early; later text only costs time
_READ: Final = 20_000

_DIGITS: Final = {
    code: str(unicodedata.digit(chr(code))) for code in range(128, 0x20000) if unicodedata.category(chr(code)) == "Nd"
}
_DASHES: Final = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2019", "-------'")
_GROUP_SPACE: Final = re.compile(r"(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_ADDRESS: Final = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]{1,64}@[\w.-]{3,80}|\+[0-9][0-9 ()/-]{7,}|\([0-9]{3}\) ?[0-9]{3}-[0-9]{4}"
)
_SENTENCE: Final = re.compile(
    r"\n+|(?<=[\u3002\uff01\uff1f\u0964\u061f])|(?<=[!?])['\")\]]*\s+"
    r"|(?<=\.)(?<!\b[A-Z]\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bNo\.)(?<!\bMrs\.)(?<!\bProf\.)['\")\]]*\s+(?![a-z])"
)
# lines that speak of the publication, not of what is published
_PUBLICATION: Final = re.compile(
    r"\W*(?:(?:(?:last|first|originally)\s)?(?:updated?|published|posted|modified|syndicated)\b|copyright|source:"
    r"|tel(?:ephone)?\b|phone\b|contact\b|(?:press|media) contact|subscribe|sign up|follow us|read more|reporting by"
    r"|editing by|for (?:more|further) |page [0-9]|\(?c\) ?[0-9]{4}|about [^:]{2,40}:|registered (?:in|office)|photo:"
    r"|this (?:article|story|report|post) (?:first |originally )?(?:appeared|was|is)\b"
    r"|(?:photo(?:graph)?s?|image|picture|illustration|credit|words|text|story)(?: by)?[: ]+[A-Z]"
    r"|by [A-Z][^.,]{2,50}(?:,.*)?$)"
    r"|.*(?:\u00a9|all rights reserved|copyright [0-9]{4}|newsletter|privacy policy|terms of (?:use|service))",
    re.IGNORECASE,
)
_LONGEST_PUBLICATION_LINE: Final = 160
# a site puts its own name behind the titles of its pages
_SITE_NAME: Final = re.compile(r"(?<=\w[\w?!)\"'.])\s+[|\u00b7\u2022\u00bb-]{1,2}\s+(?:\w[\w.&']*\s*){1,4}$")
_DATELINE: Final = re.compile(r"\W*(?:[^\W\d_]|[ ,./0-9]){0,60}\([A-Z][\w .&/-]{1,30}\)\s*(?:--?|:)\s*")
_AGENCY_NAMES: Final = "ap afp reuters upi dpa ansa xinhua tass bloomberg efe kyodo yonhap"
_AGENCIES: Final = frozenset(_AGENCY_NAMES.split())
_HONORIFICS: Final = frozenset(["prime", "mr", "mrs", "ms", "dr", "sir", "prof", "professor", "president", "minister"])
# a long text that stops without a full stop may be cut within its last word
_SHORTEST_CUT: Final = 150
_LONGEST_WORD: Final = 40
_CUT_MARKS: Final = ("..", "\u2026", "..]", "\u2026]")
_PARTICLES: Final = frozenset(["of", "de", "la", "le", "da", "di", "du", "van", "von", "der", "den", "bin", "al", "el"])
_COMMON_WORDS: Final = (
    "exclusive breaking live opinion update video watch a about after all also an and any are as at be been but "
    "by can did do for from had has have he her his how i if in into is it its just more most my new no not now "
    "of on one only or our out over said says she so some such than that the their them then there these they "
    "this those to under until up us was we were what when where which while who why will with yesterday today "
    "tomorrow would you your"
)
COMMON: Final = frozenset(_COMMON_WORDS.split())
_MONTH_NAMES: Final = "january february march april may june july august september october november december"
_MONTHS: Final = frozenset(_MONTH_NAMES.split())
# what stays small in a title in which every word is capitalised
_LINKS: Final = COMMON | _PARTICLES


class Token(NamedTuple):
    """A word or fact as it is compared; what stands for it in the words around another fact; its kind if a fact."""

    value: str
    mask: str
    kind: Kind | None


def read(title: str, text: str) -> Iterator[list[Token]]:
    """Yield the tokens of the title, then those of every sentence of the text."""
    heading = scan(_SITE_NAME.sub("", _plain(title[:_READ])))
    body = _plain(_whole_words(text[:_READ]))
    if dateline := _DATELINE.match(body):
        body = body[dateline.end() :]
    lines = [line for line in _SENTENCE.split(body) if line and not _speaks_of_the_publication(line)]
    sentences = [scan(line) for line in lines]
    inside = {match[0].casefold() for line in sentences for match in line[1:] if match[0][0].isupper()}
    yield _tokens(heading, inside, headline=True)
    for line in sentences:
        yield _tokens(line, inside, headline=False)


def _speaks_of_the_publication(line: str) -> bool:
    return len(line) <= _LONGEST_PUBLICATION_LINE and _PUBLICATION.match(line) is not None


def _whole_words(text: str) -> str:
    end = text.rstrip()
    if not end.endswith(_CUT_MARKS) and not (len(text) >= _SHORTEST_CUT and end[-1:].isalnum()):
        return text
    whole = end.rstrip(" .\u2026[]")
    last = max(whole.rfind(" "), whole.rfind("\n"))
    return whole[:last] if last >= 0 and len(whole) - last <= _LONGEST_WORD else text


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _GROUP_SPACE.sub("", text))[:_READ].translate(_DASHES).translate(_DIGITS)
    return _ADDRESS.sub(" ", text)


def _tokens(matches: list[re.Match[str]], inside: set[str], *, headline: bool) -> list[Token]:
    cased = _is_cased(matches, headline=headline)
    tokens: list[Token] = []
    run: list[str] = []
    acronym, end = False, -2
    for position, match in enumerate(matches):
        word, kind = match[0], match.lastgroup
        if kind == "word" and not run and word.islower():
            tokens.append(_word(word))
            continue
        lower = word.casefold()
        if run and match.start() != end + 1:
            tokens.append(_name(run, acronym))
            run, acronym = [], False
        named = kind == "word" and cased and word[0].isupper() and len(word) > 1 and lower not in COMMON
        if named and (lower in WEEKDAYS or lower in _MONTHS):
            named = False
        if named and position == 0 and lower not in inside:
            named = _goes_on(matches) or not word[1:].islower()
        if named:
            run.append(lower)
            acronym |= not word[1:].islower()
        elif run and lower in _PARTICLES and _is_upper(matches, position + 1):
            run.append(lower)
        else:
            if run:
                tokens.append(_name(run, acronym))
                run, acronym = [], False
            tokens.append(_word(lower) if kind == "word" else _quantity(match, lower))
        end = match.end()
    if run:
        tokens.append(_name(run, acronym))
    return tokens


@lru_cache(maxsize=20_000)
def _word(lower: str) -> Token:
    if lower in WEEKDAYS:
        return Token(lower, "#", "weekday")
    if lower in NUMBER_WORDS:
        return Token(NUMBER_WORDS[lower], "#", "number")
    return Token(lower, lower, None)


def _quantity(match: re.Match[str], lower: str) -> Token:
    quantity = value_of(match, lower)
    return Token(quantity[1], "#", quantity[0]) if quantity else _word(lower)


def _name(run: list[str], acronym: bool) -> Token:
    words = [word.removesuffix("'s") for word in run if word not in _HONORIFICS]
    value = " ".join(words or run)
    if not words or value in _AGENCIES:
        return Token(value, "@", None)
    return Token(value, "@@" if acronym and len(words) == 1 else "@", "name")


def _is_cased(matches: list[re.Match[str]], *, headline: bool) -> bool:
    """Whether capitals mean names here: not in capitals throughout, nor in a headline that capitalises every word."""
    if not headline:
        return any(match[0].islower() and match[0] not in _LINKS for match in matches)
    long = [match[0] for match in matches if len(match[0]) > 3]
    return 2 * sum(word[0].isupper() for word in long) < len(long)


def _is_upper(matches: list[re.Match[str]], position: int) -> bool:
    return position < len(matches) and matches[position][0][0].isupper()


def _goes_on(matches: list[re.Match[str]]) -> bool:
    return _is_upper(matches, 1) and matches[1].start() == matches[0].end() + 1
