"""Redaction of texts, of nested data and of errors."""

import traceback
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from typing import Any, Final

from pake_pipelines.redaction import known, patterns
from pake_pipelines.redaction.names import MASK, is_secret_key

_DEEPEST: Final = 40
# no secret with its name or place around it is shorter
_SHORTEST: Final = 5
# a pair written as two entries: {"name": "password", "value": ...}, and Dagster's metadata
_NAMES: Final = ("name", "key", "label")
_VALUES: Final = frozenset({"value", "entry_data", "text"})


def redact(text: str) -> str:
    """Return `text` with every secret masked: configured values first, then whatever has the shape of one."""
    return _clean(text, known.forms())


def redact_value(value: Any) -> Any:
    """Return nested data with every secret masked: keys, values, and everything under a key that names a secret.

    Numbers, times and None stay what they are. What is none of the known types becomes its redacted text: nobody
    knows what an object would show later on. Data nested deeper than 40 levels become the mask.
    """
    return _Redaction(known.forms()).of(value, 0)


def redacted_traceback(error: BaseException) -> str:
    """Return the traceback of `error` with its causes, contexts, groups and notes, redacted."""
    return redact("".join(traceback.format_exception(error)).rstrip())


def _clean(text: str, forms: tuple[str, ...]) -> str:
    if len(text) < _SHORTEST:
        return text
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return patterns.hide(text)


class _Redaction:
    """One walk through nested data."""

    def __init__(self, forms: tuple[str, ...]) -> None:
        self._forms = forms

    def of(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            return MASK
        if isinstance(value, str):
            return _clean(str(value), self._forms)
        if value is None or isinstance(value, bool | date | time | timedelta):
            return value
        if isinstance(value, int | float):
            return MASK if self.of(text := str(value), depth) != text else value
        if isinstance(value, Mapping):
            return self._mapping(value, depth + 1)
        if isinstance(value, list | tuple | AbstractSet):
            return [self.of(one, depth + 1) for one in value]
        if isinstance(value, BaseException):
            return redacted_traceback(value)
        return _clean(_text(value), self._forms)

    def _mapping(self, given: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
        named = any(isinstance(given.get(name), str) and is_secret_key(given[name]) for name in _NAMES)
        found = {}
        for key, value in given.items():
            secret = isinstance(key, str) and (is_secret_key(key) or (named and key in _VALUES))
            clean = key if key is None or isinstance(key, int | float) else self.of(str(key), depth)
            found[clean] = self._masked(value, depth) if secret else self.of(value, depth)
        return found

    def _masked(self, value: Any, depth: int) -> Any:
        """Mask every text in `value`; keys with two underscores are serialisation's own."""
        if depth > _DEEPEST:
            return MASK
        if isinstance(value, Mapping):
            return {
                key: self.of(one, depth) if str(key).startswith("__") else self._masked(one, depth + 1)
                for key, one in value.items()
            }
        if isinstance(value, list | tuple | AbstractSet):
            return [self._masked(one, depth + 1) for one in value]
        if value is None or value == "" or isinstance(value, bool | int | float):
            return self.of(value, depth)
        return MASK


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="replace")
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # the object is a stranger's, and a log line must not fail for it
        return f"<{type(value).__name__}: {type(error).__name__} while it was shown>"
