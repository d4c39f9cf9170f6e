"""UTF-8 that somebody read as Windows-1252 ("â€™" for an apostrophe), read again where that is certain."""

import re
from typing import Final

# The characters that Windows-1252 has for the bytes 0x80-0xBF; Latin-1 control characters where it has none.
_BYTES: Final = {bytes([n]).decode("cp1252", "ignore") or chr(n): n for n in range(0x80, 0x100)}
_TRAIL: Final = "".join(re.escape(character) for character, byte in _BYTES.items() if byte < 0xC0)
# A lead byte of UTF-8 with as many continuation bytes as it announces (RFC 3629)
_SEQUENCE: Final = re.compile(
    f"[\u00c2-\u00df][{_TRAIL}]|[\u00e0-\u00ef][{_TRAIL}]{{2}}|[\u00f0-\u00f4][{_TRAIL}]{{3}}"
)
_LEAD: Final = re.compile("[\u00c2-\u00f4]")
_MOST_TIMES: Final = 3


def repair_mojibake(text: str) -> str:
    """Return `text` with its UTF-8 read as UTF-8; unchanged unless every lead byte in it begins a whole sequence.

    A text in which an accented letter stands for itself anywhere is left alone: there "Ã©" may be meant. What was
    misread several times over is read again as often.
    """
    for _ in range(_MOST_TIMES):
        if b"\xc3" not in text.encode("utf-8", "surrogatepass"):  # the byte that all lead bytes begin with in UTF-8
            return text
        if not all(_SEQUENCE.match(text, lead.start()) for lead in _LEAD.finditer(text)):
            return text
        text = _SEQUENCE.sub(_read, text)
    return text


def _read(sequence: re.Match[str]) -> str:
    try:
        return bytes(_BYTES[character] for character in sequence[0]).decode()
    except UnicodeDecodeError:
        return sequence[0]
