"""Words of strangers in reports: what an item, a source or a page is called must not act on whoever reads of it.

HTML is escaped by the templates; here is what escaping leaves: marks that turn text around, and Markdown.
"""

import re
from typing import TYPE_CHECKING, Final

from pake_pipelines.redaction import redact

if TYPE_CHECKING:
    from markupsafe import Markup

LONGEST: Final = 160
"""Characters of a title or a reason that a page shows; the JSON form has all of it."""

# left-to-right and right-to-left marks, embeddings, overrides and isolates: one of them reverses what follows it
_TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# what a span of code may have, so that it ends where it should, in a table as well
_CODE: Final = re.compile(r"(?!.*//)(?!.*www)[\w .,:;/=*(){}+-]+")
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]|~$])")
# what Markdown makes a link of without being asked
_SELF_LINKING: Final = re.compile(r"(?i)(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=\w)")
_WORD_JOINER: Final = "\u2060"  # not seen, no break


def shown(value: object, most: int = LONGEST) -> str:
    """Return `value` as one line without marks that turn text around, cut to `most` characters.

    Secrets are taken out here: cut in half, or escaped as Markdown, they would not be known for what they are.
    """
    text = redact(" ".join(_UNSEEN.sub("", _TURNING.sub("", str(value))).split()))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def cell(value: object, most: int = LONGEST) -> str:
    """Return `value` for a cell of a Markdown table, where it is text and nothing else."""
    return _escaped(shown(value, most))


def spoken(value: object, most: int = LONGEST) -> str:
    """Return `value` for Markdown as `cell` does, but what stands in backticks stays code where that is harmless."""
    text = shown(value, most)
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _escaped(text)
    return "".join(_code(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def coded(value: object, most: int = LONGEST) -> "Markup":
    """Return `value` for a page as `shown` does, escaped, with what stands in backticks as code."""
    from markupsafe import Markup, escape

    text = shown(value, most)
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def _code(text: str) -> str:
    return f"`{text}`" if _CODE.fullmatch(text) else _escaped(f"`{text}`")


def _escaped(text: str) -> str:
    plain = _MARKDOWN.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;")
    return _SELF_LINKING.sub(_WORD_JOINER, plain)
