"""Secrets that stand behind their name: `password=...`, `"token": "..."`, `--api-key ...`.

The names are looked for first, in one pass over the text; what stands behind each is read only there. (All of it as
one regular expression takes forty times as long.)
"""

import re
import string
from typing import Final

from pake_pipelines.redaction.names import MASK

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_NAME: Final = re.compile(
    r"passw(?:or)?ds?|passwd|passphrase|pwd|secrets?|token|credentials?|cookie|authorization|dsn|key(?:[_-]?id)?"
)
_KEYS_OF: Final = tuple(
    f"{of}{joint}"
    for of in ("api", "access", "secret", "private", "signing", "encryption", "account", "auth", "shared", "master")
    for joint in ("", "_", "-", " ")
)
_LONGEST_PREFIX: Final = max(map(len, _KEYS_OF))
_QUOTED: Final = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|\\\"(?:(?!\\\").)*(?:\\\")?|\\'(?:(?!\\').)*(?:\\')?"
# without quotes around it a value ends at a blank, a quote, or where the next one begins
_BARE: Final = r"(?:(?![;,]\w+=)[^\s\"'&<>\\]|\\(?![\"']))+"
_BEHIND: Final = re.compile(
    r"(?P<close>(?:\\?[\"'])?\]?)\s{0,3}(?:=(?![=>])|:=|=>|(?P<colon>:))\s{0,3}(?:[bru](?=[\"']))?"
    rf"(?P<value>{_QUOTED}|{_BARE})"
)
_FLAG: Final = re.compile(r"(?:^|[\s\"'])--?(?:[a-z]+-){0,3}$")
_LONGEST_FLAG: Final = 32
_ARGUMENT: Final = re.compile(rf"[\"']?,?\s+(?P<value>{_QUOTED}|{_BARE})")
# prose goes on behind a colon; no sentence has these
_NO_PROSE: Final = re.compile(r"[^A-Za-z.,;:'\"()-]")
_LINE_ENDS: Final = re.compile(r"[ \t]*(?:\r|\n|$)")
_OPENING: Final = re.compile(r"\\?[\"']")
_LONGEST_PLAIN_NUMBER: Final = 5


def hide_assigned(text: str) -> str:
    """Return `text` with every value masked that stands behind the name of a secret."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text.translate(_LOWER)
    done, parts = 0, []
    for name in _NAME.finditer(lowered):
        if name.start() < done or not _is_name(lowered, name):
            continue
        if found := _value_behind(text, lowered, name):
            value, shown = found
            parts += [text[done : value[0]], shown]
            done = value[1]
    return "".join((*parts, text[done:])) if parts else text


def _is_name(lowered: str, name: "re.Match[str]") -> bool:
    start = name.start()
    return not name[0].startswith("key") or lowered[max(0, start - _LONGEST_PREFIX) : start].endswith(_KEYS_OF)


def _value_behind(text: str, lowered: str, name: "re.Match[str]") -> tuple[tuple[int, int], str] | None:
    found = _BEHIND.match(text, name.end())
    if found is None:
        before = lowered[max(0, name.start() - _LONGEST_FLAG) : name.start()]
        argument = _ARGUMENT.match(text, name.end()) if before.endswith("-") and _FLAG.search(before) else None
        return (argument.span("value"), _masked(argument["value"])) if argument else None
    value = found["value"]
    if found["colon"] and not _OPENING.match(value):
        if found["close"]:
            # JSON has to stay JSON
            bare = re.match(r"[\w.+-]+", value)
            if bare is None or bare[0] in {"null", "true", "false", "None", "True", "False"}:
                return None
            if bare[0].isdigit() and len(bare[0]) <= _LONGEST_PLAIN_NUMBER:
                return None
            start = found.start("value")
            return (start, start + bare.end()), f'"{MASK}"'
        alone = _LINE_ENDS.match(text, found.end()) is not None
        if not _NO_PROSE.search(value) and not alone:
            return None
    return found.span("value"), _masked(value)


def _masked(value: str) -> str:
    opening = _OPENING.match(value)
    if opening is None:
        return MASK
    quote = opening[0]
    closed = len(value) > len(quote) and value.endswith(quote)
    return f"{quote}{MASK}{quote if closed else ''}"
