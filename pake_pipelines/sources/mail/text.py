"""Text of mail: bytes in whatever charset they claim, base64 that is none, flowed lines, invitations."""

import base64
import codecs
import re
from collections.abc import Iterator
from typing import Final

# WHATWG's encoding standard: these labels mean the larger set that senders use under the smaller one's name
_MEANT: Final = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Python's own codecs are no charsets of mail, and punycode takes quadratic time
_NOT_CHARSETS: Final = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_BASE64_LINE: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
# less than a line of base64 (76 characters) may also be a word or two
_SURELY_ENCODED: Final = 60
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_QUOTES: Final = re.compile(r">*")
_EVENT_LABELS: Final = {
    "SUMMARY": "Event",
    "DTSTART": "Starts",
    "DTEND": "Ends",
    "LOCATION": "Place",
    "ORGANIZER": "Organizer",
    "DESCRIPTION": "",
}


def decode(data: bytes, declared: str | None) -> tuple[str, str | None]:
    """Return `data` as text, and the repair that this needed or None.

    Tried in this order: the declared charset, UTF-8, and windows-1252, in which every byte string has a reading.
    Damaged characters are replaced as long as those beyond ASCII are whole for the most part; more is another
    charset. Raises nothing.
    """
    named = _charset(declared) if declared else "utf-8"
    said = f"charset {declared[:50]!r}" if declared else "no charset"
    for charset in dict.fromkeys([named or "utf-8", "utf-8"]):
        try:
            return data.decode(charset), None if charset == named else f"{said}: read as UTF-8"
        except ValueError:
            continue
    text = data.decode(named or "utf-8", "replace")
    damaged = text.count("\ufffd")
    if 2 * damaged <= sum(not character.isascii() for character in text):
        return text, f"{said}: {damaged} damaged characters"
    return data.decode("cp1252", "replace"), f"{said}: read as windows-1252"


def _charset(declared: str) -> str | None:
    """Return the codec of a charset's label, None when there is none."""
    label = declared.strip("\"' ").partition("*")[0].lower().removesuffix("-i").removesuffix("-e")
    try:
        b"a".decode(label, "replace")  # refuses Python's codecs that do not make text
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return None if name in _NOT_CHARSETS else _MEANT.get(name, name)


def mend_base64(raw: bytes) -> bytes | None:
    """Return what a body is that claims base64 and is not all of it: the encoded lines decoded, the rest as it stands.

    Mailing lists append their footer to encoded bodies, and some senders only declare the encoding. None when every
    line is base64.
    """
    lines = raw.splitlines(keepends=True)
    good = next((n for n, line in enumerate(lines) if not _BASE64_LINE.fullmatch(line.strip())), None)
    if good is None:
        return None
    decoded = _decoded(b"".join(line.strip() for line in lines[:good]))
    return raw if decoded is None else decoded + b"\n" + b"".join(lines[good:])


def _decoded(encoded: bytes) -> bytes | None:
    """Decode base64; None for words that only happen to be of its letters."""
    digits = encoded.rstrip(b"=")
    if not digits or len(digits) % 4 == 1:
        return None
    decoded = base64.b64decode(digits + b"=" * (-len(digits) % 4))
    if _CONTROL.search(decoded):
        return None
    try:
        decoded.decode()
    except UnicodeDecodeError:
        return decoded if len(digits) >= _SURELY_ENCODED else None
    return decoded


def unflow(text: str, *, delete_space: bool) -> str:
    """Return format=flowed text (RFC 3676) with its paragraphs on one line each; `delete_space` is DelSp=yes."""
    return "\n".join(_flowed_lines(text.splitlines(), delete_space=delete_space))


def _flowed_lines(lines: list[str], *, delete_space: bool) -> Iterator[str]:
    paragraph: list[str] = []
    depth = 0
    for line in lines:
        quotes = _QUOTES.match(line)[0]  # type: ignore[index]  # it matches the empty string, too
        content = line[len(quotes) :].removeprefix(" ")
        if paragraph and (len(quotes) != depth or content == "-- "):
            yield _quoted(paragraph, depth)
            paragraph = []
        depth = len(quotes)
        flows = content.endswith(" ") and content != "-- "
        paragraph.append(content[:-1] if flows and delete_space else content)
        if not flows:
            yield _quoted(paragraph, depth)
            paragraph = []
    if paragraph:
        yield _quoted(paragraph, depth)


def _quoted(paragraph: list[str], depth: int) -> str:
    return f"{'>' * depth}{' ' if depth else ''}{''.join(paragraph)}"


def invitation(calendar: str) -> str:
    """Return the events of an iCalendar text (RFC 5545) as lines for people: what, when, where."""
    lines = re.sub(r"\r?\n[ \t]", "", calendar).splitlines()
    told = []
    inside = False
    for line in lines:
        name, _, value = line.partition(":")
        name = name.partition(";")[0].upper()
        if name in {"BEGIN", "END"}:
            inside = name == "BEGIN" and value.strip().upper() == "VEVENT"
        elif inside and name in _EVENT_LABELS and value.strip():
            told.append(f"{_EVENT_LABELS[name]}: {_unescaped(value)}".removeprefix(": "))
    return "\n".join(told)


def _unescaped(value: str) -> str:
    """Undo RFC 5545's escapes of text."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
